"""Class-conditional residual networks: projection discriminator and BigGAN.

Miyato, Koyama: cGANs with Projection Discriminator, 2018; Brock, Donahue, Simonyan: Large Scale
GAN Training for High Fidelity Natural Image Synthesis, 2019.
"""

import keras

from keras_gan.errors import UserError
from keras_gan.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_gan.layers.core import ArgumentsAreConfig, OneHot
from keras_gan.networks.dcgan import levels
from keras_gan.networks.resnet import Blocks, features_of, image_from

EMBEDDING = "embedding"  # Name of the embedding layer that all blocks share.


@keras.saving.register_keras_serializable(package="keras_gan.conditional_resnet")
class Generator(ArgumentsAreConfig, keras.Model):
    """Class-conditional generator: `resnet.Generator` with conditional batch norm.

    With `embedding_dim` 0 each class has its own scales and offsets, as in Miyato, Koyama 2018.
    Otherwise scales and offsets are linear in the label's embedding, which all blocks share, and
    in a chunk of the latents, one for each block (BigGAN's hierarchical latents).

    Args:
        image_shape: (height, width, channels) of the images; values in [-1, 1].
        latent_dim: Dimension of the latents.
        num_classes: Number of classes.
        width: See `resnet.Generator`.
        embedding_dim: Dimension of the shared embedding, or 0.
        spectral_norm: Whether to apply spectral norm to the kernels.
        attention_level: See `resnet.Generator`.
        initializer: Initializer of the kernels.

    Call arguments:
        latents: Tensor [N, latent_dim].
        labels: Integer tensor [N].

    Returns:
        Tensor [N, *image_shape].

    Raises:
        UserError: If `latent_dim` is too small to give each block a chunk.
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
    """Splits latents into `count` chunks of equal size; the first one also gets the remainder.

    Raises:
        UserError: If there are fewer latents than chunks.
    """
    size = latents.shape[-1] // count
    if not size:
        raise UserError(
            f"Hierarchical latents are split into {count} parts for these images, so latent_dim "
            f"must be at least {count}. Received: {latents.shape[-1]}."
        )
    first = latents.shape[-1] - size * (count - 1)
    ends = [first + size * number for number in range(count)]
    return keras.ops.split(latents, ends[:-1], axis=1)


@keras.saving.register_keras_serializable(package="keras_gan.conditional_resnet")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """Projection discriminator: the logit is psi(h) + <v, h>, with v the label's embedding.

    h are the features of `resnet.Discriminator`; psi is linear (Miyato, Koyama 2018,
    equation 4).

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: Number of classes.
        width: See `resnet.Discriminator`.
        spectral_norm: Whether to apply spectral norm to kernels and embeddings.
        attention_level: See `resnet.Discriminator`.
        initializer: Initializer of the kernels.

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
