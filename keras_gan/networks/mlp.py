"""Multilayer perceptrons for images of any resolution and for vectors."""

import math

import keras

from keras_gan.layers.core import ArgumentsAreConfig, Dropout, Maxout


@keras.saving.register_keras_serializable(package="keras_gan.mlp")
class Generator(ArgumentsAreConfig, keras.Model):
    """Generator with ReLU layers: latents to an image or a vector.

    Args:
        output_shape: Shape of an example: (height, width, channels) or
            (dimensions,). Images are in [-1, 1] by tanh; vectors are unbounded.
        latent_dim: Dimension of the latents.
        units: Width of each hidden layer.

    Call arguments:
        latents: Tensor [N, latent_dim].

    Returns:
        Tensor [N, *output_shape].
    """

    def __init__(self, output_shape, *, latent_dim, units=(256, 512)):
        latents = keras.Input((latent_dim,), name="latents")
        x = latents
        for width in units:
            x = keras.layers.Dense(width, "relu", kernel_initializer="he_normal")(x)
        x = keras.layers.Dense(math.prod(output_shape))(x)
        is_vector = len(output_shape) == 1
        x = keras.layers.Reshape(tuple(output_shape), name="images" if is_vector else None)(x)
        if not is_vector:  # Next to the dense layer TensorFlow.js would fuse it, and fail.
            x = keras.layers.Activation("tanh", name="images")(x)
        super().__init__(latents, x, name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.mlp")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """Discriminator with maxout layers and dropout: an image or a vector to one logit.

    Args:
        input_shape: Shape of an example: (height, width, channels) or
            (dimensions,).
        units: Width of each hidden layer.
        pieces: Number of affine maps in each maxout unit.
        dropout: Dropout rate after each hidden layer.

    Call arguments:
        images: Tensor [N, *input_shape].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, input_shape, *, units=(240, 240), pieces=5, dropout=0.0):
        images = keras.Input(tuple(input_shape), name="images")
        x = keras.layers.Flatten()(images)
        for width in units:
            x = Dropout(dropout)(Maxout(width, pieces)(x))
        x = keras.layers.Dense(1)(x)
        super().__init__(images, keras.layers.Reshape((), name="logits")(x), name="discriminator")
