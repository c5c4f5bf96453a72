"""DCGAN's networks for labelled images, with labels as input (CGAN) or as output (ACGAN)."""

import keras

from keras_gan.layers.core import ArgumentsAreConfig, OneHot
from keras_gan.networks import dcgan
from keras_gan.networks.normalization import Normalization


def embedded(labels, num_classes, dimension):
    """Returns the labels' embeddings [N, dimension], initialised to a length of about 1.

    If they were as long as the latents (the square root of the dimension), they would dominate:
    the generator would first learn a single image per class.
    """
    return _embedding(labels, num_classes, dimension, dimension**-0.5)


def _embedding(labels, num_classes, dimension, deviation):
    # keras.layers.Embedding would accept the label -1 as the last class.
    initializer = keras.initializers.RandomNormal(stddev=deviation)
    dense = keras.layers.Dense(
        dimension, use_bias=False, kernel_initializer=initializer, name="embedding"
    )
    return dense(OneHot(num_classes)(labels))


@keras.saving.register_keras_serializable(package="keras_gan.labelled")
class Generator(ArgumentsAreConfig, keras.Model):
    """Class-conditional DCGAN generator; the label's embedding is concatenated to the latents.

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        num_classes: Number of classes.
        embedding_dim: Dimension of an embedding.
        width: See `dcgan.Generator`.
        kernel_size: See `dcgan.Generator`.

    Call arguments:
        latents: Tensor [N, latent_dim].
        labels: Integer tensor [N].

    Returns:
        Tensor [N, *image_shape].
    """

    def __init__(self, image_shape, *, latent_dim, num_classes, embedding_dim, width, kernel_size):
        latents = keras.Input((latent_dim,), name="latents")
        labels = keras.Input((), dtype="int64", name="labels")
        x = keras.layers.Concatenate()([latents, embedded(labels, num_classes, embedding_dim)])
        image = dcgan.image_from(x, image_shape, width=width, kernel_size=kernel_size)
        super().__init__({"latents": latents, "labels": labels}, image, name="generator")


@keras.saving.register_keras_serializable(package="keras_gan.labelled")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """Class-conditional DCGAN discriminator; the label's embedding is added to the first features.

    Except at the borders, this equals extra image channels that are constant over all pixels.

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: Number of classes.
        width: See `dcgan.Discriminator`.
        kernel_size: See `dcgan.Discriminator`.
        normalization: See `normalization.Normalization`.

    Call arguments:
        images: Tensor [N, *image_shape].
        labels: Integer tensor [N].

    Returns:
        Logits, tensor [N].
    """

    def __init__(self, image_shape, *, num_classes, width, kernel_size, normalization="batch"):
        normalise = Normalization(normalization)
        images = keras.Input(tuple(image_shape), name="images")
        labels = keras.Input((), dtype="int64", name="labels")
        # The deviation of 0.1 is about that of the first features of images.
        shift = _embedding(labels, num_classes, width, 0.1)
        x = dcgan.features_of(
            images, width=width, kernel_size=kernel_size, normalise=normalise, shift=shift
        )
        x = normalise.dense(1, kernel_initializer=dcgan.weights())(x)
        logits = keras.layers.Reshape((), name="logits")(x)
        super().__init__({"images": images, "labels": labels}, logits, name="discriminator")


@keras.saving.register_keras_serializable(package="keras_gan.labelled")
class Classifier(ArgumentsAreConfig, keras.Model):
    """DCGAN discriminator that also classifies: a real/fake logit and class logits.

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: Number of classes.
        width: See `dcgan.Discriminator`.
        kernel_size: See `dcgan.Discriminator`.
        normalization: See `normalization.Normalization`.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        A dict of `logits` [N] and the class logits `classes` [N, num_classes].
    """

    def __init__(self, image_shape, *, num_classes, width, kernel_size, normalization="batch"):
        normalise = Normalization(normalization)
        images = keras.Input(tuple(image_shape), name="images")
        x = dcgan.features_of(images, width=width, kernel_size=kernel_size, normalise=normalise)
        answers = {}
        for name, count in (("logits", 1), ("classes", num_classes)):
            read_out = normalise.dense(count, kernel_initializer=dcgan.weights())(x)
            shape = () if name == "logits" else (count,)
            answers[name] = keras.layers.Reshape(shape, name=name)(read_out)
        super().__init__(images, answers, name="discriminator")
