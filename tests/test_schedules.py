"""Cosine schedules, and the Adam optimizer that follows them."""

import keras
import numpy as np
import pytest

from keras_gan import models
from keras_gan.commands import training
from keras_gan.errors import UserError
from keras_gan.optimizers.cosine import CosineAdam, cosine
from keras_gan.runs.config import Config


@pytest.mark.parametrize(("progress", "value"), [(0.0, 3.0), (0.5, 2.0), (1.0, 1.0), (7.0, 1.0)])
def test_cosine_values(progress, value):
    assert float(cosine(3.0, 1.0, progress)) == pytest.approx(value, abs=1e-6)


def by_hand(value, gradients, start=0):
    """Trains a variable, with a schedule of 50 images and 10 images per update: 5 updates."""
    value, m, v = np.float64(value), 0.0, 0.0
    for step, gradient in enumerate(gradients, start):
        turned = 0.5 * (1.0 + np.cos(np.pi * min(step / 5, 1.0)))
        rate, beta_2 = 0.02 + (0.1 - 0.02) * turned, 0.99 + (0.9 - 0.99) * turned
        m = 0.5 * m + 0.5 * gradient
        v = beta_2 * v + (1.0 - beta_2) * gradient**2
        unbiased = m / (1.0 - 0.5 ** (step + 1)), v / (1.0 - beta_2 ** (step + 1))
        value = value - rate * unbiased[0] / np.sqrt(unbiased[1])
    return value


def optimizer():
    return CosineAdam(
        0.1, beta_1=0.5, epsilon=1e-12, learning_rate_end=0.2, images=50, images_per_update=10
    )


def updated(adam, variable, gradients):
    for gradient in gradients:
        adam.apply([keras.ops.convert_to_tensor(np.full((), gradient))], [variable])


def test_adam_follows_both_schedules(float64):
    variable, adam = keras.Variable(1.0, dtype="float64"), optimizer()
    gradients = np.random.default_rng(0).normal(size=8)
    updated(adam, variable, gradients)
    np.testing.assert_allclose(variable.numpy(), by_hand(1.0, gradients), rtol=1e-9)
    assert float(adam.learning_rate) == pytest.approx(0.02)
    assert float(adam.beta_2) == pytest.approx(0.99)


def test_adam_resumes_exactly():
    gradients = np.random.default_rng(0).normal(size=6)
    whole, cut = keras.Variable(1.0), keras.Variable(1.0)
    adam, first = optimizer(), optimizer()
    updated(adam, whole, gradients)
    updated(first, cut, gradients[:3])
    second = keras.optimizers.deserialize(keras.optimizers.serialize(first))
    assert second.get_config() == first.get_config()
    second.build([cut])
    for mine, theirs in zip(second.variables, first.variables, strict=True):
        mine.assign(theirs)
    updated(second, cut, gradients[3:])
    assert np.array_equal(whole.numpy(), cut.numpy())


def test_adam_refuses_an_empty_schedule():
    with pytest.raises(UserError, match="above 0. Received: 0 and 512"):
        CosineAdam(images=0)


@pytest.mark.parametrize(
    ("settings", "rates"),
    [
        ({}, (2e-4, 5e-5)),
        ({"g_learning_rate": 1e-2}, (1e-2, 2.5e-3)),
        ({"decay_images": 80}, (2e-4, 0.0)),
    ],
)
def test_the_command_line_changes_the_schedule(settings, rates):
    config = Config(model="r3gan", batch_size=8, **settings)
    tiny = models.get("r3gan")((2,), latent_dim=2, generator_units=(2,), schedule_images=80)
    own, runs = tiny.default_optimizers()["g"], tiny.long_runs
    adam = training._with_learning_rate(
        own, config.g_learning_rate, config, updates_per_step=2, runs=runs
    )
    assert adam.get_config()["images_per_update"] == 4.0
    assert float(adam.learning_rate) == pytest.approx(rates[0])
    adam.build([])
    adam.iterations.assign(20)
    assert float(adam.learning_rate) == pytest.approx(rates[1])
    assert float(adam.beta_2) == pytest.approx(0.99)
