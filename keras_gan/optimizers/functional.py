"""Optimizer updates as differentiable functions, for unrolled GANs.

Keras' optimizers assign to variables, and no gradient flows through an assignment.
"""

import keras
import tensorflow as tf

from keras_gan.errors import UserError

_EXTRAS = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")


class FunctionalOptimizer:
    """Computes the next updates of a Keras optimizer without applying them.

    It starts from the optimizer's current state. The learning rate stays constant.

    Args:
        optimizer: A built `keras.optimizers.Adam`, or `SGD` without momentum.

    Raises:
        UserError: If it is another optimizer, or has weight decay or clipping.
    """

    def __init__(self, optimizer):
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = optimizer.inner_optimizer
        kind = type(optimizer)
        self._is_adam = kind is keras.optimizers.Adam and not optimizer.amsgrad
        is_plain = kind is keras.optimizers.SGD and not optimizer.momentum
        extras = [name for name in _EXTRAS if getattr(optimizer, name)]
        if not (self._is_adam or is_plain) or extras:
            # `get_config` of an optimizer fails while a step is being traced.
            received = " with ".join([kind.__name__, *extras])
            raise UserError(
                "Unrolled updates need a discriminator optimizer that can be differentiated: Adam "
                "without amsgrad or SGD without momentum, both without weight decay and clipping. "
                f"Received: {received}."
            )
        self._optimizer = optimizer
        self._done = 0
        if self._is_adam:
            self._momentums = [tf.identity(slot.value) for slot in optimizer._momentums]
            self._velocities = [tf.identity(slot.value) for slot in optimizer._velocities]

    def updated(self, values, gradients):
        """Returns the values of the variables after one more update.

        Args:
            values: Tensors, one for each variable, in the optimizer's order.
            gradients: Tensors summed over replicas, or `None` for a variable without gradient.
        """
        self._done += 1
        update = self._adam if self._is_adam else self._sgd
        return [
            value if gradient is None else update(number, value, gradient)
            for number, (value, gradient) in enumerate(zip(values, gradients, strict=True))
        ]

    def _sgd(self, number, value, gradient):
        del number
        return value - tf.cast(self._optimizer.learning_rate, value.dtype) * gradient

    def _adam(self, number, value, gradient):
        """Adam of Kingma and Ba 2015, with epsilon as in Keras ("epsilon hat" of the paper)."""
        optimizer = self._optimizer
        number_of_update = tf.cast(optimizer.iterations, value.dtype) + self._done
        momentum = self._momentums[number]
        momentum += (gradient - momentum) * (1.0 - optimizer.beta_1)
        velocity = self._velocities[number]
        velocity += (gradient**2 - velocity) * (1.0 - optimizer.beta_2)
        self._momentums[number], self._velocities[number] = momentum, velocity
        beta_1, beta_2 = (tf.cast(x, value.dtype) for x in (optimizer.beta_1, optimizer.beta_2))
        rate = tf.cast(optimizer.learning_rate, value.dtype)
        rate *= tf.sqrt(1.0 - beta_2**number_of_update) / (1.0 - beta_1**number_of_update)
        return value - rate * momentum / (_root(velocity) + optimizer.epsilon)


def _root(x):
    """Returns the square root, with a gradient of zero instead of infinity at zero."""
    positive = x > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, x, tf.ones_like(x))), tf.zeros_like(x))
