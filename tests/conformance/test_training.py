"""What every system must do in training, checked over `models.names()`."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.distribution.replicas import make_strategy
from keras_gan.game.players import trainable_variables
from tests.conftest import build, examples, same, values


def all_variables(networks):
    return [variable for network in networks for variable in network.variables]


@pytest.fixture(scope="module", params=models.names())
def model(request):
    model = build(request.param)
    model.compile()
    train_step, model.traces = model.train_step, []
    model.train_step = lambda batch: model.traces.append(1) or train_step(batch)
    return model


def batch_for(model, count=4):
    return examples(count * model.d_steps, model.image_shape)


def test_discriminator_update_leaves_generators_alone(model):
    before_g, before_d = (
        values(all_variables(model.generators)),
        values(model.discriminator.weights),
    )
    model.update("d", batch_for(model))
    assert same(before_g, values(all_variables(model.generators)))
    assert not same(before_d, values(model.discriminator.weights))


def test_generator_update_leaves_discriminators_alone(model):
    before_d, before_g = (
        values(all_variables(model.discriminators)),
        values(model.generator.weights),
    )
    model.update("g", batch_for(model))
    assert same(before_d, values(all_variables(model.discriminators)))
    assert not same(before_g, values(model.generator.weights))


def test_every_trainable_variable_belongs_to_one_player(model):
    owned = trainable_variables(model.generators) + trainable_variables(model.discriminators)
    assert len({id(v) for v in owned}) == len(owned)
    assert {id(v) for v in owned} == {id(v) for v in model.trainable_variables}


def test_optimizers_count_their_own_updates(model):
    start = [
        int(model.generator_optimizer.iterations),
        int(model.discriminator_optimizer.iterations),
    ]
    step = int(model.step)
    model.fit(dataset(model, 3), steps_per_epoch=3, verbose=0, shuffle=False)
    assert int(model.step) == step + 3
    assert int(model.generator_optimizer.iterations) == start[0] + 3
    assert int(model.discriminator_optimizer.iterations) == start[1] + 3 * model.d_steps


def dataset(model, batches, batch_size=4):
    batch = examples(batches * batch_size * model.d_steps, model.image_shape)
    data = tf.data.Dataset.from_tensor_slices(batch)
    return data.batch(batch_size * model.d_steps, drop_remainder=True)


def test_step_is_traced_once(model):
    model.fit(dataset(model, 5), epochs=2, verbose=0, shuffle=False)
    assert len(model.traces) == 1


def test_history_holds_every_metric_and_no_other(model):
    history = model.fit(dataset(model, 2), verbose=0, shuffle=False).history
    assert set(history) == {metric.name for metric in model.metrics}
    assert {"d_loss", "g_loss"} <= set(history)
    assert "d_accuracy" in history or {"d_accuracy_real", "d_accuracy_fake"} <= set(history)
    assert np.isfinite([value[0] for value in history.values()]).all()


def test_config_round_trip(model, tmp_path):
    model.save(tmp_path / "model.keras")
    copy = keras.models.load_model(tmp_path / "model.keras")
    assert type(copy) is type(model)
    assert same(values(model.variables), values(copy.variables))
    assert copy.get_compile_config() == model.get_compile_config()
    for mine, theirs in (
        (model.generator_optimizer, copy.generator_optimizer),
        (model.discriminator_optimizer, copy.discriminator_optimizer),
    ):
        assert same(values(mine.variables), values(theirs.variables))
    more = dataset(model, 2)
    model.fit(more, verbose=0, shuffle=False)
    copy.fit(more, verbose=0, shuffle=False)
    assert same(values(model.weights), values(copy.weights))


def test_samples_depend_on_seed_and_index_alone(model):
    four, two = model.sample(4, seed=7), model.sample(2, seed=7)
    assert four.shape == (4, *model.image_shape)
    np.testing.assert_allclose(four[:2], two, atol=1e-6)
    np.testing.assert_allclose(model.sample_seeds([(7, 1)])[0], two[1], atol=1e-6)
    assert not np.allclose(four, model.sample(4, seed=8))
    assert model.sample(0).shape == (0, *model.image_shape)


@pytest.mark.parametrize(
    ("several", "parts"),
    [
        (2, 1),
        pytest.param(4, 1, marks=pytest.mark.soak),
        pytest.param(2, 2, marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("name", models.names())
def test_replicas_make_one_training_run(name, several, parts, float64):
    """Tiny systems of two discriminator updates a step, like `wgan`, split sub-batches as well."""
    runs = {}
    for replicas in (1, several):
        strategy = make_strategy(cpu_replicas=replicas)
        with strategy.scope():
            model = build(name)
            model.compile(seed=3, accumulate_steps=parts)
        logs = model.fit(dataset(model, 10, batch_size=8), verbose=0, shuffle=False).history
        runs[replicas] = values(model.variables), logs
        for variable in model.variables:
            copies = [x.numpy() for x in strategy.experimental_local_results(variable.value)]
            assert same(copies, [copies[0]] * len(copies)), variable.path
    for one, many in zip(runs[1][0], runs[several][0], strict=True):
        np.testing.assert_allclose(many, one, rtol=0, atol=1e-9)
    for key, value in runs[1][1].items():
        np.testing.assert_allclose(runs[several][1][key], value, atol=1e-5)
