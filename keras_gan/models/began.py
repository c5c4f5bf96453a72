"""The boundary equilibrium GAN.

Berthelot, Schumm, Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017.
"""

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments, check_choice, check_weights
from keras_gan.errors import UserError
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.players import Player, same_for_both
from keras_gan.game.ports import Images, Latents
from keras_gan.networks import began


@keras.saving.register_keras_serializable(package="keras_gan")
class BEGAN(AdversarialModel):
    """GAN whose discriminator is an autoencoder; a variable k_t balances the players.

    The reconstruction error L(v) = |v - D(v)|, averaged over the pixels of an image, replaces
    the logit. D minimises L(x) - k_t L(G(z)) and G minimises L(G(z)). After each update of D,
    k_t changes by lambda_k (gamma L(x) - L(G(z))) and is clipped to [0, 1] (section 3.4).
    Gradients of G's loss flow through the sample both as the autoencoder's input and as its
    target.

    The metric `d_convergence` is the paper's M = L(x) + |gamma L(x) - L(G(z))| (section 3.4.1).
    It falls as training converges. It does not measure diversity.

    Where this differs from the paper: both players see the same samples unless
    `reuse_fakes=False`; image sizes follow `networks.dcgan.levels`; samples come from an
    averaged generator. Not implemented: halving the learning rate when M stalls.

    Args:
        image_shape: (height, width, channels).
        num_classes: Ignored; the system is not conditional.
        latent_dim: Dimension of the latents and of the autoencoder's code.
        latent_prior: `"uniform"`, U(-1, 1), the paper's, or `"normal"`, N(0, I).
        width: Channels of the layers, the paper's n.
        gamma: Diversity ratio in (0, 1]: the target of E[L(G(z))] / E[L(x)].
        balance_rate: Step size of k_t, the paper's lambda_k.
    """

    tiny = {"latent_dim": 4, "width": 2, "balance_rate": 0.1, "gamma": 0.9}
    term_names = ("d_error_real", "d_error_fake", "d_balance", "d_convergence", "balance")

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=64,
        latent_prior="uniform",
        width=128,
        gamma=0.5,
        balance_rate=1e-3,
    ):
        del num_classes
        check_arguments(latent_dim=latent_dim, width=width)
        check_choice("latent_prior", latent_prior, randomness.PRIORS)
        check_weights(balance_rate=balance_rate)
        if not 0.0 < gamma <= 1.0:
            raise UserError(f"gamma must be in (0, 1]. Received: {gamma}.")
        super().__init__({"image": Images(tuple(image_shape))})
        self.latent_dim, self.latent_prior = latent_dim, latent_prior
        self.gamma, self.balance_rate = gamma, balance_rate
        self.generator = began.Decoder(image_shape, latent_dim=latent_dim, width=width)
        self.autoencoder = began.Autoencoder(image_shape, code_dim=latent_dim, width=width)
        self.balance = self.add_weight(
            name="balance", shape=(), initializer="zeros", trainable=False,
            aggregation="only_first_replica",
        )  # fmt: skip
        sample = Function(
            self.generator, (Latents(latent_dim, latent_prior),), Images(tuple(image_shape))
        )
        self.play(
            [
                Player("d", (self.autoencoder,), self.discriminator_loss),
                Player("g", (self.generator,), self.generator_loss),
            ],
            makers=[self.generator],
            functions={"sample": sample},
        )

    @classmethod
    def tiny_data(cls):
        return {"image_shape": (8, 8, 1)}

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 1e-4)

    def make(self, real):
        count = real["image"].shape[0]
        latents = randomness.batch_latents(self.latent_prior, count, self.latent_dim)
        return {"image": self.generator(latents, training=True)}

    def energy(self, images):
        """Returns the autoencoder's reconstruction error L(v) [N] of images."""
        images, again = (
            tf.cast(x, self.compute_dtype)
            for x in (images, self.autoencoder(images, training=True))
        )
        return tf.reduce_mean(tf.abs(images - again), [1, 2, 3])

    def discriminator_loss(self, real, made):
        of_real, of_fake = self.energy(real["image"]), self.energy(made["image"])
        return Loss(
            of_real - self.balance.value * of_fake,
            d_error_real=of_real,
            d_error_fake=of_fake,
            d_balance=self.gamma * of_real - of_fake,
            balance=self.balance.value,
        )

    def generator_loss(self, real, made):
        del real
        return Loss(self.energy(made["image"]))

    def after(self, player, means, batch_size):
        del batch_size
        if player == "d":
            balance = means["d_balance"]
            moved = self.balance.value + self.balance_rate * balance
            self.balance.assign(tf.clip_by_value(moved, 0.0, 1.0))
            self.log(d_convergence=means["d_error_real"] + tf.abs(balance))
