"""Conditional batch norm: scale and offset depend on a condition, such as a class.

Dumoulin, Shlens, Kudlur: A Learned Representation for Artistic Style, 2017; de Vries et al.:
Modulating early visual processing by language, 2017.
"""

import keras

from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.spectral_norm import SpectralDense


@keras.saving.register_keras_serializable(package="keras_gan")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch norm with scale and offset from a condition c: (1 + W_s c) * norm(x) + W_o c.

    If c is a one-hot vector, each row of W_s and W_o belongs to one class.

    Args:
        spectral_norm: Whether to apply spectral norm to both matrices.
        kernel_initializer: Initializer of both matrices. With zeros the layer starts as
            plain batch norm.
        momentum: See `keras.layers.BatchNormalization`.
        epsilon: See `keras.layers.BatchNormalization`.

    Call arguments:
        inputs: Tensor [N, height, width, C].
        condition: Tensor [N, D].

    Returns:
        Tensor of the inputs' shape.
    """

    def __init__(
        self, spectral_norm=False, kernel_initializer="zeros", momentum=0.9, epsilon=1e-5, **kwargs
    ):
        super().__init__(**kwargs)
        self.spectral_norm = spectral_norm
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.norm = BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            dtype=self.dtype_policy,
            name="norm",
        )

    def build(self, inputs_shape, condition_shape):
        kind = SpectralDense if self.spectral_norm else keras.layers.Dense
        self.norm.build(inputs_shape)
        for name in ("scale", "offset"):
            # An initializer repeats its numbers when called again; a clone draws new ones.
            linear = kind(
                inputs_shape[-1],
                use_bias=False,
                kernel_initializer=self.kernel_initializer.clone(),
                dtype=self.dtype_policy,
                name=name,
            )
            linear.build(condition_shape)
            setattr(self, name, linear)

    def call(self, inputs, condition, training=None):
        scale, offset = (
            linear(condition, training=training)[:, None, None, :]
            for linear in (self.scale, self.offset)
        )
        return self.norm(inputs, training=training) * (1.0 + scale) + offset

    def compute_output_shape(self, inputs_shape, condition_shape):
        del condition_shape
        return inputs_shape

    def get_config(self):
        return {
            **super().get_config(),
            "spectral_norm": self.spectral_norm,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "momentum": self.norm.momentum,
            "epsilon": self.norm.epsilon,
        }
