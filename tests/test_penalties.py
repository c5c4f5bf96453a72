"""Penalties on the discriminator: closed forms, finite differences, replicas."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import penalties, randomness
from keras_gan.networks import dcgan
from tests.replicas import SEED, assert_same_on_two_replicas, slope

RNG = np.random.default_rng(0)
REAL = RNG.uniform(-1, 1, (4, 6, 6, 1))
FAKE = RNG.uniform(-1, 1, (4, 6, 6, 1))
SHARE = RNG.uniform(0, 1, 4)
NOISE = RNG.uniform(0, 1, REAL.shape)
WEIGHTS = RNG.normal(size=(6, 6, 1))

PENALTIES = {
    "gradient": lambda critic: penalties.gradient_penalty(critic, REAL, FAKE, SHARE),
    "gradient_one_sided": lambda critic: penalties.gradient_penalty(
        critic, REAL, FAKE, SHARE, one_sided=True, target=0.01
    ),
    "dragan": lambda critic: penalties.dragan(critic, REAL, SHARE, NOISE),
    "r1": lambda critic: penalties.r1(critic, REAL),
    "r2": lambda critic: penalties.r2(critic, FAKE),
    "lecam": lambda critic: penalties.lecam(critic(REAL), critic(FAKE), 0.3, -0.2),
    "lecam_rectified": lambda critic: penalties.lecam(
        critic(REAL), critic(FAKE), 0.3, -0.2, rectified=True
    ),
    "consistency": lambda critic: penalties.consistency(critic(REAL), critic(REAL[:, :, ::-1])),
}


def linear(images):
    return tf.reduce_sum(images * tf.cast(WEIGHTS, images.dtype), axis=[1, 2, 3])


def test_linear_critic():
    norm = np.sqrt((WEIGHTS**2).sum())
    for name in ("gradient", "dragan"):
        np.testing.assert_allclose(PENALTIES[name](linear), [(norm - 1) ** 2] * 4, rtol=1e-10)
    np.testing.assert_allclose(PENALTIES["r1"](linear), [norm**2 / 2] * 4, rtol=1e-10)
    for factor, expected in ((0.5, 0.0), (2.0, 1.0)):
        received = penalties.gradient_penalty(
            lambda x, f=factor: linear(x) * f / norm, REAL, FAKE, SHARE, one_sided=True
        )
        np.testing.assert_allclose(received, [expected] * 4, atol=1e-10)


def test_quadratic_critic():
    """The gradient of 1/2 ||x||^2 is x, so its norm reveals the point where it was taken."""
    square = lambda x: 0.5 * tf.reduce_sum(x**2, axis=[1, 2, 3])  # noqa: E731
    at = lambda x: np.sqrt((x**2).sum(axis=(1, 2, 3)))  # noqa: E731
    share = SHARE[:, None, None, None]
    np.testing.assert_allclose(penalties.r1(square, REAL), at(REAL) ** 2 / 2)
    np.testing.assert_allclose(penalties.r2(square, FAKE), at(FAKE) ** 2 / 2)
    between = (1 - share) * REAL + share * FAKE
    received = penalties.gradient_penalty(square, REAL, FAKE, SHARE)
    np.testing.assert_allclose(received, (at(between) - 1) ** 2)
    near = REAL + share * 0.5 * REAL.std() * NOISE
    np.testing.assert_allclose(penalties.dragan(square, REAL, SHARE, NOISE), (at(near) - 1) ** 2)


def test_penalties_of_logits():
    real, fake = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    expected = (real + 0.2) ** 2 + (fake - 0.3) ** 2
    np.testing.assert_allclose(penalties.lecam(real, fake, 0.3, -0.2), expected)
    expected = np.maximum(real + 0.2, 0) ** 2 + np.maximum(0.3 - fake, 0) ** 2
    received = penalties.lecam(real, fake, 0.3, -0.2, rectified=True)
    np.testing.assert_allclose(received, expected)
    np.testing.assert_allclose(penalties.consistency(real, fake), (real - fake) ** 2)


@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_by_the_first_kernel(name, float64):
    """Compares with finite differences, through a small DCGAN discriminator."""
    critic = dcgan.Discriminator((6, 6, 1), width=3, kernel_size=3)
    kernel = critic.trainable_variables[0]
    kernel.assign(kernel * 20.0)
    start, direction = kernel.numpy(), RNG.normal(size=kernel.shape)

    def value(weights):
        kernel.assign(weights)
        return tf.reduce_mean(PENALTIES[name](lambda images: critic(images, training=True)))

    expected = slope(value, start, direction)
    with tf.GradientTape() as tape:
        loss = value(start)
    received = np.sum(tape.gradient(loss, kernel.value) * direction)
    assert abs(expected) > 1e-6
    np.testing.assert_allclose(received, expected, rtol=1e-5)


def test_constant_critic_gives_finite_gradients():
    """The slope of the square root at zero must not become infinite."""
    weight = tf.Variable(0.0, dtype=tf.float64)
    with tf.GradientTape() as tape:
        critic = lambda x: weight * tf.reduce_sum(x, axis=[1, 2, 3])  # noqa: E731
        loss = tf.reduce_sum(penalties.gradient_penalty(critic, REAL, FAKE, SHARE))
    assert np.isfinite(tape.gradient(loss, weight))
    np.testing.assert_array_equal(penalties.r1(lambda x: tf.zeros(4, tf.float64), REAL), 0.0)


def test_penalties_are_float32_in_low_precision():
    critic = lambda x: linear(tf.cast(x, tf.bfloat16))  # noqa: E731
    real = tf.cast(REAL, tf.bfloat16)
    received = penalties.gradient_penalty(critic, real, tf.cast(FAKE, tf.bfloat16), SHARE)
    assert received.dtype == tf.float32
    assert penalties.r1(critic, real).dtype == tf.float32


def test_default_draws_are_the_same_on_two_replicas():
    """DRAGAN's standard deviation is taken over the global batch."""
    weights = tf.constant(WEIGHTS)

    def make(penalty):
        return lambda: (
            lambda real, fake: penalty(
                lambda x: tf.reduce_sum(tf.tanh(x * weights) ** 2, axis=[1, 2, 3]), real, fake
            ),
            [],
        )

    assert_same_on_two_replicas(make(penalties.gradient_penalty), REAL, FAKE)
    assert_same_on_two_replicas(
        make(lambda critic, real, _: penalties.dragan(critic, real)), REAL, FAKE
    )


def test_draws_differ_between_calls():
    square = lambda x: tf.reduce_sum(x**2, axis=[1, 2, 3])  # noqa: E731
    with randomness.layer_draws(tf.constant(SEED, tf.int64)):
        first, second = (penalties.gradient_penalty(square, REAL, FAKE) for _ in range(2))
    assert not np.allclose(first, second)
    with pytest.raises(RuntimeError, match="pass the draws as an argument"):
        penalties.gradient_penalty(square, REAL, FAKE)
