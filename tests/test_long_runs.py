"""Long runs of the discriminator before some steps, as `wgan` has them by `critic_warmup`."""

import io
import re
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.callbacks import DiscriminatorRuns, Progress
from keras_gan.commands.training import train
from keras_gan.data import load_dataset
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.game.long_runs import LongRuns
from keras_gan.game.model import AdversarialModel
from keras_gan.game.players import trainable_variables
from keras_gan.runs.checkpoints import Checkpoints
from tests.conftest import build, examples, same, values, watch
from tests.runs import assert_same_run, configuration, rows, run_train

SHAPE = (4,)
WARM = ("--model=wgan", "--model_arg=d_steps=2", "--model_arg=critic_warmup=6")


def batches(seed, size=8):
    """An endless dataset of random batches."""
    data = tf.data.Dataset.from_tensor_slices(examples(5 * size, SHAPE, seed))
    return data.batch(size, drop_remainder=True).repeat()


def more(calls):
    return batches(1).skip(calls)


def wgan(**arguments):
    options = {
        name: arguments.pop(name)
        for name in ("seed", "accumulate_steps", "jit_compile", "run_eagerly")
        if name in arguments
    }
    model = build("wgan", SHAPE, **{"critic_warmup": 6, "units": (6, 5), **arguments})
    model.compile(**options)
    return model


def fit(model, steps, start=0, **options):
    runs = DiscriminatorRuns(options.pop("more", more))
    return model.fit(
        batches(0).skip(start), steps_per_epoch=steps, callbacks=[runs], verbose=0, shuffle=False,
        **options,
    )  # fmt: skip


@pytest.mark.parametrize("updates", [100, 10])
def test_updates_are_those_of_the_authors_code(updates):
    runs = build("wgan", d_steps=5, critic_warmup=updates).long_runs
    done = 0
    for step in range(1502):
        assert runs.until(step) == done
        expected = updates if step < 25 or step % 500 == 0 else 5
        assert 5 + 5 * runs.due(step) == expected
        done += runs.due(step)
    late = LongRuns(calls=3, first=7, every=5)
    assert [late.until(step) for step in (7, 10, 11, 15, 16)] == [21, 21, 24, 24, 27]
    assert build("wgan").long_runs == AdversarialModel.long_runs == LongRuns(calls=0)


