"""Low precision: what stays float32, loss scaling, and the same game."""

import functools
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.commands.training import train
from keras_gan.distribution.replicas import make_strategy
from keras_gan.game import updates
from keras_gan.layers.core import dtype_policy
from keras_gan.runs.checkpoints import Checkpoints
from keras_gan.runs.directory import load_run
from tests.conftest import LATENT, build, examples, same, values
from tests.runs import assert_same_run, configuration, fails

LOW = ("mixed_bfloat16", "mixed_float16")
# Each kind of network, of update and of answer; the others differ in neither.
_KINDS = ("biggan", "dcgan", "gan", "infogan", "r3gan", "sagan", "semi", "unrolled", "wgan_gp")
SYSTEMS = [
    pytest.param(name, precision, marks=() if name in kinds else pytest.mark.soak)
    for precision, kinds in zip(LOW, (_KINDS, ("dcgan", "r3gan", "unrolled")), strict=True)
    for name in LATENT
]


def compiled(name, precision, **options):
    with dtype_policy(precision):
        model = build(name)
    model.compile(**options)
    return model


def step(model, count=8):
    batch = examples(count * model.sub_batches, model.image_shape)
    return {name: float(value) for name, value in model.train_step(batch).items()}


@pytest.mark.parametrize(("name", "precision"), SYSTEMS)
def test_weights_losses_and_averages_stay_float32(name, precision):
    model = compiled(name, precision)
    assert keras.config.dtype_policy().name == "float32"  # It was for building only.
    assert {variable.dtype for variable in model.variables} <= {"float32", "int64"}
    batch = examples(8 * model.sub_batches, model.image_shape)
    made = model.draw(batch)
    assert made.examples["image"].dtype == precision.removeprefix("mixed_")
    with randomness.layer_draws(tf.constant([0, 0], tf.int64)):
        loss = model.discriminator_loss(model._part(batch, 0), made.examples)
    assert {x.dtype for x in (loss.total, *loss.logged.values())} == {tf.float32}
    assert model.sample(2).dtype == np.float32
    function = model.function()
    assert function.apply(model, function.rows([(0, 0), (0, 1)])).dtype == tf.float32


@functools.cache
def step_in_float32(name):
    return step(compiled(name, "float32"))


@pytest.mark.parametrize(("name", "precision"), SYSTEMS)
def test_a_step_is_that_of_float32_up_to_rounding(name, precision):
    """Gradient norms too, which loss scaling must not show in."""
    model = compiled(name, precision)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer.dynamic_scale.assign(256.0)  # At the first scale large gradients overflow.
    full, low = step_in_float32(name), step(model)
    for key in ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm"):
        # The logits of a clipped critic are small differences.
        assert low[key] == pytest.approx(full[key], rel=0.05, abs=1e-4), key


def test_float16_scales_the_loss_of_each_player():
    model = compiled("gan", "mixed_float16")
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    assert all(isinstance(o, keras.optimizers.LossScaleOptimizer) for o in optimizers)
    assert optimizers[0].dynamic_scale is not optimizers[1].dynamic_scale
    bfloat = compiled("gan", "mixed_bfloat16")
    assert not isinstance(bfloat.generator_optimizer, keras.optimizers.LossScaleOptimizer)


def test_a_step_is_skipped_when_one_replica_has_an_infinite_gradient(monkeypatch):
    strategy = make_strategy(cpu_replicas=2)
    with strategy.scope():
        model = compiled("gan", "mixed_float16")
    original = updates.sum_over_replicas

    def poison(gradients):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        bad = tf.where(replica == 1, np.inf, 1.0)
        return original([gradient * tf.cast(bad, gradient.dtype) for gradient in gradients])

    monkeypatch.setattr(updates, "sum_over_replicas", poison)
    weights = [*model.generator.trainable_variables, *model.discriminator.trainable_variables]
    before = values(weights)
    scale = float(model.generator_optimizer.dynamic_scale.numpy())
    data = tf.data.Dataset.from_tensor_slices(examples(8, model.image_shape))
    logs = model.fit(data.batch(8, drop_remainder=True), verbose=0, shuffle=False).history
    for variable, value in zip(weights, before, strict=True):
        for copy in strategy.experimental_local_results(variable.value):
            np.testing.assert_array_equal(copy, value)
    assert logs["g_gradient_norm"] == [0.0] and np.isfinite(logs["g_loss"]).all()
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert float(optimizer.dynamic_scale.numpy()) == scale / 2


@pytest.mark.parametrize("precision", [pytest.param(LOW[0], marks=pytest.mark.soak), LOW[1]])
def test_runs_resume_exactly_and_load_in_float32(precision, tmp_path):
    settings = {"steps": 7, "precision": precision, "cpu_replicas": 1}
    train(configuration("dcgan", tmp_path / "whole", **settings))
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    Checkpoints(str(tmp_path / "cut" / "checkpoints")).forget_after(4)
    shutil.rmtree(tmp_path / "cut" / "samples")
    trained = train(configuration("dcgan", tmp_path / "cut", **settings))
    assert_same_run(tmp_path / "whole", tmp_path / "cut")
    loaded, _ = load_run(tmp_path / "cut")
    assert loaded.generator.compute_dtype == "float32"
    assert same([loaded.sample(3)], [trained.sample(3)])


def test_other_precisions_are_named(capsys):
    message = fails(capsys, "--precision=float8")
    assert "--precision must be one of float32, mixed_bfloat16, mixed_float16." in message
