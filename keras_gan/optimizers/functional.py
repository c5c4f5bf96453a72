"""An optimizer's updates as functions that can be differentiated.

Keras' optimizers write to variables, through which nothing can be differentiated.
"""

import keras
import tensorflow as tf

from keras_gan.errors import UserError

_EXTRAS = ("weight_decay", "clipnorm", "clipvalue", "global_clipnorm")


class FunctionalOptimizer:
    """What the next updates of an optimizer would do, from where it is now.

    The learning rate stays what it is now.

    Args:
        optimizer: A built Adam, or an SGD without momentum, of Keras.

    Raises:
        UserError: For another optimizer.
    """

    def __init__(self, optimizer):
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = optimizer.inner_optimizer
        kind = type(optimizer)
        self._is_adam = kind is keras.optimizers.Adam and not optimizer.amsgrad
        is_plain = kind is keras.optimizers.SGD and not optimizer.momentum
        extras = [name for name in _EXTRAS if getattr(optimizer, name)]
        if not (self._is_adam or is_plain) or extras:
            # Its whole configuration cannot be read while a step is traced.
            received = " with ".join([kind.__name__, *extras])
            raise UserError(
                "Unrolled updates are differentiated, for which the discriminator's optimizer must "
                "be Adam without amsgrad or SGD without momentum, without weight decay and "
                f"clipping. Received: {received}."
            )
        self._optimizer = optimizer
        self._done = 0
        if self._is_adam:
            self._momentums = [tf.identity(slot.value) for slot in optimizer._momentums]
            self._velocities = [tf.identity(slot.value) for slot in optimizer._velocities]

    def updated(self, values, gradients):
        """Returns the variables' values after one more update.

        Args:
            values: Tensors, one for each variable, in the optimizer's order.
            gradients: Tensors, over all replicas; `None` where there is none.
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
        """Kingma and Ba 2015, with Keras' epsilon ("epsilon hat")."""
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
    """Returns the square root, whose gradient at zero is zero and not infinite."""
    positive = x > 0.0
    return tf.where(positive, tf.sqrt(tf.where(positive, x, tf.ones_like(x))), tf.zeros_like(x))
