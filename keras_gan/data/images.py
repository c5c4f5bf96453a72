"""Decoding, channels, cropping and resizing of single images, as TensorFlow graphs."""

import dataclasses
import re

import tensorflow as tf

from keras_gan.errors import UserError

_LUMINANCE = (0.299, 0.587, 0.114)  # ITU-R BT.601
_BMP_PALETTE_COLORS = 256
_LARGEST_SIDE = 16384


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What happens to an image before training.

    Attributes:
        channels: 1, 3 or 4, or `None` for what the source has.
        size: (height, width), or `None` for what the source has.
        crop: Before resizing: `"center"` takes the largest part from the middle
            that has the target's shape, `"none"` takes all and stretches it, a
            pair (height, width) takes that many pixels from the middle.
    """

    channels: int | None = None
    size: tuple[int, int] | None = None
    crop: str | tuple[int, int] = "center"

    @classmethod
    def parse(cls, channels, image_size, crop):
        """Builds a `Preparation` from the texts of the flags.

        Raises:
            UserError: For a value that means nothing.
        """
        if channels not in (None, 1, 3, 4):
            raise UserError(f"--channels must be 1, 3 or 4. Received: {channels}.")
        if crop not in ("center", "none"):
            crop = _pair("crop", crop, "center, none, N or HEIGHTxWIDTH")
        size = None if image_size is None else _pair("image_size", image_size, "N or HEIGHTxWIDTH")
        return cls(channels, size, crop)

    def __call__(self, image):
        """Prepares one image.

        Args:
            image: uint8 tensor [height, width, 1 to 4]; 2 and 4 mean alpha.

        Returns:
            uint8 tensor [size height, size width, channels].
        """
        if self.crop == "center" and self.size:
            image = crop_to_shape(image, *self.size)
        elif isinstance(self.crop, tuple):
            image = center_crop(image, *self.crop)
        image = to_channels(image, self.channels)
        if self.size:
            image = resize(image, self.size)
        return tf.cast(tf.round(tf.clip_by_value(image, 0.0, 255.0)), tf.uint8)

    def keeps(self, shape):
        """Tells whether RGB images that are stored in this shape stay as they are."""
        height, width, channels = shape
        if isinstance(self.crop, tuple) and (height > self.crop[0] or width > self.crop[1]):
            return False
        return channels == self.channels == 3 and self.size in (None, (height, width))


def _pair(flag, text, expected):
    match = re.fullmatch(r"([0-9]+)(?:x([0-9]+))?", str(text))
    pair = match and (int(match[1]), int(match[2] or match[1]))
    if not pair or min(pair) < 1 or max(pair) > _LARGEST_SIDE:
        raise UserError(
            f"--{flag} must be {expected}, like 64 or 64x48, at most {_LARGEST_SIDE} a side. "
            f"Received: {text!r}."
        )
    return pair


def decode(data):
    """Decodes PNG, JPEG, BMP, WebP or the first frame of a GIF.

    Args:
        data: The file's bytes, a scalar string tensor.

    Returns:
        uint8 tensor [height, width, 1 to 4]. 16-bit samples keep their high byte.
    """
    image = decode_as_stored(data)
    is_bmp = tf.strings.substr(data, 0, 2) == b"BM"
    image = tf.cond(is_bmp, lambda: _finish_bmp(data, image), lambda: image)
    image.set_shape([None, None, None])
    return image


def decode_as_stored(data):
    """Decodes like `decode`, but leaves BMPs unfinished, unless they have 3 channels."""
    image = tf.io.decode_image(data, expand_animations=False)
    image.set_shape([None, None, None])
    return image


def _finish_bmp(data, image):
    """Does what TensorFlow's decoder leaves out of BMP.

    It returns the indices of 8-bit files, which stand for colors, and the
    fourth byte of plain 32-bit files, which is reserved and no alpha.
    """

    def number(offset, kind):
        size = kind.size
        return tf.cast(tf.io.decode_raw(tf.strings.substr(data, offset, size), kind)[0], tf.int32)

    def look_up():
        used = number(46, tf.int32)
        colors = tf.where(used == 0, _BMP_PALETTE_COLORS, used)
        raw = tf.strings.substr(data, 14 + number(14, tf.int32), 4 * colors)
        palette = tf.reshape(tf.io.decode_raw(raw, tf.uint8), [-1, 4])[:, 2::-1]
        return tf.gather(palette, tf.cast(image[..., 0], tf.int32))

    bits, compression = number(28, tf.uint16), number(30, tf.int32)
    image = tf.cond(bits == 8, look_up, lambda: image)
    reserved = tf.logical_and(bits == 32, compression == 0)
    return tf.cond(reserved, lambda: image[..., :3], lambda: image)


def to_channels(image, channels):
    """Brings an image to 1 (luminance), 3 (RGB) or 4 (RGBA) channels, as float32 0 to 255.

    Transparent pixels are laid over white unless alpha is asked for. With
    `channels=None` the image keeps its channels.
    """
    image = tf.cast(image, tf.float32)
    if channels is None:
        return image
    has_alpha = tf.shape(image)[-1] % 2 == 0
    height, width = tf.unstack(tf.shape(image)[:2])

    def over_white():
        color, alpha = image[..., :-1], image[..., -1:]
        return (color * alpha + 255.0 * (255.0 - alpha)) / 255.0

    if channels == 4:
        alpha = tf.cond(
            has_alpha, lambda: image[..., -1:], lambda: tf.fill([height, width, 1], 255.0)
        )
        color = tf.cond(has_alpha, lambda: image[..., :-1], lambda: image)
        return tf.concat([tf.broadcast_to(color, [height, width, 3]), alpha], axis=-1)
    color = tf.broadcast_to(tf.cond(has_alpha, over_white, lambda: image), [height, width, 3])
    if channels == 1:
        color = tf.reduce_sum(color * _LUMINANCE, axis=-1, keepdims=True)
    return color


def center_crop(image, height, width):
    """Returns the middle of an image; a side that is too short stays as it is."""
    present = tf.shape(image)
    height, width = tf.minimum(height, present[0]), tf.minimum(width, present[1])
    top, left = (present[0] - height) // 2, (present[1] - width) // 2
    return image[top : top + height, left : left + width]


def crop_to_shape(image, height, width):
    """Returns the largest middle part whose sides are as height : width."""
    present = tf.shape(image)
    by_width = tf.maximum(present[1] * height // width, 1)
    by_height = tf.maximum(present[0] * width // height, 1)
    return center_crop(image, by_width, by_height)


def resize(image, size):
    """Resizes bicubically, with antialiasing when shrinking."""
    image = tf.image.resize(image, size, method="bicubic", antialias=True)
    return tf.ensure_shape(image, [*size, None])