@pytest.mark.parametrize("first", [0, 24, 499])
def test_updates_that_are_made(first):
    """Of D before a step; a step is one generator update, whatever came before."""
    model = wgan(run_eagerly=True)
    model.step.assign(first)
    made = []

    class Count(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            optimizers = (model.generator_optimizer, model.discriminator_optimizer)
            made.append([int(optimizer.iterations) for optimizer in optimizers])

    runs = DiscriminatorRuns(more)
    model.fit(batches(0), steps_per_epoch=3, callbacks=[runs, Count()], verbose=0, shuffle=False)
    assert int(model.step) == first + 3
    assert np.diff(made, axis=0, prepend=0).tolist() == {
        0: [[1, 6], [1, 6], [1, 6]], 24: [[1, 6], [1, 2], [1, 2]], 499: [[1, 2], [1, 6], [1, 2]],
    }[first]  # fmt: skip


def test_runs_leave_the_generator_alone_and_clip():
    model = wgan(clip=0.003, normalization="batch", run_eagerly=True)
    model.discriminator_optimizer.learning_rate = 0.01
    largest, original = [], model.after

    def spy(player, *given):
        original(player, *given)
        weights = values(trainable_variables(model.discriminators))
        largest.append(max(np.abs(x).max() for x in weights))

    model.after = spy
    runs = DiscriminatorRuns(more)
    runs.set_model(model)
    runs.on_train_begin()
    runs.on_epoch_begin(0)
    kept = [*model.generator.variables, *model.averaged_generator.variables,
            *model.generator_optimizer.variables, model.step]  # fmt: skip
    before, critic = values(kept), values(model.discriminator.variables)
    runs.on_train_batch_begin(0)
    assert same(before, values(kept))
    assert not same(critic, values(model.discriminator.variables))
    assert int(model.discriminator_optimizer.iterations) == 4
    assert largest == pytest.approx([0.003] * 4)
    runs.on_train_batch_begin(0)  # Keras begins a step twice where an epoch's data ends.
    assert int(model.discriminator_optimizer.iterations) == 4


def test_examples_and_draws_are_fresh():
    """No two updates before or in a step share examples or latents."""
    model = wgan(run_eagerly=True)
    watched = watch(model, "d")
    initial = model.generator.get_weights()
    fit(model, 2)
    seen = [[examples["image"].numpy() for examples in pair] for *pair, _ in watched]
    assert len(seen) == 12
    for kind in (0, 1):
        assert len({images[kind].tobytes() for images in seen}) == 12
    # The step's own are what they are without a run before it.
    plain = wgan(run_eagerly=True, critic_warmup=0)
    assert same(initial, plain.generator.get_weights())
    for j in range(2):
        made = plain.draw({"image": tf.zeros((8, *SHAPE))}, j)
        np.testing.assert_array_equal(seen[4 + j][1], made.examples["image"])


def test_a_fit_that_goes_on_is_the_uncut_one():
    whole, cut = (wgan(seed=3, accumulate_steps=2, run_eagerly=True) for _ in range(2))
    fit(whole, 2)
    fit(cut, 1)
    fit(cut, 1, start=1)
    for one, other in (
        (whole.variables, cut.variables),
        (whole.discriminator_optimizer.variables, cut.discriminator_optimizer.variables),
    ):
        kept = [i for i, v in enumerate(one) if "total" not in v.name and "count" not in v.name]
        assert same(*([v[i].numpy() for i in kept] for v in (one, other)))


def test_a_run_that_goes_on_is_the_uncut_one(tmp_path, eagerly):
    def go(directory):
        configured = configuration("wgan", tmp_path / directory, steps=5)
        arguments = (*configured.model_arg, "critic_warmup=6", "augment=color")
        return train(configuration(
            "wgan", tmp_path / directory, steps=5, model_arg=arguments, decay_images=None,
            precision="mixed_bfloat16", steps_per_execution="auto", cpu_replicas=1,
        ))  # fmt: skip

    model = go("whole")
    assert int(model.discriminator_optimizer.iterations) == 5 * 6
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    Checkpoints(str(tmp_path / "cut" / "checkpoints")).forget_after(2)
    shutil.rmtree(tmp_path / "cut" / "samples")
    go("cut")
    assert_same_run(tmp_path / "whole", tmp_path / "cut")


def test_rates_fall_to_zero_together(tmp_path, capsys):
    """D's by its own updates; and a run takes one step in a call, however many it may."""
    run_train(
        tmp_path, *WARM, "--steps=4", "--decay_images=32", "--steps_per_execution=auto",
        "--checkpoint_every=2",
    )  # fmt: skip
    logged = rows(tmp_path)
    assert [row["images_seen"] for row in logged] == [16, 32]
    for player in "gd":
        found = [row[f"{player}_learning_rate"] for row in logged]
        assert found == pytest.approx([2.5e-5, 0.0], abs=1e-12)
    assert np.isfinite(list(logged[-1].values())).all()
    assert "at a time" not in capsys.readouterr().out


def test_two_replicas_make_the_run_of_one(float64):
    ends = []
    for replicas in (1, 2):
        strategy = make_strategy(cpu_replicas=replicas)
        with strategy.scope():
            model = wgan(seed=3, normalization="batch", penalty="dragan", run_eagerly=True)
        logs = fit(model, 2).history
        ends.append((values(model.variables), logs))
        assert model.discriminator_optimizer.iterations.numpy() == 12
    for one, two in zip(ends[0][0], ends[1][0], strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9)
    for key, value in ends[0][1].items():
        np.testing.assert_allclose(ends[1][1][key], value, atol=1e-5)


def test_sources_serve_them(float64):
    """As the callback's own example has it; and graphs do what TensorFlow does eagerly."""
    source = load_dataset("ring")
    ends = []
    for eagerly in (False, True):
        model = build("wgan", source.shape, critic_warmup=6, units=(6, 5))
        model.compile(run_eagerly=eagerly)
        size = model.d_steps * 4
        runs = DiscriminatorRuns(lambda calls, n=size: source.batches(n, seed=1, start=calls * n))
        data = source.batches(size)
        model.fit(data, steps_per_epoch=2, callbacks=[runs], verbose=0, shuffle=False)
        ends.append(values(model.discriminator.variables))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6, atol=1e-9)


@pytest.mark.soak
def test_compiled_by_xla():
    model = wgan(jit_compile=True)
    logs = fit(model, 2).history
    assert int(model.discriminator_optimizer.iterations) == 12
    assert np.isfinite([value[0] for value in logs.values()]).all()


def test_a_model_without_them_trains_as_without_the_callback():
    ends = []
    for given in ([], [DiscriminatorRuns(lambda calls: pytest.fail("asked for batches"))]):
        model = wgan(critic_warmup=0, run_eagerly=True)
        model.steps_per_execution = 2
        model.fit(batches(0), steps_per_epoch=4, callbacks=given, verbose=0, shuffle=False)
        ends.append(values(model.variables))
    assert same(*ends)


def test_time_left_counts_the_runs():
    stream = io.StringIO()
    progress = Progress(steps=1000, batch_size=8, stream=stream, runs=LongRuns(calls=19))
    progress.start = (0.0, 1)
    progress.step = 11  # 10 steps of 20 calls each in 200 s; 13 such, 975 calls and 19 are left.
    fields = list(progress._fields(200.0, {}, brief=True))
    minutes, seconds = map(int, re.search(r"ETA (\d+):(\d+)", fields[1]).groups())
    assert 60 * minutes + seconds == 14 * 20 + 975 + 19
    progress.step = 1000
    assert list(progress._fields(200.0, {}, brief=True))[1] == "took 3:20"


@pytest.mark.parametrize("number", [1, 2, 5, -6, 6.0, True])
def test_numbers_that_cannot_be(number):
    with pytest.raises(UserError, match="critic_warmup must be 0, or a multiple of d_steps=2"):
        build("wgan", critic_warmup=number)


def test_what_does_not_go_together_is_refused():
    model = wgan(run_eagerly=True)
    model.steps_per_execution = 2
    with pytest.raises(UserError, match="compile with steps_per_execution=1. Received: 2"):
        fit(model, 2)
    with pytest.raises(UserError, match="came to an end before step 1. Give it an endless dataset"):
        fit(wgan(run_eagerly=True), 3, more=lambda calls: more(calls).take(3))
    with pytest.raises(UserError, match="Received: 7 examples"):
        fit(wgan(run_eagerly=True), 3, more=lambda calls: batches(1, size=7))
