"""Losses of the discriminator and the generator, as pure functions of logits.

All take logits of shape [N] (before any sigmoid) and return one loss per example: float tensors
of shape [N].
"""

from keras_gan.losses.classes import class_cross_entropy
from keras_gan.losses.cross_entropy import (
    cross_entropy_monitors,
    discriminator_cross_entropy,
    generator_minimax,
    generator_non_saturating,
    value_function,
)
from keras_gan.losses.differences import (
    discriminator_relativistic,
    discriminator_relativistic_average,
    discriminator_wasserstein,
    generator_relativistic,
    generator_relativistic_average,
    generator_wasserstein,
)
from keras_gan.losses.margins import (
    discriminator_hinge,
    discriminator_least_squares,
    generator_hinge,
    generator_least_squares,
    least_squares_monitors,
)
from keras_gan.losses.monitors import (
    accuracy,
    difference_monitors,
    threshold_monitors,
    wasserstein_monitors,
)
from keras_gan.losses.objectives import OBJECTIVES, Objective, cross_entropy_game, objective
from keras_gan.losses.top_k import top_k, top_k_weights

__all__ = [
    "OBJECTIVES",
    "Objective",
    "accuracy",
    "class_cross_entropy",
    "cross_entropy_game",
    "cross_entropy_monitors",
    "difference_monitors",
    "discriminator_cross_entropy",
    "discriminator_hinge",
    "discriminator_least_squares",
    "discriminator_relativistic",
    "discriminator_relativistic_average",
    "discriminator_wasserstein",
    "generator_hinge",
    "generator_least_squares",
    "generator_minimax",
    "generator_non_saturating",
    "generator_relativistic",
    "generator_relativistic_average",
    "generator_wasserstein",
    "least_squares_monitors",
    "objective",
    "threshold_monitors",
    "top_k",
    "top_k_weights",
    "value_function",
    "wasserstein_monitors",
]
