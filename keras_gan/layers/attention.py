"""Self-attention over the positions of an image.

Zhang, Goodfellow, Metaxas, Odena: Self-Attention Generative Adversarial
Networks, 2018 (SAGAN).
"""

import functools

import keras
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.layers.convolutions import Conv2D
from keras_gan.layers.spectral_norm import SpectralConv2D


@keras.saving.register_keras_serializable(package="keras_gan")
class SelfAttention(keras.layers.Layer):
    """Self-attention with a residual connection: x + gamma * attention(x), section 3.

    1x1 convolutions without bias compute queries and keys of C/8 channels and values
    of C/2 channels. Keys and values are max-pooled by 2, as in the authors' code; an
    odd last row or column is dropped. A last 1x1 convolution returns to C channels.
    gamma starts at 0, so the layer starts as the identity.

    Args:
        spectral_norm: Whether to apply spectral norm to the convolutions, as the paper
            does in generator and discriminator.
        kernel_initializer: Initializer of the convolutions.

    Call arguments:
        inputs: Tensor [N, height, width, C], C a multiple of 8.

    Returns:
        Tensor of the same shape.
    """

    def __init__(self, spectral_norm=False, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels % 8:
            raise UserError(
                "Self-attention divides the channels by 8: expected a multiple of 8. Received: "
                f"{channels}. Change the width of the network."
            )
        kind = SpectralConv2D if self.spectral_norm else Conv2D
        sizes = {"queries": channels // 8, "keys": channels // 8, "values": channels // 2}
        for name, count in (*sizes.items(), ("output_convolution", channels)):
            # An initializer repeats its numbers when called again; a clone draws new ones.
            initializer = self.kernel_initializer.clone()
            convolution = kind(
                count,
                1,
                use_bias=False,
                kernel_initializer=initializer,
                dtype=self.dtype_policy,
                name=name,
            )
            convolution.build(
                (*input_shape[:-1], sizes["values"])
                if name == "output_convolution"
                else input_shape
            )
            setattr(self, name, convolution)
        self.gamma = self.add_weight(name="gamma", shape=(), initializer="zeros")

    def call(self, inputs, training=None):
        height, width, channels = inputs.shape[1:]
        queries, keys, values = (
            convolution(inputs, training=training)
            for convolution in (self.queries, self.keys, self.values)
        )
        keys, values = (_pooled(x) if min(height, width) > 1 else x for x in (keys, values))
        flat = lambda x: tf.reshape(x, [-1, x.shape[1] * x.shape[2], x.shape[3]])  # noqa: E731
        scores = tf.matmul(flat(queries), flat(keys), transpose_b=True)
        attended = tf.matmul(tf.nn.softmax(scores), flat(values))
        attended = tf.reshape(attended, [-1, height, width, channels // 2])
        return inputs + self.gamma * self.output_convolution(attended, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        own = {"spectral_norm": self.spectral_norm, "kernel_initializer": initializer}
        return {**super().get_config(), **own}


def _pooled(x):
    """Returns the maxima of 2x2 pixels. XLA lacks a second derivative of max pooling."""
    rows, columns = x.shape[1] // 2 * 2, x.shape[2] // 2 * 2
    corners = [x[:, i:rows:2, j:columns:2] for i in (0, 1) for j in (0, 1)]
    return functools.reduce(tf.maximum, corners)
