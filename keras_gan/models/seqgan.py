"""The sequence GAN.

Yu, Zhang, Wang, Yu: SeqGAN: Sequence Generative Adversarial Nets with Policy Gradient, 2017.
"""

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import global_mean
from keras_gan.errors import UserError
from keras_gan.game.contest import Contest
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.pieces import Pieces
from keras_gan.game.players import Player, Stage
from keras_gan.game.ports import Latents, Tokens
from keras_gan.networks import recurrent


@keras.saving.register_keras_serializable(package="keras_gan")
class SeqGAN(AdversarialModel):
    """GAN for sequences of tokens, trained with policy gradients.

    The generator is a policy that writes one token after another. The discriminator judges
    whole sequences. Training has three stages (algorithm 1): the policy learns by maximum
    likelihood; the discriminator learns to tell the policy's sequences from real ones; then
    both play.

    The reward r_t of token t is the discriminator's probability of "real", averaged over
    `rollouts` continuations of the sequence by the policy. The last token needs no
    continuation. The policy minimises -sum_t (r_t - b_t) log p(y_t), averaged over the batch.
    The baseline b_t is the mean reward of token t in the batch.

    Where this differs from the authors' code: it has no baseline, without which our policy does
    a random walk; its continuations come from a lagging copy of the policy, ours from the
    policy itself; its Adam has the rate 1e-2 in both stages, ours 1e-3 by likelihood and 1e-4 in
    the game, which otherwise loses what was learnt. Not implemented: sequences of
    different lengths, and the discriminator's highway layer. Maximum likelihood alone is hard to
    beat, so compare the results with the end of the first stage.

    Args:
        length: Number of tokens in a sequence.
        vocabulary: Text of each token, in order of the token numbers.
        units: Units of the policy's LSTM.
        filters: Channels of each convolution in the discriminator.
        embedding_dim: Dimension of the token embeddings of both players.
        dropout: Dropout rate of the discriminator's features.
        likelihood_steps: Steps of the first stage, 0 or more.
        discriminator_steps: Steps of the second stage, 0 or more.
        rollouts: Number of continuations for each token.
        d_steps: Discriminator updates in a step of the third stage.
    """

    data_keys = ("tokens",)
    tiny = {
        "units": 3, "filters": 2, "embedding_dim": 2, "likelihood_steps": 2,
        "discriminator_steps": 1, "rollouts": 2,
    }  # fmt: skip
    term_names = ("g_reward",)

    def __init__(
        self,
        length,
        vocabulary,
        *,
        units=32,
        filters=32,
        embedding_dim=32,
        dropout=0.25,
        likelihood_steps=1000,
        discriminator_steps=200,
        rollouts=16,
        d_steps=1,
    ):
        check_arguments(rollouts=rollouts, d_steps=d_steps)
        for name, steps in (
            ("likelihood", likelihood_steps),
            ("discriminator", discriminator_steps),
        ):
            if steps < 0:
                raise UserError(f"{name}_steps must be 0 or more. Received: {steps}.")
        tokens = Tokens(length, tuple(vocabulary))
        super().__init__({"tokens": tokens})
        self.rollouts, number = rollouts, len(tokens.vocabulary)
        self.game = Contest(Pieces())
        sizes = {"embedding_dim": embedding_dim}
        self.policy = recurrent.Policy(length, number, units=units, **sizes)
        self.judge = recurrent.Judge(length, number, filters=filters, dropout=dropout, **sizes)
        game = [
            Player("d", (self.judge,), self.discriminator_loss, d_steps),
            Player("g", (self.policy,), self.policy_loss),
        ]
        likelihood = Player("ml", (self.policy,), self.likelihood_loss, needs_made=False)
        stages = [
            Stage("likelihood", (likelihood,), likelihood_steps),
            Stage("discriminator", (game[0],), discriminator_steps),
        ]
        self.play(
            game,
            makers=[self.policy],
            functions={"sample": Function(self.policy, (Latents(length, "uniform"),), tokens)},
            contests=[self.game],
            shared=[self.policy],
            stages=[stage for stage in stages if stage.steps],
        )

    @classmethod
    def tiny_data(cls):
        return {"length": 4, "vocabulary": ("a", "b", "c")}

    @classmethod
    def data_arguments(cls, source):
        return {"length": source.shapes["tokens"][0], "vocabulary": source.vocabulary}

    def default_optimizers(self):
        adam = keras.optimizers.Adam
        return {"ml": adam(1e-3), "g": adam(1e-4), "d": adam(1e-3)}

    def make(self, real):
        return {"tokens": self.policy.write(randomness.batch_uniform(real["tokens"].shape))}

    def discriminate(self, examples):
        """Returns the discriminator's logits [N] of sequences, in a dict as `Contest` needs."""
        logits = self.judge(examples["tokens"], training=True)
        return {"logits": tf.cast(logits, keras.config.floatx())}

    def likelihood_loss(self, real, made):
        del made
        return Loss(-tf.reduce_sum(self.policy.log_likelihood(real["tokens"]), axis=1))

    def discriminator_loss(self, real, made):
        return self.game.discriminator_loss(self.discriminate, real, made, 0)[0]

    def policy_loss(self, real, made):
        del real
        tokens = made["tokens"]
        rewards = tf.stop_gradient(self.rewards(tokens))
        baseline = global_mean(tf.reduce_mean(rewards, axis=0))
        gain = (rewards - baseline) * self.policy.log_likelihood(tokens)
        return Loss(-tf.reduce_sum(gain, axis=1), g_reward=tf.reduce_mean(rewards, axis=1))

    def rewards(self, tokens):
        """Returns the reward of each token, float [N, length] in [0, 1]; see the class."""
        count, length = tokens.shape
        prefix = tf.tile(tf.range(1, length + 1), [count])  # Each beginning of each sequence.
        known = tf.repeat(tokens, length, axis=0)
        found = 0.0
        for _ in range(self.rollouts):
            draws = tf.reshape(randomness.batch_uniform([count, length * length]), [-1, length])
            written = self.policy.write(draws, known, prefix)
            found += tf.sigmoid(self.discriminate({"tokens": written})["logits"])
        return tf.reshape(found / self.rollouts, [count, length])
