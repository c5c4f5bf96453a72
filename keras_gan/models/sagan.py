"""The self-attention GAN.

Zhang, Goodfellow, Metaxas, Odena: Self-Attention Generative Adversarial Networks, 2018.
"""

import keras

from keras_gan.checks import check_arguments
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import resnet


@keras.saving.register_keras_serializable(package="keras_gan")
class SAGAN(LatentGAN):
    """GAN with residual networks, self-attention and hinge loss (section 3, equation 4).

    Both players have spectral norm. The learning rates differ, 1e-4 for the generator and 4e-4
    for the discriminator, so one discriminator update in a step is enough (section 4). Adam has
    beta1 0 and beta2 0.9. The paper's batch size is 256. `image_shape=(128, 128, 3)`,
    `width=64` and `attention_level=2` are close to the paper's networks, which have
    self-attention at 32x32.

    Where this differs from the paper: it is not conditional, so the generator has plain batch
    norm and the discriminator no class projection; the channels of a level follow
    `networks.dcgan.features`, at most 8 times the first, where the paper's reach 16 times; the
    discriminator's last block and its sum over pixels are SNGAN's (Miyato et al. 2018).

    Args:
        image_shape: (height, width, channels), of DCGAN's sizes.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        width: Channels of the blocks next to the image. A multiple of 8 if these blocks have
            self-attention.
        attention_level: n applies self-attention to features of 2^-n times the image's sides. 0
            for none.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {"latent_dim": 4, "width": 8, "attention_level": 1}
    tiny_shape = (8, 8, 1)
    pieces = {"objective": "hinge"}
    fixed_pieces = ("objective",)

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=128,
        latent_prior="normal",
        d_steps=1,
        width=64,
        attention_level=1,
        **pieces,
    ):
        del num_classes
        check_arguments(latent_dim=latent_dim, width=width)
        given = {"width": width, "spectral_norm": True, "attention_level": attention_level}
        super().__init__(
            image_shape,
            generator=resnet.Generator(image_shape, latent_dim=latent_dim, **given),
            discriminator=resnet.Discriminator(image_shape, **given),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )

    def default_optimizers(self):
        return {
            "g": keras.optimizers.Adam(1e-4, beta_1=0.0, beta_2=0.9),
            "d": keras.optimizers.Adam(4e-4, beta_1=0.0, beta_2=0.9),
        }
