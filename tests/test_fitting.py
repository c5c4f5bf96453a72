"""What `compile` offers besides optimizers: XLA over replicas, and updates in parts."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.distribution.replicas import global_mean, make_strategy
from keras_gan.errors import UserError
from keras_gan.game.loss import Loss
from tests.conftest import build, change_player, examples, same, values


def test_xla_over_replicas_names_the_layer_that_synchronises():
    with make_strategy(cpu_replicas=2).scope():
        model = build("dcgan")
        with pytest.raises(UserError, match="Received: batch_normalization.* more such layers"):
            model.compile(jit_compile=True)


def test_xla_over_replicas_names_the_system_whose_losses_synchronise():
    class Relative(models.get("gan")):
        def generator_loss(self, real, fake):
            real_logits, fake_logits = (self.discriminate(x)["logits"] for x in (real, fake))
            return Loss(global_mean(real_logits) - fake_logits)

    with make_strategy(cpu_replicas=2).scope():
        model = Relative((3,), **Relative.tiny)
        model.compile(jit_compile=True)
    data = tf.data.Dataset.from_tensors(examples(4, (3,)))
    with pytest.raises(UserError, match="synchronise them. Received: Relative"):
        model.fit(data, verbose=0, shuffle=False)


def test_xla_over_replicas_makes_the_same_training_run(float64):
    runs = []
    for replicas in (1, 2):
        with make_strategy(cpu_replicas=replicas).scope():
            model = build("gan", (3,), generator_units=(4,), discriminator_units=(4,))
            model.compile(jit_compile=True)
        data = tf.data.Dataset.from_tensors(examples(8, (3,))).repeat(5)
        model.fit(data, verbose=0, shuffle=False)
        runs.append(values(model.variables))
    for one, two in zip(*runs, strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9)


def test_parts_of_an_update_make_the_whole(float64):
    """Where nothing couples the examples; dropout is drawn by index in the whole batch."""
    runs = []
    for parts in (1, 4):
        model = build("gan", (3,), d_steps=2)
        model.compile(accumulate_steps=parts, reuse_fakes=False)
        data = tf.data.Dataset.from_tensors(examples(16, (3,))).repeat(5)
        history = model.fit(data, verbose=0, shuffle=False).history
        runs.append((values(model.variables), [value[0] for value in history.values()]))
    (whole, logs), (parted, parted_logs) = runs
    for one, other in zip(whole, parted, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-9)
    np.testing.assert_allclose(parted_logs, logs, atol=1e-5)


def test_parts_with_a_network_that_the_losses_do_not_use():
    model = build("gan", (3,))
    unused = build("gan", (3,), seed=1).discriminator
    change_player(model, "d", networks=(model.discriminator, unused))
    model.compile(accumulate_steps=2)
    before = values(unused.variables), values(model.discriminator.variables)
    model.fit(tf.data.Dataset.from_tensors(examples(4, (3,))), verbose=0, shuffle=False)
    assert same(before[0], values(unused.variables))
    assert not same(before[1], values(model.discriminator.variables))


def test_parts_that_do_not_divide_the_batch_are_refused():
    model = build("gan", (3,), d_steps=2)
    model.compile(accumulate_steps=3)
    with pytest.raises(UserError, match="d_steps=2 .* in accumulate_steps=3 parts.* 8 examples"):
        model.train_step(examples(8, (3,)))
