"""Small layers, a mixin for `get_config`, and a context manager for dtype policies."""

import contextlib
import functools
import inspect

import keras
import tensorflow as tf

from keras_gan import randomness


@contextlib.contextmanager
def dtype_policy(name):
    """Sets Keras' dtype policy, such as `"mixed_bfloat16"`, for layers built inside the block."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


class ArgumentsAreConfig:
    """Mixin for Keras classes whose `get_config` returns the constructor's arguments.

    A class that takes only plain arguments (numbers, strings, tuples of them) then
    needs no `get_config` of its own.
    """

    def __new__(cls, *args, **kwargs):
        instance = super().__new__(cls, *args, **kwargs)
        signature = inspect.signature(cls)
        try:
            bound = signature.bind_partial(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{cls.__name__} {error}") from None
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        for name, parameter in signature.parameters.items():
            if parameter.kind == inspect.Parameter.VAR_KEYWORD:
                arguments |= arguments.pop(name)
        # Bypass Keras' attribute tracking, which is set up only in __init__.
        object.__setattr__(instance, "_arguments", arguments)
        return instance

    def get_config(self):
        return dict(self._arguments)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="keras_gan")
class OneHot(ArgumentsAreConfig, keras.layers.Layer):
    """Encodes integers [N] as one-hot vectors [N, count].

    Args:
        count: Number of classes; the integers are in [0, count).
    """

    def __init__(self, count):
        super().__init__()
        self.count = count

    def call(self, inputs):
        # A gather raises an error for integers out of range, on a CPU; `tf.one_hot` returns zeros.
        # Engines that read SavedModels have no operation for `tf.eye`.
        rows = tf.one_hot(tf.range(self.count), self.count, dtype=self.compute_dtype)
        return tf.gather(rows, inputs)

    def compute_output_spec(self, inputs):
        return keras.KerasTensor((*inputs.shape, self.count), self.compute_dtype)


@keras.saving.register_keras_serializable(package="keras_gan")
class Maxout(keras.layers.Layer):
    """Maxout layer: each unit is the maximum of `pieces` affine maps (Goodfellow et al. 2013).

    Args:
        units: Number of outputs.
        pieces: Number of affine maps per output.
        kernel_initializer: Initializer of the kernel.

    Call arguments:
        inputs: Tensor of shape [N, D].

    Returns:
        Tensor of shape [N, units].
    """

    def __init__(self, units, pieces=5, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.pieces = pieces
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.dense = keras.layers.Dense(
            units * pieces, kernel_initializer=self.kernel_initializer, dtype=self.dtype_policy
        )

    def build(self, input_shape):
        self.dense.build(input_shape)
        self.built = True

    def call(self, inputs):
        # A maximum along an axis is many times slower, mostly in its gradient.
        return functools.reduce(
            keras.ops.maximum, keras.ops.split(self.dense(inputs), self.pieces, axis=-1)
        )

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {
            **super().get_config(),
            "units": self.units,
            "pieces": self.pieces,
            "kernel_initializer": initializer,
        }


@keras.saving.register_keras_serializable(package="keras_gan")
class Dropout(keras.layers.Layer):
    """Dropout whose masks depend on the seed, the step and the index in the global batch.

    So a run is the same on any number of replicas and after resuming. Keras' layer
    draws the same mask on every replica and cannot be resumed.

    Args:
        rate: Share of the inputs to drop in training, in [0, 1). The others are scaled
            by 1 / (1 - rate).
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate

    def call(self, inputs, training=False):
        if not training or self.rate == 0.0:
            return inputs
        kept = randomness.layer_uniform(inputs) >= self.rate
        return tf.where(kept, inputs / (1.0 - self.rate), tf.zeros_like(inputs))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}
