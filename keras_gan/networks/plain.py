"""Standard networks of most systems: DCGAN's for images, perceptrons for vectors."""

import keras

from keras_gan.checks import check_arguments, check_shape
from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.networks import dcgan, mlp
from keras_gan.networks.normalization import Normalization


def players(
    image_shape,
    *,
    latent_dim,
    width,
    kernel_size,
    units,
    discriminator_width=None,
    normalization="auto",
    packing=1,
):
    """Builds the generator and the discriminator, as arguments of `LatentGAN`.

    Args:
        image_shape: (height, width, channels) for the networks of `dcgan`, or
            (dimensions,) for perceptrons.
        latent_dim: Dimension of the latents.
        width: Channels of the layers next to the image; images only.
        kernel_size: Side of the convolution kernels; images only.
        units: Widths of the hidden layers of both perceptrons; vectors only.
        discriminator_width: `width` of the discriminator; `None` for that of the
            generator.
        normalization: Normalisation of the discriminator, see `Normalization`.
            `"auto"` is `"batch"` for images and `"none"` for vectors.
        packing: Number of examples that the discriminator gets stacked in its
            channels (PacGAN).
    """
    check_shape(image_shape)
    if discriminator_width is None:
        discriminator_width = width
    check_arguments(
        latent_dim=latent_dim,
        width=width,
        kernel_size=kernel_size,
        units=units,
        discriminator_width=discriminator_width,
    )
    *sides, channels = image_shape
    seen = (*sides, packing * channels)
    if normalization == "auto":
        normalization = "batch" if sides else "none"
    if sides:
        generator = dcgan.Generator(
            image_shape, latent_dim=latent_dim, width=width, kernel_size=kernel_size
        )
        discriminator = dcgan.Discriminator(
            seen, width=discriminator_width, kernel_size=kernel_size, normalization=normalization
        )
    else:
        generator = mlp.Generator(image_shape, latent_dim=latent_dim, units=units)
        discriminator = Discriminator(seen, units=units, normalization=normalization)
    return {
        "generator": generator,
        "discriminator": discriminator,
        "latent_dim": latent_dim,
    }


@keras.saving.register_keras_serializable(package="keras_gan.plain")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """Discriminator for vectors: LeakyReLU 0.2 layers, normalised except for the first.

    Args:
        input_shape: (dimensions,).
        units: Width of each hidden layer.
        normalization: See `Normalization`.

    Call arguments:
        images: Tensor [N, dimensions].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, input_shape, *, units, normalization="none"):
        normalise = Normalization(normalization)
        vectors = keras.Input(tuple(input_shape), name="images")
        x = vectors
        for number, width in enumerate(units):
            x = normalise.dense(
                width,
                use_bias=not (number and normalise.has_offset),
                kernel_initializer="he_normal",
            )(x)
            x = keras.layers.LeakyReLU(0.2)(normalise(x) if number else x)
        x = normalise.dense(1)(x)
        super().__init__(vectors, keras.layers.Reshape((), name="logits")(x), name="discriminator")
