"""The form of images in a file: the order of their axes, and values or bytes."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gan.checks import check_choice
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.serving.endpoints import to_bytes
from keras_gan.serving.function import LEVEL, from_bytes
from keras_gan.serving.options import IMAGES, LAYOUTS

_SIDES = ("height", "width")


class Form(NamedTuple):
    """How a file holds images; what is no image is held as it is.

    Attributes:
        nchw: Whether channels come before height and width.
        as_bytes: Whether values are uint8, not float32 in [-1, 1].
    """

    nchw: bool = False
    as_bytes: bool = False

    @classmethod
    def of(cls, functions, layout, images):
        """Returns the form that was asked for.

        Args:
            functions: `game.functions.Function`s.
            layout: One of `options.LAYOUTS`.
            images: One of `options.IMAGES`.

        Raises:
            UserError: If there is no such form, or no function takes or returns images.
        """
        check_choice("onnx_layout", layout, LAYOUTS)
        check_choice("onnx_images", images, IMAGES)
        form = cls(layout == "nchw", images == "uint8")
        ports = [port for f in functions for port in (*f.inputs, f.output)]
        if any(form) and not any(port.are_images for port in ports):
            outputs = ", ".join(f"{f.output.name} {f.output.shape}" for f in functions)
            raise UserError(
                "--onnx_layout and --onnx_images are for images. Received: functions that return "
                f"{outputs}. Leave both flags out."
            )
        return form

    def spec(self, port):
        """Returns the `tf.TensorSpec` of a port in the file."""
        if not port.are_images:
            return port.spec
        height, width, channels = port.shape
        shape = (channels, height, width) if self.nchw else port.shape
        return tf.TensorSpec((None, *shape), tf.uint8 if self.as_bytes else port.dtype, port.name)

    def axes(self, port):
        """Returns names of the file's axes of any size, by their number."""
        if not port.are_images:
            return {0: "batch"}
        sides = {axis + 1 + self.nchw: _SIDES[axis] for axis in (0, 1) if port.shape[axis] is None}
        return {0: "batch", **sides}

    def read(self, port, rows):
        """Returns a tensor of the file as the port has it, in the graph."""
        if not port.are_images:
            return rows
        rows = tf.cast(rows, tf.float32) * LEVEL - 1.0 if self.as_bytes else rows
        return tf.transpose(rows, (0, 2, 3, 1)) if self.nchw else rows

    def write(self, port, rows):
        """Returns a tensor of a port as the file has it, in the graph."""
        if not port.are_images:
            return rows
        rows = to_bytes(rows) if self.as_bytes else rows
        return tf.transpose(rows, (0, 3, 1, 2)) if self.nchw else rows

    def fed(self, port, rows):
        """Returns an array of a port as the file takes it."""
        if not port.are_images:
            return rows
        rows = pictures.to_bytes(rows) if self.as_bytes else rows
        return np.moveaxis(rows, -1, 1) if self.nchw else rows

    def received(self, port, rows):
        """Returns an array that the file gave as the port has it."""
        if not port.are_images:
            return rows
        rows = np.moveaxis(rows, 1, -1) if self.nchw else rows
        return from_bytes(rows) if self.as_bytes else rows

    def level(self, port):
        """Returns the distance between the grey levels that the file gives; 0 for any values."""
        return LEVEL if self.as_bytes and port.are_images else 0.0

    def words(self, port):
        """Returns what the file's tensor holds, for metadata and model cards."""
        return "[0, 255]" if self.as_bytes and port.are_images else port.words
