"""The original generative adversarial network.

Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio:
Generative Adversarial Nets, 2014.
"""

import keras

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import mlp


@keras.saving.register_keras_serializable(package="keras_gan")
class GAN(LatentGAN):
    """The original GAN with multilayer perceptrons.

    G minimises and D maximises V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))]; by default G has the
    paper's non-saturating loss. As in the paper's experiments, one discriminator update (k = 1)
    alternates with one generator update. The generator has ReLU layers, the discriminator maxout
    layers with dropout.

    Where this differs from the paper: Adam (learning rate 2e-4, beta1 0.5) replaces SGD with
    momentum; images are in [-1, 1] from tanh, where the paper has a sigmoid; only hidden layers
    of the discriminator have dropout; the latent prior is N(0, I) unless
    `latent_prior="uniform"`; layers are narrower; samples come from an averaged generator.

    Args:
        image_shape: (height, width, channels), or (dimensions,) for vectors.
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step, the paper's k.
        generator_units: Widths of the generator's hidden layers.
        discriminator_units: Widths of the discriminator's hidden layers.
        maxout_pieces: Number of affine maps in each maxout unit.
        dropout: Dropout rate of the discriminator's hidden units, in [0, 1). It keeps the
            discriminator from memorising a small dataset.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {"latent_dim": 4, "generator_units": (8,), "discriminator_units": (6,)}

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        d_steps=1,
        generator_units=(256, 512),
        discriminator_units=(240, 240),
        maxout_pieces=5,
        dropout=0.5,
        **pieces,
    ):
        del num_classes
        check_arguments(
            latent_dim=latent_dim,
            generator_units=generator_units,
            discriminator_units=discriminator_units,
            maxout_pieces=maxout_pieces,
        )
        if not 0.0 <= dropout < 1.0:
            raise UserError(f"dropout must be in [0, 1). Received: {dropout}.")
        super().__init__(
            image_shape,
            generator=mlp.Generator(image_shape, latent_dim=latent_dim, units=generator_units),
            discriminator=mlp.Discriminator(
                image_shape,
                units=discriminator_units,
                pieces=maxout_pieces,
                dropout=dropout,
            ),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )
