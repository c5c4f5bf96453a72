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
    """Wasserstein GAN with weight clipping.

    The discriminator is a critic f (algorithm 1). In each step it makes `d_steps` updates that
    raise E[f(x)] - E[f(G(z))]. After each update all its parameters are clipped to [-c, c],
    including batch norm's scale and offset but not its statistics. Then G raises E[f(G(z))].
    The clipped critic is Lipschitz, so the metric `wasserstein` estimates the Wasserstein
    distance up to a constant (section 3). The optimizer is RMSprop, because momentum made the
    critic's training unstable (section 4).

    In the authors' code the critic makes 100 updates in each of the first 25 steps and in every
    500th step. `critic_warmup=100` does the same. The updates beyond `d_steps` come before the
    step and use examples of their own. `train.py` makes them; for `fit`, add
    `callbacks.DiscriminatorRuns`. They do not count as steps or images. Logged means include
    all updates of the critic. A learning-rate schedule counts them as updates.

    Where the authors' code differs: it clips before each update, so the generator learns from a
    critic that is not clipped. Here samples come from an averaged generator.

    Args:
        d_steps: Discriminator updates in a step.
        kernel_size: Side of the convolution kernels, in pixels.
        clip: Largest absolute value of a parameter, the paper's c.
        critic_warmup: Discriminator updates in each of the first 25 steps and in every 500th
            step: a multiple of `d_steps`. 0 for `d_steps` in all steps.
        **others: Arguments of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "d_steps": 2}
    pieces = {"objective": "wasserstein"}
    fixed_pieces = ("objective",)
    bounded_critic = True

    def __init__(
        self, image_shape, *, d_steps=5, kernel_size=4, clip=0.01, critic_warmup=0, **others
    ):
        if not 0.0 < clip < float("inf"):
            raise UserError(f"clip must be a finite number above 0. Received: {clip}.")
        super().__init__(image_shape, d_steps=d_steps, kernel_size=kernel_size, **others)
        fits = isinstance(critic_warmup, int) and critic_warmup % self.d_steps == 0
        if critic_warmup != 0 and not (fits and critic_warmup > self.d_steps):
            raise UserError(
                f"critic_warmup must be 0, or a multiple of d_steps={self.d_steps} that is larger. "
                f"Received: {critic_warmup!r}."
            )
        self.clip = clip
        self.critic_warmup = critic_warmup
        # The step itself makes `d_steps` of the updates.
        self.long_runs = LongRuns(calls=max(critic_warmup // self.d_steps - 1, 0))

    def default_optimizers(self):
        # As in the authors' code: Torch's RMSprop has rho 0.99 and adds epsilon 1e-8 outside the
        # square root. Keras adds epsilon inside.
        return same_for_both(keras.optimizers.RMSprop, 5e-5, rho=0.99, epsilon=1e-16)

    def after(self, player, means, batch_size):
        del means, batch_size
        for variable in trainable_variables(self.discriminators if player == "d" else ()):
            variable.assign(tf.clip_by_value(variable.value, -self.clip, self.clip))
