"""BigGAN.

Brock, Donahue, Simonyan: Large Scale GAN Training for High Fidelity Natural Image Synthesis, 2019.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments, check_weights
from keras_gan.models._labelled import LabelledModel, check_classes
from keras_gan.networks import conditional_resnet
from keras_gan.penalties import orthogonality


@keras.saving.register_keras_serializable(package="keras_gan")
class BigGAN(LabelledModel):
    """Conditional GAN with wide residual networks, self-attention and hinge loss (section 3).

    The latents are split into parts, one for the input and one for each block. Conditional
    batch norm in a block takes its part and an embedding of the label that all blocks share.
    The discriminator projects the label (Miyato, Koyama 2018). Both players have spectral norm
    and orthogonal initialisation. The generator's kernels, except the embedding, get the
    orthogonal regularisation of equation 3 with weight 1e-4, which is 2e-4 in the authors' code
    (see `penalties.orthogonality`). The discriminator makes two
    updates in a step. Adam has learning rates 5e-5 for G and 2e-4 for D, beta1 0 and beta2
    0.999.

    The paper averages the generator's weights with decay 0.9999, a half-life of 6,931 updates.
    To match it, set `ema_images` to 6,931 times the batch size. `sample(truncation=...)` is the
    truncation trick (section 3.1). Use `standing_statistics` to sample with batch-norm
    statistics as in the paper (appendix A).

    Where this differs from the paper: the blocks are those of table 4 (BigGAN, not
    BigGAN-deep), but the channels of a level follow `networks.dcgan.features`, at most 8 times
    the first; the discriminator's last block and its sum over pixels are SNGAN's; the depth
    follows the image size, which may be any of DCGAN's. Generated images take the labels of the
    real examples in the batch.

    Args:
        image_shape: (height, width, channels), of DCGAN's sizes.
        num_classes: Number of classes, at least 2.
        latent_dim: Dimension of the latents, at least the number of their parts.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        embedding_dim: Dimension of the shared label embedding.
        d_steps: Discriminator updates in a step.
        width: Channels of the blocks next to the image. A multiple of 8 if these blocks have
            self-attention.
        attention_level: n applies self-attention to features of 2^-n times the image's sides. 0
            for none.
        orthogonal_weight: Weight of the orthogonal regularisation. 0 for none.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {"latent_dim": 6, "embedding_dim": 3, "width": 8, "d_steps": 1}
    tiny_shape = (8, 8, 1)
    term_names = ("g_orthogonality",)
    pieces = {"objective": "hinge"}
    bounded_critic = True

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=120,
        latent_prior="normal",
        embedding_dim=128,
        d_steps=2,
        width=96,
        attention_level=1,
        orthogonal_weight=1e-4,
        **pieces,
    ):
        check_classes(type(self), num_classes)
        check_arguments(latent_dim=latent_dim, embedding_dim=embedding_dim, width=width)
        check_weights(orthogonal_weight=orthogonal_weight)
        sizes = {
            "num_classes": num_classes,
            "width": width,
            "spectral_norm": True,
            "attention_level": attention_level,
            "initializer": "orthogonal",
        }
        super().__init__(
            image_shape,
            num_classes=num_classes,
            generator=conditional_resnet.Generator(
                image_shape, latent_dim=latent_dim, embedding_dim=embedding_dim, **sizes
            ),
            discriminator=conditional_resnet.Discriminator(image_shape, **sizes),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )
        self.orthogonal_weight = orthogonal_weight

    def default_optimizers(self):
        return {
            "g": keras.optimizers.Adam(5e-5, beta_1=0.0, beta_2=0.999),
            "d": keras.optimizers.Adam(2e-4, beta_1=0.0, beta_2=0.999),
        }

    def generator_terms(self, fake, answer):
        if not self.orthogonal_weight:
            return {"g_orthogonality": tf.zeros_like(answer["logits"])}
        embedding = self.generator.get_layer(conditional_resnet.EMBEDDING).kernel
        kernels = [
            tf.convert_to_tensor(variable)
            for variable in self.generator.trainable_variables
            if len(variable.shape) > 1 and variable is not embedding
        ]
        total = self.orthogonal_weight * tf.add_n([orthogonality(kernel) for kernel in kernels])
        none = tf.zeros_like(answer["logits"])
        return {"g_orthogonality": tf.cast(total, none.dtype) + none}
