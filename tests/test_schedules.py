"""Cosine schedules, and the Adam optimizer that follows them."""

import keras
import numpy as np
import pytest

from keras_gan import models
from keras_gan.commands import training
from keras_gan.errors import UserError
from keras_gan.game import schedules
from keras_gan.optimizers.cosine import CosineAdam, cosine
from keras_gan.runs.config import Config
from keras_gan.runs.schedules import check_learns, note


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
    adam = training._with_learning_rate(
        tiny.default_optimizers()["g"],
        config.g_learning_rate,
        config,
        updates_per_step=2,
        updates_after=lambda steps: 2 * steps,
    )
    assert adam.get_config()["images_per_update"] == 4.0
    assert float(adam.learning_rate) == pytest.approx(rates[0])
    adam.build([])
    adam.iterations.assign(20)
    assert float(adam.learning_rate) == pytest.approx(rates[1])
    assert float(adam.beta_2) == pytest.approx(0.99)


def ends(name, shape, compiled=None, **settings):
    """Returns {setting: (step, value)} of a run of batches of 8."""
    config = Config(model=name, batch_size=8, steps=100, **settings)
    arguments = compiled or {}
    system = models.get(name)
    model = system(shape, **{**system.tiny, **arguments}) if shape else tiny(system)
    model.compile(optimizers=training._optimizers(model, config), ema_images=20)
    return model, {s.name: (s.steps, s.value) for s in model.schedules(8)}


def tiny(system):
    return system(**system.tiny_data(), **system.tiny)


def test_every_schedule_says_when_it_ends():
    half_life = {"half-life of the average (images)": (50, 20)}
    rates = {f"learning rate of the {who}": (10, 0.0) for who in ("discriminator", "generator")}
    model, found = ends("dcgan", (16, 16, 1), {"top_k": 0.5, "top_k_images": 33}, decay_images=80)
    assert found == half_life | rates | {"top_k": (5, 0.5)}
    seen = [float(optimizer.learning_rate) for optimizer in model.optimizers.values()]
    assert min(seen) > 0.0
    for optimizer in model.optimizers.values():
        optimizer.iterations.assign(10)
        assert float(optimizer.learning_rate) == 0.0
    assert ends("pacgan", (16, 16, 1), {"top_k": 0.5, "top_k_images": 32})[1]["top_k"] == (8, 0.5)
    _, found = ends("r3gan", (8, 8, 1), {"schedule_images": 480, "penalty_weight_end": 0.25})
    assert found["half-life of the average (images)"] == (60, 20)
    assert found["penalty_weight"] == (60, 0.25)
    assert found["beta2 of the generator"] == (60, 0.99)
    assert found["learning rate of the discriminator"] == (60, pytest.approx(5e-5))


def test_extra_updates_and_stages_count():
    model, found = ends("wgan", (16, 16, 1), {"critic_warmup": 10, "d_steps": 5}, decay_images=80)
    assert found["learning rate of the discriminator"] == (10, 0.0)
    assert model.optimizers["d"]._learning_rate.decay_steps == 10 * (5 + 5)
    model, found = ends("seqgan", None, decay_images=80)
    before = sum(stage.steps for stage in model.stages[:-1])
    assert found["learning rate of the generator"] == (10, 0.0) and before < 10
    assert model.optimizers["g"]._learning_rate.decay_steps == 10 - before
    rates = schedules.of_optimizers(model, model.optimizers)
    assert [s.player for s in schedules.ended_at_zero(model, rates, 9)] == []
    assert {s.player for s in schedules.ended_at_zero(model, rates, 10)} == {"d", "g"}


def test_a_schedule_of_the_system_itself_asks_for_a_new_run():
    given = {"schedule_images": 80, "learning_rate_end": 0.0}
    model, _ = ends("r3gan", (8, 8, 1), given)
    config, cure = Config(batch_size=8, steps=30), "another --run_dir and a longer schedule"
    assert f"To learn on, use {cure}" in note(model.schedules(8), config, 0)
    with pytest.raises(UserError, match=f"the steps 11 to 30 would change nothing. Give {cure}"):
        check_learns(model, model.schedules(8), config, 10)


def test_a_line_names_the_schedules_that_end_before_the_run():
    model, _ = ends("gan", (4, 4, 1), decay_images=80)
    line = note(model.schedules(8), Config(batch_size=8, steps=30, decay_images=80), 0)
    assert line.startswith(
        "Schedules that end before step 30: from step 10 (80 images) the learning rate of the "
        "discriminator is 0, the learning rate of the generator is 0. At a learning rate of 0 "
        "nothing is learned. To learn on, use --decay_images=run"
    )
    line = note(model.schedules(16), Config(batch_size=16, steps=30), 0)
    assert "from step 25 (400 images) the half-life of the average (images) is 20." in line
    assert note(model.schedules(8), Config(batch_size=8, steps=10), 0) is None
