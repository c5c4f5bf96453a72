"""Losses of the two players as pure functions: logits to per-example losses.

All take logits of shape [N] (no sigmoid) and return float tensors of shape [N].
D(x) below is sigmoid(logit); softplus(a) = log(1 + exp(a)).
"""

import dataclasses
import functools
import math
from collections.abc import Callable

import tensorflow as tf

from keras_gan.checks import check_choice
from keras_gan.errors import UserError


def discriminator_cross_entropy(real_logits, fake_logits, label_smoothing=0.0):
    """-log D(x) - log(1 - D(G(z))), Goodfellow et al. 2014, equation 1.

    Args:
        real_logits: Logits of real examples, [N].
        fake_logits: Logits of generated examples, [N].
        label_smoothing: One-sided smoothing (Salimans et al. 2016, section
            3.4): the target of real examples is 1 - label_smoothing, that of
            generated ones stays 0.
    """
    real = tf.nn.softplus(-real_logits) + label_smoothing * real_logits
    return real + tf.nn.softplus(fake_logits)


def generator_minimax(fake_logits):
    """log(1 - D(G(z))), equation 1; it saturates when D rejects G's samples."""
    return -tf.nn.softplus(fake_logits)


def generator_non_saturating(fake_logits):
    """-log D(G(z)): cross-entropy against "real" labels, Goodfellow et al. 2014, section 3."""
    return tf.nn.softplus(-fake_logits)


def value_function(real_logits, fake_logits):
    """log D(x) + log(1 - D(G(z))): its mean is V(D, G), -log 4 at the equilibrium."""
    return -tf.nn.softplus(-real_logits) - tf.nn.softplus(fake_logits)


def accuracy(logits, real):
    """1 where D answers rightly (logit > 0 for real), 0 where wrongly, 1/2 at a tie."""
    sign = tf.sign(logits)
    return 0.5 + 0.5 * (sign if real else -sign)


def cross_entropy_monitors(real_logits, fake_logits):
    """What to watch of the cross-entropy game, per example.

    `jensen_shannon` is (V + log 4) / 2, which for the optimal D is the
    Jensen-Shannon divergence between data and samples (Goodfellow et al. 2014,
    theorem 1). For any other D it is a lower bound and can be negative.
    """
    value = value_function(real_logits, fake_logits)
    return {
        "d_accuracy_real": accuracy(real_logits, real=True),
        "d_accuracy_fake": accuracy(fake_logits, real=False),
        "d_logits_real": real_logits,
        "d_logits_fake": fake_logits,
        "value": value,
        "jensen_shannon": (value + math.log(4.0)) / 2.0,
    }


@dataclasses.dataclass(frozen=True)
class Objective:
    """The losses of both players and what to watch, as functions of logits.

    Attributes:
        discriminator: (real_logits, fake_logits) -> losses [N] of D.
        generator: fake_logits -> losses [N] of G.
        monitors: (real_logits, fake_logits) -> named values [N], logged as means.
    """

    discriminator: Callable
    generator: Callable
    monitors: Callable = cross_entropy_monitors


_GENERATOR_LOSSES = {
    "non_saturating": generator_non_saturating,
    "minimax": generator_minimax,
}


def cross_entropy_game(generator_loss="non_saturating", label_smoothing=0.0):
    """Returns the `Objective` of the original GAN.

    Args:
        generator_loss: `"non_saturating"` or `"minimax"`.
        label_smoothing: See `discriminator_cross_entropy`; in [0, 1).

    Raises:
        UserError: For other values.
    """
    check_choice("generator_loss", generator_loss, _GENERATOR_LOSSES)
    if not 0.0 <= label_smoothing < 1.0:
        raise UserError(f"label_smoothing must be in [0, 1). Received: {label_smoothing}.")
    return Objective(
        functools.partial(discriminator_cross_entropy, label_smoothing=label_smoothing),
        _GENERATOR_LOSSES[generator_loss],
    )
