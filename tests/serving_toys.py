"""Functions of networks that were never trained, to be served."""

import keras

from keras_gan.game.functions import Function
from keras_gan.game.ports import Images
from keras_gan.serving.function import ServedFunction

METADATA = {"max_batch": "8", "license": "mit"}


def served(model, network=None, name=None, max_batch=16):
    """Returns a `ServedFunction` of a model, by default of its main function as it is."""
    name = name or model.main_function
    return serve(model.function(name), name, network, max_batch, name == model.main_function)


def serve(function, name="sample", network=None, max_batch=16, is_main=True):
    """Returns a function as a `ServedFunction`."""
    network = network or function.averaged
    return ServedFunction(function, name, network, "served", max_batch, METADATA, is_main)


def translation():
    """Returns a function of one layer from images of any size to images of another one."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((None, None, 3), name="images")
    network = keras.Model(inputs, keras.layers.Conv2D(2, 3, 2, activation="tanh")(inputs))
    ports = Images((None, None, 3), "a"), Images((None, None, 2), "b")
    return Function(network, ports[:1], ports[1], network)
