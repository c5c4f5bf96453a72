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
    """The hinge game between wide residual networks with self-attention (section 3).

    G: conditional batch norm by a part of the latents for each block and an embedding of the
    label that all of them share; D: a projection of the label (Miyato, Koyama 2018). Spectral
    norm in both players, orthogonal kernels at the start, and for G's the orthogonal
    regularisation of equation 3 but for the embedding, 1e-4 as there. Two updates of D in a
    step, Adam 5e-5 and 2e-4 with beta 0 and 0.999. The average of G's weights has a half-life
    of 6,931 updates there (decay 0.9999): `ema_images` is that times the batch.

    `sample(truncation=...)` is the truncation trick (section 3.1), and `standing_statistics`
    are those with which the paper samples (appendix A).

    Where this differs from the paper: the blocks are those of table 4 (BigGAN, not
    BigGAN-deep), but a level has the channels of `networks.dcgan.features`, at most 8 times
    the first, D's last block and its sum are SNGAN's, and the depth follows the image's size,
    which may be any of DCGAN's. A sample has the label of a real example of the batch.

    Args:
        image_shape: (height, width, channels), of DCGAN's sizes.
        num_classes: Number of classes, at least 2.
        latent_dim: Dimension of the latents, at least one for each part.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        embedding_dim: Dimension of the shared embedding.
        d_steps: Discriminator updates in a step.
        width: Channels of the blocks next to the image, a multiple of 8 where they are
            attended to.
        attention_level: Self-attention where the features have 2^-level of the image's sides;
            0 for none.
        orthogonal_weight: Weight of the orthogonal regularisation, 0 for none.
        **pieces: See `pieces.Pieces`.
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
        check_arguments(
            latent_dim=latent_dim, embedding_dim=embedding_dim, d_steps=d_steps, width=width
        )
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
