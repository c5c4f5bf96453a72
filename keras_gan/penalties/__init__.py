"""Penalties on the discriminator, as pure functions.

Penalties on gradients and logits return one value per example, [N]. None of them includes its
weight: the caller multiplies by lambda or gamma.
"""

from keras_gan.penalties.gradients import (
    dragan,
    gradient_penalty,
    half_squared_norm,
    input_gradients,
    r1,
    r2,
)
from keras_gan.penalties.kernels import orthogonality
from keras_gan.penalties.logits import consistency, lecam

__all__ = [
    "consistency",
    "dragan",
    "gradient_penalty",
    "half_squared_norm",
    "input_gradients",
    "lecam",
    "orthogonality",
    "r1",
    "r2",
]
