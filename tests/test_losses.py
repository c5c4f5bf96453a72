"""Cross-entropy losses compared with numpy."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import losses
from keras_gan.errors import UserError

REAL = np.array([-3.0, -0.5, 0.0, 2.0])
FAKE = np.array([1.5, 0.0, -2.0, -0.1])


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_discriminator_cross_entropy(smoothing):
    target = 1.0 - smoothing
    expected = (
        -target * np.log(sigmoid(REAL))
        - smoothing * np.log(1.0 - sigmoid(REAL))
        - np.log(1.0 - sigmoid(FAKE))
    )
    received = losses.discriminator_cross_entropy(tf.constant(REAL), tf.constant(FAKE), smoothing)
    np.testing.assert_allclose(received, expected, rtol=1e-12)


def test_generator_losses():
    fake = tf.constant(FAKE)
    np.testing.assert_allclose(losses.generator_minimax(fake), np.log(1 - sigmoid(FAKE)))
    np.testing.assert_allclose(losses.generator_non_saturating(fake), -np.log(sigmoid(FAKE)))


def test_minimax_gradient_vanishes_if_the_discriminator_is_certain():
    logit = tf.constant([-20.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(logit)
        minimax = losses.generator_minimax(logit)
        non_saturating = losses.generator_non_saturating(logit)
    assert abs(tape.gradient(minimax, logit)[0]) < 1e-8
    assert float(tape.gradient(non_saturating, logit)[0]) == pytest.approx(-1.0)


def test_losses_stay_finite_at_large_logits():
    large = tf.constant([-1e4, 1e4])
    for values in (
        losses.discriminator_cross_entropy(large, large),
        losses.generator_minimax(large),
        losses.generator_non_saturating(large),
    ):
        assert np.isfinite(values).all()


def test_equilibrium_has_value_minus_log_four_and_accuracy_half():
    watched = losses.cross_entropy_monitors(tf.zeros(5), tf.zeros(5))
    np.testing.assert_allclose(watched["value"], -math.log(4.0), rtol=1e-6)
    np.testing.assert_allclose(watched["jensen_shannon"], 0.0, atol=1e-7)
    np.testing.assert_array_equal(watched["d_accuracy_real"], 0.5)
    np.testing.assert_array_equal(watched["d_accuracy_fake"], 0.5)


def test_accuracy_of_real_and_generated():
    np.testing.assert_array_equal(losses.accuracy(tf.constant(REAL), True), [0, 0, 0.5, 1])
    np.testing.assert_array_equal(losses.accuracy(tf.constant(FAKE), False), [0, 0.5, 1, 1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"generator_loss": "wasserstein"},
            "must be one of non_saturating, minimax",
        ),
        ({"label_smoothing": 1.0}, r"label_smoothing must be in \[0, 1\). Received: 1.0."),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(UserError, match=message):
        losses.cross_entropy_game(**arguments)
