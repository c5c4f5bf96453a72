"""Toy systems whose functions are not from latents to images, never trained, to be served."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.players import Player
from keras_gan.game.ports import Images, Latents, Tokens
from keras_gan.serving.function import ServedFunction

METADATA = {"max_batch": "8", "license": "mit", "step": "3", "dataset": "none"}


class Toy(AdversarialModel):
    """Base of the toys: one player with all networks."""

    def __init__(self, spec, networks, functions):
        super().__init__(spec)
        loss = lambda real, made: Loss(tf.zeros(1))  # noqa: E731
        self.networks = networks
        self.play([Player("g", tuple(networks), loss)], makers=networks, functions=functions)

    def default_optimizers(self):
        return {"g": keras.optimizers.Adam()}


@keras.saving.register_keras_serializable(package="tests")
class Mirrored(keras.layers.Layer):
    """Pads images by two pixels of their mirror image; smaller images cannot be padded."""

    def call(self, images):
        return tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], "REFLECT")

    def compute_output_shape(self, shape):
        return (shape[0], *(side and side + 4 for side in shape[1:3]), shape[3])


class Translator(Toy):
    """Translates images of any size from one domain to the other, and back."""

    data_keys = ("a", "b")

    def __init__(self):
        a, b = Images((None, None, 3), key="a"), Images((None, None, 1), key="b")
        networks = [_translation(3, 1), _translation(1, 3)]
        functions = {
            "a_to_b": Function(networks[0], (a,), b),
            "b_to_a": Function(networks[1], (b,), a),
        }
        super().__init__({"a": a, "b": b}, networks, functions)


def _translation(channels, made):
    layers = keras.layers
    x = inputs = keras.Input((None, None, channels), name="images")
    x = layers.BatchNormalization()(layers.Conv2D(4, 5, use_bias=False)(Mirrored()(x)))
    x = layers.ReLU()(layers.Conv2D(4, 3, 2, "same")(x))
    x = layers.Conv2DTranspose(4, 4, 2, "same")(x)
    return keras.Model(inputs, layers.Conv2D(made, 1, activation="tanh")(x))


@keras.saving.register_keras_serializable(package="tests")
class Drawn(keras.layers.Layer):
    """Draws token after token: each depends on the one before and on one latent in (-1, 1)."""

    def __init__(self, tokens, **kwargs):
        super().__init__(**kwargs)
        self.tokens = tokens

    def build(self, shape):
        self.logits = self.add_weight(shape=(self.tokens, self.tokens), initializer="normal")

    def call(self, latents):
        token, drawn = tf.zeros_like(latents[:, 0], tf.int32), []
        for t in range(latents.shape[1]):
            likely = tf.math.cumsum(tf.nn.softmax(10.0 * tf.gather(self.logits, token)), axis=1)
            passed = likely[:, :-1] <= (latents[:, t : t + 1] + 1.0) / 2.0
            token = tf.reduce_sum(tf.cast(passed, tf.int32), axis=1)
            drawn.append(token)
        return tf.stack(drawn, axis=1)

    def get_config(self):
        return {**super().get_config(), "tokens": self.tokens}


class Writer(Toy):
    """Writes sequences of letters from uniform latents."""

    data_keys = ("tokens",)

    def __init__(self):
        tokens = Tokens(5, ("a", "b", "|", "d"))
        inputs = keras.Input((5,), name="latents")
        network = keras.Model(inputs, Drawn(4)(inputs))
        function = Function(network, (Latents(5, "uniform"),), tokens)
        super().__init__({"tokens": tokens}, [network], {"sample": function})


def randomized(model):
    """Gives the averaged networks other values than they start with; returns the model."""
    random = np.random.default_rng(0)
    for average in model.averages:
        for variable in average.variables:
            low = 0.5 if variable.name == "moving_variance" else -0.5
            variable.assign(random.uniform(low, low + 1.0, variable.shape))
    return model


def served(model, network=None, name=None, max_batch=16):
    """Returns a `ServedFunction` of a model, by default of its main function as it is."""
    name = name or model.main_function
    function = model.function(name)
    return ServedFunction(
        function,
        name,
        network or function.averaged,
        "served",
        max_batch,
        METADATA,
        is_main=name == model.main_function,
    )
