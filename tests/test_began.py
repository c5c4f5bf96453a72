"""BEGAN: energies, the balance k_t and the measure of convergence, against numpy."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.errors import UserError
from tests.conformance.sessions import batches, build


def energy(model, images):
    return np.abs(images - model.autoencoder(images)).mean(axis=(1, 2, 3))


def test_losses_balance_and_convergence():
    model = build("began")
    model.compile()
    model.balance.assign(0.25)
    (real,) = batches(model, 1)
    made = model.draw(real)
    fake = made.examples["image"]
    of_real, of_fake = energy(model, real["image"]), energy(model, fake)
    losses = model.discriminator_loss(real, made.examples)
    np.testing.assert_allclose(losses.total, of_real - 0.25 * of_fake, rtol=1e-5)
    np.testing.assert_allclose(model.generator_loss(real, made.examples).total, of_fake, rtol=1e-5)
    model.reset_metrics()
    model.update("d", real, made=made)
    balance = model.gamma * of_real.mean() - of_fake.mean()
    assert float(model.balance) == pytest.approx(0.25 + model.balance_rate * balance, rel=1e-4)
    logged = {metric.name: float(metric.result()) for metric in model.metrics}
    assert logged["d_convergence"] == pytest.approx(of_real.mean() + abs(balance), rel=1e-4)
    assert logged["balance"] == pytest.approx(0.25)


@pytest.mark.parametrize(("start", "rate", "end"), [(0.9, 1e3, 1.0), (0.1, 1e3, None)])
def test_the_balance_stays_within_0_and_1(start, rate, end):
    model = build("began")
    model.compile()
    model.balance_rate = rate
    model.balance.assign(start)
    (real,) = batches(model, 1)
    model.update("d", real)
    assert float(model.balance) in (0.0, 1.0) and end in (None, float(model.balance))


def test_the_target_of_the_generator_is_not_constant():
    """The gradient of L(G(z)) flows through the sample as input and as target."""
    model = build("began")
    images = tf.random.stateless_uniform((2, 8, 8, 1), [1, 2], -1.0, 1.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(images)
        whole = tf.reduce_sum(model.generator_loss({}, {"image": images}).total)
        target = tf.stop_gradient(images)
        half = tf.reduce_sum(tf.reduce_mean(tf.abs(target - model.autoencoder(images)), [1, 2, 3]))
    whole, half = (tape.gradient(x, images).numpy() for x in (whole, half))
    sign = np.sign(images - model.autoencoder(images)) / 64.0
    np.testing.assert_allclose(whole, half + sign, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 1.5, float("nan")])
def test_gamma_is_a_share(gamma):
    with pytest.raises(UserError, match=r"gamma must be in \(0, 1\]"):
        models.get("began")((8, 8, 1), gamma=gamma)
