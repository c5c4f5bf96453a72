"""Toy systems of linear networks, for the tests of the base."""

import keras
import tensorflow as tf

from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.ports import Images
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.runs import checkpoints
from keras_gan.runs.checkpoints import Checkpoints
from tests.conftest import examples, same, values

RATE = 0.1
IMAGES = Images((2,))
BATCH = examples(4, (2,))
X = BATCH["image"].numpy()


class Toy(AdversarialModel):
    """A system of given networks and players, by plain gradient descent.

    Args:
        networks: Dict of networks.
        players: `Player`s.
        make: Function from a dict of real examples to one of made ones, or `None`.
        **parts: See `AdversarialModel.play`.
    """

    def __init__(self, networks, players, make=None, **parts):
        super().__init__({"image": IMAGES})
        self.networks, self.made = networks, make
        self.play(players, **{"makers": (), "functions": {}, **parts})

    def default_optimizers(self):
        return {player.name: keras.optimizers.SGD(RATE) for player in self.players}

    def make(self, real):
        return self.made(real) if self.made else {}


def toy(*given, **parts):
    model = Toy(*given, **parts)
    model.compile()
    return model


def dense(units=2, inputs=2, norm=False):
    """A linear network, with batch norm after it if asked."""
    x = keras.Input((inputs,))
    y = keras.layers.Dense(units, use_bias=False)(x)
    if norm:
        y = BatchNormalization(momentum=0.5, epsilon=1e-3)(y)
    return keras.Model(x, y)


def distance(one, other):
    return tf.reduce_sum((one - other) ** 2, axis=1)


def towards(network, goal):
    """A loss: the squared distance of a network's answer from `goal` times the example."""
    return lambda real, made: Loss(distance(network(real["image"]), goal * real["image"]))


def data(batches):
    return tf.data.Dataset.from_tensor_slices(examples(4 * batches, (2,))).batch(4, True)


def counts(model):
    return {name: int(optimizer.iterations) for name, optimizer in model.optimizers.items()}


def assert_resumes(build, batches, cut, directory):
    """Asserts that a run which goes on from a checkpoint ends in the bytes of the uncut one."""
    whole, begun, going_on = build(), build(), build()
    whole.fit(batches, verbose=0, shuffle=False)
    begun.fit(batches.take(cut), verbose=0, shuffle=False)
    store = Checkpoints(str(directory))
    store.save(begun, cut)
    store.restore(going_on)
    assert int(going_on.step) == cut
    going_on.fit(batches.skip(cut), verbose=0, shuffle=False)
    parts = checkpoints.state(whole), checkpoints.state(going_on)
    assert {"model", "means"} < set(parts[0]) and parts[0].keys() == parts[1].keys()
    for name in set(parts[0]) - {"means"}:  # Keras begins these anew in each `fit`.
        one, other = (values(part[name]) for part in parts)
        assert one and same(one, other), name
