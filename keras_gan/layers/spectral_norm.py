"""Dense and convolutional layers whose kernels have spectral norm 1.

Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative
Adversarial Networks, 2018.
"""

import keras
import tensorflow as tf

from keras_gan.layers import convolutions

_TINY = 1e-12


def normalised(kernel, direction):
    """Divides a kernel by its spectral norm, estimated by one power iteration (algorithm 1).

    W is the kernel as a matrix (all axes but the last flattened). Then
    v = W u / |W u|, u = W^T v / |W^T v| and sigma = v^T W u. Gradients flow through
    sigma but not through u and v (equation 10).

    Args:
        kernel: Tensor [..., outputs].
        direction: The previous u, [outputs], not zero.

    Returns:
        The normalised kernel, and the new u of length 1. A kernel of zeros stays zero.
    """
    matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
    left, right = _directions(tf.stop_gradient(matrix), tf.stop_gradient(direction))
    sigma = tf.tensordot(left, tf.linalg.matvec(matrix, right), 1)
    return kernel / tf.maximum(sigma, _TINY), right


def _directions(matrix, right):
    """Returns v and u after one power iteration, both of length 1."""
    left = tf.math.l2_normalize(tf.linalg.matvec(matrix, right), epsilon=_TINY**2)
    right = tf.linalg.matvec(matrix, left, transpose_a=True)
    return left, tf.math.l2_normalize(right, epsilon=_TINY**2)


class _SpectralNorm:
    """Mixin for Keras layers with one kernel; `_linear` applies a kernel to inputs.

    Each call computes the norm after one power iteration from the stored direction
    u. In training the new u is stored; inside a `StatelessScope` the change ends with
    the scope. In inference u does not change. The kernel variable is never changed.
    """

    # The direction is assigned in replica context, which is not allowed in an inner function.
    synchronized = True

    def add_weight(self, *args, **kwargs):
        # The norm is computed in full precision, so the kernel must not be cast before.
        return super().add_weight(*args, **{**kwargs, "autocast": False})

    def build(self, input_shape):
        super().build(input_shape)
        self.direction = self.add_weight(
            name="direction",
            shape=self.kernel.shape[-1:],
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            aggregation="only_first_replica",
        )

    # Keras' dense and convolutional layers would save only kernel and bias.

    def save_own_variables(self, store):
        keras.layers.Layer.save_own_variables(self, store)

    def load_own_variables(self, store):
        keras.layers.Layer.load_own_variables(self, store)

    def call(self, inputs, training=None):
        kernel, direction = normalised(
            tf.convert_to_tensor(self.kernel), tf.convert_to_tensor(self.direction)
        )
        if training:
            self.direction.assign(direction)
        kernel = tf.cast(kernel, self.compute_dtype)
        outputs = self._linear(inputs, kernel, training)
        if self.use_bias:
            outputs += tf.cast(tf.convert_to_tensor(self.bias), self.compute_dtype)
        return outputs if self.activation is None else self.activation(outputs)


@keras.saving.register_keras_serializable(package="keras_gan")
class SpectralDense(_SpectralNorm, keras.layers.Dense):
    """Keras' layer with a kernel of spectral norm 1."""

    def _linear(self, inputs, kernel, training):
        del training
        return keras.ops.matmul(inputs, kernel)


@keras.saving.register_keras_serializable(package="keras_gan")
class SpectralConv2D(_SpectralNorm, convolutions.Conv2D):
    """The package's `Conv2D` with a kernel of spectral norm 1 as a matrix (rows * columns * C, F).

    As in the paper (section 2.1), this is not the norm of the convolution as a linear map of
    images.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.data_format != "channels_last":
            raise ValueError(
                f"data_format must be 'channels_last'. Received: {self.data_format!r}."
            )

    def _linear(self, inputs, kernel, training):
        if training and self._is_plain() and self._products_are_faster(inputs):
            return self._convolve(inputs, kernel)
        return self.convolution_op(inputs, kernel)
