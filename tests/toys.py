"""Small systems of other kinds than latents to images, for what works by functions and ports."""

import keras
import tensorflow as tf

from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.players import Player, Stage
from keras_gan.game.ports import Images, Latents, Tokens
from keras_gan.layers.core import ArgumentsAreConfig


@keras.saving.register_keras_serializable(package="keras_gan_tests")
class WholeNumbers(ArgumentsAreConfig, keras.layers.Layer):
    """Numbers in [-1, 1) as whole numbers below a count."""

    def __init__(self, count):
        super().__init__()
        self.count = count

    def call(self, inputs):
        return tf.cast((inputs + 1.0) / 2.0 * self.count, tf.int32) % self.count

    def compute_output_spec(self, inputs):
        return keras.KerasTensor(inputs.shape, "int32")


class Toy(AdversarialModel):
    """Base: every player pulls its own weights to zero."""

    def default_optimizers(self):
        return {player.name: keras.optimizers.SGD(0.1) for player in self.players}

    def player(self, name, network):
        def loss(real, made):
            del made
            count = tf.nest.flatten(real)[0].shape[0]
            squares = [tf.reduce_sum(v**2) for v in network.trainable_variables]
            return Loss(tf.fill([count], tf.add_n(squares)))

        return Player(name, (network,), loss, needs_made=False)


class Translator(Toy):
    """Turns images around: `a_to_b` makes color negatives, `b_to_a` grey images twice as large."""

    def __init__(self):
        a, b = Images((None, None, 3), key="a"), Images((None, None, 3), key="b")
        super().__init__({"a": a, "b": b})
        negative = self.network(a, keras.layers.Rescaling(-1.0))
        larger = self.network(b, keras.layers.UpSampling2D(2))
        self.negative, self.larger = negative, larger
        self.play(
            [self.player("ab", negative), self.player("ba", larger)],
            makers=(),
            functions={"a_to_b": Function(negative, (a,), b), "b_to_a": Function(larger, (b,), a)},
        )

    def network(self, port, change):
        images = keras.Input(port.shape, name=port.name)
        scale = keras.layers.Dense(3, use_bias=False, kernel_initializer="identity")
        return keras.Model(images, change(scale(images)))


class Speaker(Toy):
    """Makes a sequence of tokens from a latent of as many numbers, after a stage of two steps."""

    def __init__(self, vocabulary=("a", "b", "c"), length=4):
        tokens = Tokens(length, tuple(vocabulary))
        super().__init__({"tokens": tokens})
        latents = keras.Input((length,), name="latents")
        scaled = keras.layers.Dense(length, use_bias=False, kernel_initializer="identity")(latents)
        self.speaker = keras.Model(latents, WholeNumbers(len(vocabulary))(scaled))
        players = [self.player("g", self.speaker)]
        self.play(
            players,
            makers=(),
            functions={"sample": Function(self.speaker, (Latents(length, "uniform"),), tokens)},
            stages=(Stage("pretraining", tuple(players), 2),),
        )
