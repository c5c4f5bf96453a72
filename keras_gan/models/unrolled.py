"""The unrolled GAN.

Metz, Poole, Pfau, Sohl-Dickstein: Unrolled Generative Adversarial Networks, 2017.
"""

import keras
import tensorflow as tf

from keras_gan.distribution.replicas import sum_over_replicas
from keras_gan.errors import UserError
from keras_gan.game.loss import Loss
from keras_gan.game.players import trainable_variables
from keras_gan.models._plain import PlainModel
from keras_gan.optimizers.functional import FunctionalOptimizer


@keras.saving.register_keras_serializable(package="keras_gan")
class UnrolledGAN(PlainModel):
    """GAN whose generator learns from the discriminator as it will be K updates later.

    D's parameters after K updates on the same examples are a function of G's samples. G
    minimises V(D, G) with these parameters and differentiates through all K updates (equations
    7 to 11). D itself makes one update, which is not unrolled. K = 0 is the original GAN. As K
    goes to infinity, G would face the optimal D, against which collapsing to one mode does not
    pay (section 2.3).

    The unrolled updates use D's own optimizer with its learning rate and moments. The authors'
    demonstration differentiates through Adam in this way; the paper writes plain gradients. The
    updates use the global batch on any number of replicas, or each part with
    `accumulate_steps`. They do not scale losses, so small gradients are lost in float16.

    Where this differs from the paper: the networks are DCGAN's, or perceptrons with ReLU and
    LeakyReLU; the learning rates are DCGAN's. With an `objective` other than minimax, G uses
    the generator's loss of that objective instead of V. Real logits of a relativistic objective
    and the singular vectors of `normalization=spectral` are constants to G. Samples come from
    an averaged generator.

    Args:
        unroll_steps: The paper's K, from 0 to 100.
        **others: Arguments of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "normalization": "none", "unroll_steps": 1}
    pieces = {"objective": "minimax"}

    def __init__(self, image_shape, *, unroll_steps=5, **others):
        if unroll_steps not in range(101):
            raise UserError(
                f"unroll_steps must be a whole number from 0 to 100. Received: {unroll_steps!r}."
            )
        super().__init__(image_shape, **others)
        self.unroll_steps = unroll_steps

    def generator_loss(self, real, fake):
        with keras.StatelessScope(self._unrolled(real, fake)):
            loss = super().generator_loss(real, fake)
            if self.game.pieces.objective == "minimax":
                # E[log D(x)], a part of V, also depends on G through D's parameters.
                loss += Loss(-tf.nn.softplus(-self.discriminate(real)["logits"]))
        return loss

    def _unrolled(self, real, fake):
        """Returns pairs (variable of D, its value after K updates as a function of `fake`)."""
        learned = trainable_variables(self.discriminators)
        state = [v for network in self.discriminators for v in network.non_trainable_variables]
        values, kept = ([tf.identity(v.value) for v in x] for x in (learned, state))
        optimizer = FunctionalOptimizer(self.optimizers["d"])
        for _ in range(self.unroll_steps):
            mapping = [*zip(learned, values, strict=True), *zip(state, kept, strict=True)]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                with keras.StatelessScope(mapping) as scope:
                    loss = self.discriminator_loss(real, fake)
                share = tf.reduce_mean(loss.total) / self._replicas
            gradients = sum_over_replicas(tape.gradient(share, values))
            values = optimizer.updated(values, gradients)
            kept = [scope.get_current_value(variable) for variable in state]
        return [*zip(learned, values, strict=True), *zip(state, kept, strict=True)]
