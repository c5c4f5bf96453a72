"""Second derivatives of gradient penalties, through the networks of the systems that use them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.game.players import trainable_variables
from keras_gan.layers.core import dtype_policy
from tests.conftest import build, examples
from tests.replicas import slope

SYSTEMS = {
    "wgan_gp": {},
    "dragan": {},
    "r3gan": {},
    "sngan": {"penalty": "r1"},
    "sagan": {"penalty": "r1,r2"},
}


@pytest.fixture(autouse=True)
def draws(monkeypatch):
    """Replaces random draws by fixed ones; compiled by XLA, a seed gives other numbers."""

    def fixed(shape):
        drawn = np.random.default_rng(5).uniform(size=shape)
        return tf.constant(drawn, keras.config.floatx())

    monkeypatch.setattr(randomness, "batch_uniform", fixed)


def penalised(name, precision=None):
    """Returns a system with a perturbed discriminator, and real and generated examples."""
    with dtype_policy(precision or keras.config.dtype_policy().name):
        model = build(name, **SYSTEMS[name])
    model.compile()
    noise = np.random.default_rng(1)
    for variable in trainable_variables(model.discriminators):
        variable.assign(variable + 0.1 * noise.normal(size=variable.shape))
    real, fake = (examples(4, model.image_shape, seed=seed) for seed in (1, 2))
    for _ in range(60):  # Until the power iterations converge.
        if name in ("sngan", "sagan"):
            model.discriminator(real["image"], training=True)
    return model, real, fake


def loss_and_gradients(model, real, fake):
    variables = trainable_variables(model.discriminators)
    with keras.StatelessScope(), tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([variable.value for variable in variables])
        found = model.discriminator_loss(real, fake)
        loss = tf.reduce_mean(found.total)
    none = tf.UnconnectedGradients.ZERO
    gradients = tape.gradient(loss, [v.value for v in variables], unconnected_gradients=none)
    flat = tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], axis=0)
    return tf.reduce_mean(found.logged["penalty"]), flat


def apart(one, other):
    return np.linalg.norm(one - other) / np.linalg.norm(other)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.soak) for name in ("wgan_gp", "dragan")]
    + ["r3gan", "sngan"],
)
def test_compiled_and_in_low_precision(name):
    model, real, fake = penalised(name)
    penalty, expected = (x.numpy() for x in loss_and_gradients(model, real, fake))
    assert penalty > 0.0 and np.isfinite(expected).all() and expected.any()
    compiled = tf.function(
        lambda: loss_and_gradients(model, real, fake), jit_compile=True, autograph=False
    )
    value, found = compiled()
    np.testing.assert_allclose(value, penalty, rtol=1e-4)
    assert apart(found, expected) < 1e-4
    low, real, fake = penalised(name, "mixed_bfloat16")
    value, found = loss_and_gradients(low, real, fake)
    assert found.dtype == tf.float32
    np.testing.assert_allclose(value, penalty, rtol=0.05)
    assert apart(found, expected) < 0.05


@pytest.mark.parametrize("name", SYSTEMS)
def test_gradient_of_the_penalty_by_the_first_kernel(name, float64):
    """Compares with finite differences; the vectors of spectral norm have converged by now."""
    model, real, fake = penalised(name)
    kernel = next(v for v in model.discriminator.trainable_variables if v.name == "kernel")
    start = kernel.numpy()
    direction = np.random.default_rng(3).normal(size=start.shape)

    def penalty(weights):
        kernel.assign(weights)
        with keras.StatelessScope():
            return tf.reduce_mean(model.discriminator_loss(real, fake).logged["penalty"])

    # The step is small: the penalty jumps where the slope of a leaky ReLU jumps.
    expected = slope(penalty, start, direction, step=1e-7)
    with tf.GradientTape() as tape:
        value = penalty(start)
    received = np.sum(tape.gradient(value, kernel.value) * direction)
    assert abs(expected) > 1e-9
    np.testing.assert_allclose(received, expected, rtol=1e-4)
