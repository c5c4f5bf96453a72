"""The Wasserstein GAN.

Arjovsky, Chintala, Bottou: Wasserstein GAN, 2017.
"""

import keras
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.game.long_runs import LongRuns
from keras_gan.game.players import same_for_both, trainable_variables
from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class WGAN(PlainModel):
    """A critic of clipped weights, whose loss estimates a Wasserstein distance.

    Algorithm 1: in each step the critic f widens E[f(x)] - E[f(G(z))] in
    `d_steps` updates and all its parameters are clipped to [-c, c] after each of
    them, batch norm's scale and offset too, but no statistics; then G raises
    E[f(G(z))]. The clipped critic is Lipschitz, so that `wasserstein` estimates
    the distance up to a constant (section 3). RMSprop, as momentum made the
    critic's training unstable (section 4).

    The authors' code gives the critic 100 updates in each of the first 25 steps and
    in every 500th, as `critic_warmup=100` does. Those beyond `d_steps` are made before
    the step, on examples of their own, by `train.py`; with `fit` give it
    `callbacks.DiscriminatorRuns`. They are no steps and count no images; the logged
    means are over all of D's updates. A rate that falls does so by update.

    Where the authors' code differs: it clips before each update, so that G
    learns from weights that are not clipped. Samples come from an averaged generator.

    Args:
        d_steps: Discriminator updates in a step.
        kernel_size: Side of the convolution kernels.
        clip: The paper's c.
        critic_warmup: Updates of D in the first 25 steps and in every 500th, a multiple
            of d_steps; 0 for d_steps as in the others.
        **others: Those of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "d_steps": 2}
    pieces = {"objective": "wasserstein"}
    fixed_pieces = ("objective",)
    bounded_critic = True

    def __init__(
        self, image_shape, *, d_steps=5, kernel_size=4, clip=0.01, critic_warmup=0, **others
    ):
        if not 0.0 < clip < float("inf"):
            raise UserError(f"clip must be more than 0. Received: {clip}.")
        super().__init__(image_shape, d_steps=d_steps, kernel_size=kernel_size, **others)
        fits = isinstance(critic_warmup, int) and critic_warmup % self.d_steps == 0
        if critic_warmup != 0 and not (fits and critic_warmup > self.d_steps):
            raise UserError(
                f"critic_warmup must be 0, or a multiple of d_steps={self.d_steps} that is larger. "
                f"Received: {critic_warmup!r}."
            )
        self.clip = clip
        self.critic_warmup = critic_warmup
        # A step itself makes d_steps of them.
        self.long_runs = LongRuns(calls=max(critic_warmup // self.d_steps - 1, 0))

    def default_optimizers(self):
        # The code's are Torch's, with rho 0.99, and epsilon 1e-8 beside the root that Keras' is in.
        return same_for_both(keras.optimizers.RMSprop, 5e-5, rho=0.99, epsilon=1e-16)

    def after(self, player, means, batch_size):
        del means, batch_size
        for variable in trainable_variables(self.discriminators if player == "d" else ()):
            variable.assign(tf.clip_by_value(variable.value, -self.clip, self.clip))
