"""The GAN with a projection discriminator.

Miyato, Koyama: cGANs with Projection Discriminator, 2018.
"""

import keras

from keras_gan.checks import check_arguments
from keras_gan.game.players import same_for_both
from keras_gan.models._labelled import LabelledModel, check_classes
from keras_gan.networks import conditional_resnet


@keras.saving.register_keras_serializable(package="keras_gan")
class Projection(LabelledModel):
    """Conditional GAN whose discriminator projects its features on a label embedding.

    The logit is psi(h) + <v_y, h>, with features h and the embedding v_y of label y (equation
    4). The networks are residual. The discriminator has spectral norm, also of its embeddings;
    the generator has conditional batch norm. The loss is the hinge loss (section 4). The
    discriminator makes five updates in a step. Adam has learning rate 2e-4, beta1 0 and beta2
    0.9. The paper's batch size is 64.

    Where this differs from the paper: the channels of a level follow `networks.dcgan.features`;
    the learning rate is constant unless `--decay_images` is given, where the paper's falls.
    Generated images take the labels of the real examples in the batch. Samples come from an
    averaged generator.

    Args:
        image_shape: (height, width, channels), of DCGAN's sizes.
        num_classes: Number of classes, at least 2.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step.
        width: Channels of the blocks next to the image.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {"latent_dim": 4, "width": 2, "d_steps": 2}
    tiny_shape = (8, 8, 1)
    pieces = {"objective": "hinge"}
    bounded_critic = True

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=128,
        latent_prior="normal",
        d_steps=5,
        width=64,
        **pieces,
    ):
        check_classes(type(self), num_classes)
        check_arguments(latent_dim=latent_dim, width=width)
        sizes = {"num_classes": num_classes, "width": width}
        super().__init__(
            image_shape,
            num_classes=num_classes,
            generator=conditional_resnet.Generator(image_shape, latent_dim=latent_dim, **sizes),
            discriminator=conditional_resnet.Discriminator(image_shape, **sizes),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.0, beta_2=0.9)
