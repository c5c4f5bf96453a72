"""DCGAN's networks with latent codes: the generator takes codes, the network Q predicts them.

Chen et al. 2016 (InfoGAN).
"""

import keras

from keras_gan.layers.core import ArgumentsAreConfig, OneHot
from keras_gan.networks import dcgan
from keras_gan.networks.normalization import Normalization, batch_norm

_Q_UNITS = 128


def category_name(number):
    """Returns the name of a categorical code."""
    return f"category_{number}"


@keras.saving.register_keras_serializable(package="keras_gan.infogan")
class Generator(ArgumentsAreConfig, keras.Model):
    """DCGAN's generator with latents and codes, concatenated, as input.

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        categories: Number of values of each categorical code.
        codes: Number of continuous codes.
        width: See `dcgan.Generator`.
        kernel_size: See `dcgan.Generator`.

    Call arguments:
        latents: Tensor [N, latent_dim].
        category_0: Integer tensor [N], and so on for each categorical code.
        codes: Tensor [N, codes], if there are any.

    Returns:
        Tensor [N, *image_shape].
    """

    def __init__(self, image_shape, *, latent_dim, categories, codes, width, kernel_size):
        inputs = {"latents": keras.Input((latent_dim,), name="latents")}
        parts = [inputs["latents"]]
        for number, count in enumerate(categories):
            name = category_name(number)
            inputs[name] = keras.Input((), dtype="int64", name=name)
            parts.append(OneHot(count)(inputs[name]))
        if codes:
            inputs["codes"] = keras.Input((codes,), name="codes")
            parts.append(inputs["codes"])
        x = keras.layers.Concatenate()(parts) if parts[1:] else parts[0]
        image = dcgan.image_from(x, image_shape, width=width, kernel_size=kernel_size)
        super().__init__(inputs, image, name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.infogan")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """DCGAN's discriminator with Q: an image to one logit and to predictions of its codes.

    Q shares all features and adds a hidden dense layer.

    Args:
        image_shape: (height, width, channels) of the images.
        categories: See `Generator`.
        codes: See `Generator`.
        width: See `dcgan.Discriminator`.
        kernel_size: See `dcgan.Discriminator`.
        normalization: See `normalization.Normalization`.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        A dict: `logits` [N]; logits [N, values] of each categorical code as `category_0`
        and so on; and `codes`, the predicted means [N, codes], if there are any.
    """

    def __init__(
        self, image_shape, *, categories, codes, width, kernel_size, normalization="batch"
    ):
        normalise = Normalization(normalization)
        images = keras.Input(tuple(image_shape), name="images")
        x = dcgan.features_of(images, width=width, kernel_size=kernel_size, normalise=normalise)
        logits = normalise.dense(1, kernel_initializer=dcgan.weights())(x)
        answers = {"logits": keras.layers.Reshape((), name="logits")(logits)}
        x = keras.layers.Dense(_Q_UNITS, use_bias=False, kernel_initializer=dcgan.weights())(x)
        x = keras.layers.LeakyReLU(0.2)(batch_norm(x))
        sizes = {category_name(number): count for number, count in enumerate(categories)}
        for name, size in {**sizes, **({"codes": codes} if codes else {})}.items():
            read_out = keras.layers.Dense(size, kernel_initializer=dcgan.weights(), name=name)
            answers[name] = read_out(x)
        super().__init__(images, answers, name="discriminator")
