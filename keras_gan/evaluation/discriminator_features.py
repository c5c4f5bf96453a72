"""Extracts the convolutional features of a discriminator."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan.errors import UserError

_BATCH = 100


def discriminator_features(discriminator, images, side=4):
    """Returns all convolutional features, max-pooled to a small grid and flattened.

    Radford, Metz, Chintala 2015, section 5.1: the maps that leave each convolution (after its
    batch norm and activation), each max-pooled to 4x4 cells. Batch norm uses its moving statistics.

    Args:
        discriminator: A functional `keras.Model` of images.
        images: Array [N, H, W, C] in [-1, 1].
        side: Cells on a side; maps that are smaller stay as they are.

    Returns:
        float32 array [N, D].

    Raises:
        UserError: If there are no convolutions, or it takes something else than
            images of this shape, as packs of them.
    """
    if len(discriminator.inputs) > 1:
        names = ", ".join(tensor.name for tensor in discriminator.inputs)
        raise UserError(
            f"The discriminator takes more than images. Received: inputs {names}. Use a system "
            "whose discriminator sees images alone, such as dcgan or acgan."
        )
    taken = tuple(discriminator.inputs[0].shape[1:])
    if taken != tuple(images.shape[1:]):
        raise UserError(
            f"The discriminator takes examples of shape {taken}, not single images. Received: "
            f"images of {tuple(images.shape[1:])}. Use a system whose discriminator judges one "
            "image at a time, such as dcgan."
        )
    maps = _maps(discriminator)
    if not maps:
        raise UserError(
            "The discriminator has no convolutional features: expected a convolutional system such "
            f"as dcgan. Received: {discriminator.name} of {len(discriminator.layers)} layers "
            "without convolutions."
        )
    outputs = [keras.layers.Flatten()(_pooled(x, side)) for x in maps]
    flat = keras.layers.Concatenate()(outputs) if len(outputs) > 1 else outputs[0]
    extractor = tf.function(keras.Model(discriminator.inputs[0], flat), reduce_retracing=True)
    parts = [
        np.asarray(extractor(images[start : start + _BATCH], training=False), np.float32)
        for start in range(0, len(images), _BATCH)
    ]
    return np.concatenate(parts)


def _maps(discriminator):
    """Returns the maps that enter a layer after a convolution has made them."""
    convolution = keras.layers.Conv2D
    made, maps = set(), []
    for layer in discriminator.layers:
        for node in layer._inbound_nodes:
            from_convolution = any(id(tensor) in made for tensor in node.input_tensors)
            if isinstance(layer, convolution) or (from_convolution and _is_map(node.outputs[0])):
                made.update(id(tensor) for tensor in node.outputs)
            if isinstance(layer, convolution | keras.layers.Flatten):
                maps += [tensor for tensor in node.input_tensors if id(tensor) in made]
    return list({id(tensor): tensor for tensor in maps}.values())


def _is_map(tensor):
    return len(tensor.shape) == 4


def _pooled(x, side):
    """Max-pools to `side` cells a side, of sizes as equal as they can be."""
    for axis in (1, 2):
        size = x.shape[axis]
        if size <= side:
            continue
        ends = [round(size * i / side) for i in range(side + 1)]
        cells = [
            keras.ops.max(keras.ops.take(x, np.arange(a, b), axis=axis), axis=axis, keepdims=True)
            for a, b in zip(ends[:-1], ends[1:], strict=True)
        ]
        x = keras.ops.concatenate(cells, axis=axis)
    return x
