"""The averaged generator."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.game import averages as ema
from tests.conftest import build, examples, values


def test_half_life():
    kept = ema.decay(1000, 64, tf.constant(10**9, tf.int64))
    assert float(kept) ** (1000 / 64) == pytest.approx(0.5, rel=1e-5)


def test_half_life_grows_with_the_images_seen():
    assert float(ema.decay(1000, 64, tf.constant(0))) == 0.0
    early = float(ema.decay(1000, 64, tf.constant(2000)))
    assert early ** (100 / 64) == pytest.approx(0.5, rel=1e-5)
    assert float(ema.decay(0, 64, tf.constant(2000))) == 0.0


def test_weights_are_averaged_and_buffers_copied():
    keras.utils.set_random_seed(0)
    model = build("dcgan")
    network, average = model.generator, model.averaged_generator
    before = values(average.variables)
    for variable in network.variables:
        if "seed_generator" not in variable.path:
            variable.assign(variable + 1.0)
    ema.update(average, network, 0.75)
    for old, new, mean in zip(before, network.variables, average.variables, strict=True):
        expected = 0.75 * old + 0.25 * new.numpy() if new.trainable else new.numpy()
        np.testing.assert_allclose(mean.numpy(), expected, rtol=1e-6)
    assert any(not variable.trainable for variable in network.variables)


def test_switched_off_it_is_the_generator():
    model = build("dcgan")
    model.compile(ema_images=0)
    model.update("g", examples(4))
    model.update("g", examples(4))
    for mean, variable in zip(
        values(model.averaged_generator.variables), values(model.generator.variables), strict=True
    ):
        np.testing.assert_allclose(mean, variable, rtol=1e-6)


def test_it_follows_the_generator_slowly():
    model = build("dcgan")
    model.compile(ema_images=10_000)
    model.step.assign(10**6)
    before = values(model.averaged_generator.variables)
    model.update("g", examples(4))
    kept = float(ema.decay(10_000, 4, model.step * 4))
    assert 0.99 < kept < 1.0
    for old, mean, new in zip(
        before,
        values(model.averaged_generator.variables),
        model.generator.variables,
        strict=True,
    ):
        expected = kept * old + (1.0 - kept) * new.numpy() if new.trainable else new.numpy()
        np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-7)
        assert not np.array_equal(mean, old) or not np.any(old != new.numpy())
