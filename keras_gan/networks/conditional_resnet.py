"""Residual networks for images of classes: those of the projection discriminator and of BigGAN.

Miyato, Koyama: cGANs with Projection Discriminator, 2018; Brock, Donahue, Simonyan: Large Scale
GAN Training for High Fidelity Natural Image Synthesis, 2019.
"""

import keras

from keras_gan.errors import UserError
from keras_gan.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_gan.layers.core import ArgumentsAreConfig, OneHot
from keras_gan.networks.dcgan import levels
from keras_gan.networks.resnet import Blocks, features_of, image_from

EMBEDDING = "embedding"  # Name of the layer that the blocks share.


@keras.saving.register_keras_serializable(package="keras_gan.conditional_resnet")
class Generator(ArgumentsAreConfig, keras.Model):
    """Latents and labels to an image: `resnet.Generator` with conditional batch norm.

    With `embedding_dim` 0 each class has scales and offsets of its own, as in the paper on
    projection. Else they are linear in an embedding that all blocks share and in a part of
    the latents that each block has for itself: BigGAN's hierarchical latents.

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        num_classes: Number of classes.
        width: As of `resnet.Generator`.
        embedding_dim: Dimension of the shared embedding, or 0.
        spectral_norm: Whether kernels are normalised.
        attention_level: As of `resnet.Generator`.
        initializer: Of the kernels.

    Call arguments:
        latents: Tensor [N, latent_dim].
        labels: Integer tensor [N].

    Returns:
        Tensor [N, *image_shape].

    Raises:
        UserError: If there are fewer latents than parts.
    """

    def __init__(
        self,
        image_shape,
        *,
        latent_dim,
        num_classes,
        width,
        embedding_dim=0,
        spectral_norm=False,
        attention_level=0,
        initializer="glorot_uniform",
    ):
        blocks = Blocks(spectral_norm, initializer)
        latents = keras.Input((latent_dim,), name="latents")
        labels = keras.Input((), dtype="int64", name="labels")
        one_hot = OneHot(num_classes)(labels)
        count = levels(image_shape, "A residual network")
        if embedding_dim:
            first, *others = parts_of(latents, count + 1)
            embedded = keras.layers.Dense(
                embedding_dim, use_bias=False, kernel_initializer=initializer, name=EMBEDDING
            )(one_hot)
            conditions = [keras.layers.Concatenate()([part, embedded]) for part in others]
        else:
            first, conditions = latents, [one_hot] * count

        def normalised(number):
            return lambda x: ConditionalBatchNormalization(
                spectral_norm and embedding_dim > 0, initializer if embedding_dim else "zeros"
            )(x, conditions[number])

        image = image_from(
            first,
            image_shape,
            blocks,
            width=width,
            attention_level=attention_level,
            normalised=normalised,
        )
        super().__init__({"latents": latents, "labels": labels}, image, name="generator")


def parts_of(latents, count):
    """Returns latents in parts of one size; the first takes what is left over.

    Raises:
        UserError: If there are too few.
    """
    size = latents.shape[-1] // count
    if not size:
        raise UserError(
            f"Hierarchical latents have {count} parts for these images, so that latent_dim must "
            f"be at least {count}. Received: {latents.shape[-1]}."
        )
    first = latents.shape[-1] - size * (count - 1)
    ends = [first + size * number for number in range(count)]
    return keras.ops.split(latents, ends[:-1], axis=1)


@keras.saving.register_keras_serializable(package="keras_gan.conditional_resnet")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """An image and its label to one logit: psi(h) + <v, h>, v being the label's embedding.

    h are the features of `resnet.Discriminator`, psi is linear (equation 4 of the paper on
    projection).

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: Number of classes.
        width: As of `resnet.Discriminator`.
        spectral_norm: Whether kernels, and the embeddings, are normalised.
        attention_level: As of `resnet.Discriminator`.
        initializer: Of the kernels.

    Call arguments:
        images: Tensor [N, *image_shape].
        labels: Integer tensor [N].

    Returns:
        Logits, tensor [N].
    """

    def __init__(
        self,
        image_shape,
        *,
        num_classes,
        width,
        spectral_norm=True,
        attention_level=0,
        initializer="glorot_uniform",
    ):
        blocks = Blocks(spectral_norm, initializer)
        images = keras.Input(tuple(image_shape), name="images")
        labels = keras.Input((), dtype="int64", name="labels")
        x = features_of(images, blocks, width=width, attention_level=attention_level)
        embedded = blocks.dense(OneHot(num_classes)(labels), x.shape[-1], use_bias=False)
        projected = keras.ops.sum(embedded * x, axis=1, keepdims=True)
        logits = keras.layers.Reshape((), name="logits")(blocks.dense(x, 1) + projected)
        super().__init__({"images": images, "labels": labels}, logits, name="discriminator")
