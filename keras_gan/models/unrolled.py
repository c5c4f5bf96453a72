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
    """G foresees how D will answer: it learns from D after K more updates.

    Equations 7 to 11: D's parameters after K updates on the same examples are a
    function of G's samples, and G descends V(D, G) with them, through all K updates.
    D itself takes one update, which is not unrolled. With K = 0 it is the
    original game; with K to infinity G would meet the best D, for which a collapse
    onto one mode does not pay (section 2.3).

    The updates are those of D's own optimizer, with its rates and running
    moments, as the authors' demonstration differentiates through Adam; the paper
    writes plain gradients. They are of the global batch, on any number of
    replicas; with `accumulate_steps` of each part. Losses are not scaled within them, so that
    in float16 small gradients are lost there.

    Where this differs from the paper: the networks are DCGAN's or perceptrons of
    ReLU and LeakyReLU; the learning rates are DCGAN's. For an `objective` other
    than minimax G has that one's own loss instead of V, such as the
    non-saturating one; real logits in a relativistic one are constants to G, and so
    are the singular vectors of `normalization=spectral`.
    Samples come from an averaged generator.

    Args:
        unroll_steps: The paper's K, 0 or more.
        **others: Those of `PlainModel`.
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
                # E[log D(x)] is a part of V that depends on G as well, through D's parameters.
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
