"""Least-squares, hinge, Wasserstein and relativistic losses and top-k compared with numpy."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import losses
from keras_gan.errors import UserError
from tests.replicas import assert_same_on_two_replicas

REAL = np.array([-3.0, -0.5, 0.0, 2.0])
FAKE = np.array([1.5, 0.0, -2.0, -0.1])


def softplus(x):
    return np.log1p(np.exp(x))


EXPECTED = {
    "minimax": (softplus(-REAL) + softplus(FAKE), -softplus(FAKE)),
    "non_saturating": (softplus(-REAL) + softplus(FAKE), softplus(-FAKE)),
    "least_squares": ((REAL - 1) ** 2 / 2 + FAKE**2 / 2, (FAKE - 1) ** 2 / 2),
    "hinge": (np.maximum(0, 1 - REAL) + np.maximum(0, 1 + FAKE), -FAKE),
    "wasserstein": (FAKE - REAL, -FAKE),
    "relativistic": (softplus(-(REAL - FAKE)), softplus(-(FAKE - REAL))),
    "relativistic_average": (
        softplus(-(REAL - FAKE.mean())) + softplus(FAKE - REAL.mean()),
        softplus(-(FAKE - REAL.mean())) + softplus(REAL - FAKE.mean()),
    ),
}


def generator_losses(objective, fake, real):
    return objective.generator(*((fake, real) if objective.relativistic else (fake,)))


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_losses_of_both_players(name):
    objective = losses.objective(name)
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    d_expected, g_expected = EXPECTED[name]
    np.testing.assert_allclose(objective.discriminator(real, fake), d_expected, rtol=1e-12)
    np.testing.assert_allclose(generator_losses(objective, fake, real), g_expected, rtol=1e-12)
    for values in objective.monitors(real, fake).values():
        assert values.shape == (4,)


def test_every_objective_is_checked():
    assert sorted(losses.OBJECTIVES) == sorted(EXPECTED)


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_same_on_two_replicas(name):
    objective = losses.objective(name)
    assert_same_on_two_replicas(lambda: (objective.discriminator, []), REAL, FAKE)
    assert_same_on_two_replicas(
        lambda: (lambda fake, real: generator_losses(objective, fake, real), []), FAKE, REAL
    )


def test_relativistic_average_has_gradients_through_its_means():
    real, fake = tf.constant(REAL), tf.constant(FAKE)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        loss = tf.reduce_mean(losses.discriminator_relativistic_average(real, fake))
    by_real, by_fake = tape.gradient(loss, [real, fake])
    # The loss depends only on differences, so adding a constant to all logits changes nothing.
    assert abs(float(tf.reduce_sum(by_real) + tf.reduce_sum(by_fake))) < 1e-12


def test_monitors_with_a_threshold():
    real, fake = tf.constant([0.4, 0.5, 0.9]), tf.constant([0.4, 0.6, -1.0])
    watched = losses.objective("least_squares").monitors(real, fake)
    np.testing.assert_array_equal(watched["d_accuracy_real"], [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(watched["d_accuracy_fake"], [1.0, 0.0, 1.0])
    watched = losses.objective("hinge").monitors(real, fake)
    np.testing.assert_array_equal(watched["d_accuracy_real"], 1.0)
    assert "value" not in watched


@pytest.mark.parametrize("name", ["wasserstein", "relativistic", "relativistic_average"])
def test_monitors_of_differences(name):
    real, fake = tf.constant([1.0, 2.0, 3.0]), tf.constant([0.0, 2.0, 5.0])
    watched = losses.objective(name).monitors(real, fake)
    np.testing.assert_array_equal(watched["d_accuracy"], [1.0, 0.5, 0.0])
    assert "d_accuracy_real" not in watched
    if name == "wasserstein":
        np.testing.assert_array_equal(watched["wasserstein"], [1.0, 0.0, -2.0])


def test_label_smoothing_is_refused_without_label_probabilities():
    smooth = losses.objective("minimax", label_smoothing=0.1)
    expected = losses.discriminator_cross_entropy(REAL, FAKE, 0.1)
    np.testing.assert_allclose(smooth.discriminator(REAL, FAKE), expected)
    with pytest.raises(UserError, match="no meaning for the objective 'hinge'.* Received: 0.1"):
        losses.objective("hinge", label_smoothing=0.1)
    with pytest.raises(UserError, match="objective must be one of minimax, non_saturating, least"):
        losses.objective("hinged")


@pytest.mark.parametrize(
    ("logits", "share", "expected"),
    [
        ([3.0, 1.0, 2.0, 0.0], 0.5, [2.0, 0.0, 2.0, 0.0]),
        ([3.0, 1.0, 2.0, 0.0], 1.0, [1.0, 1.0, 1.0, 1.0]),
        ([3.0, 1.0, 2.0, 0.0], 0.01, [4.0, 0.0, 0.0, 0.0]),
        ([3.0, 1.0, 1.0, 0.0], 0.5, [2.0, 1.0, 1.0, 0.0]),  # Tied samples share the rest.
        ([1.0, 1.0, 1.0, 1.0], 0.5, [1.0, 1.0, 1.0, 1.0]),
    ],
)
def test_top_k_weights(logits, share, expected):
    np.testing.assert_allclose(losses.top_k_weights(tf.constant(logits), share), expected)


@pytest.mark.parametrize("logits", [FAKE, np.array([1.0, 0.0, 1.0, -1.0])])
def test_top_k_same_on_two_replicas(logits):
    def function(fake):
        return losses.top_k(losses.generator_non_saturating(fake), fake, 0.25)

    assert_same_on_two_replicas(lambda: (function, []), logits)


def test_top_k_mean_is_the_mean_of_the_best_samples():
    fake = tf.constant(FAKE)
    kept = losses.top_k(losses.generator_non_saturating(fake), fake, 0.5)
    np.testing.assert_allclose(tf.reduce_mean(kept), softplus(-FAKE[:2]).mean())
    with pytest.raises(UserError, match=r"must be in \(0, 1\]. Received: 0"):
        losses.top_k(fake, fake, 0)
