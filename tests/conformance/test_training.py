"""Tests of the training of every system in `models.names()`."""

import json

import keras
import numpy as np
import pytest

from keras_gan import models
from keras_gan.distribution.replicas import make_strategy
from tests.conformance.sessions import (
    BY_KIND,
    CUT,
    STEPS,
    batches,
    build,
    fit,
    run_session,
    state,
)
from tests.conftest import same, values

# Systems of a kind of their own whose training has no state but variables, which are compared.
_STATELESS = ("acgan", "sngan", "cyclegan")


@pytest.fixture(scope="module", params=models.names())
def session(request, tmp_path_factory):
    return run_session(request.param, tmp_path_factory.mktemp(request.param))


def test_each_stage_is_traced_once(session):
    model = session.model
    reached, step = [], 0
    for stage in model.stages:
        reached += [stage.name] if step < STEPS else []
        step += stage.steps or STEPS
    assert session.traces == reached


def test_logs_hold_exactly_the_metrics_of_the_stage(session):
    metrics, logs = {metric.name for metric in session.model.metrics}, session.logs
    now = {player.name for player in session.model.stages[-1].players}
    for player in session.model.players:
        own = {f"{player.name}_loss", f"{player.name}_gradient_norm"}
        assert own <= metrics
        metrics -= set() if player.name in now else own
    assert set(logs) == metrics
    assert np.isfinite(list(logs.values())).all()


def test_optimizers_count_the_updates_of_their_players(session):
    model, counts, step = session.model, {}, 0
    for stage in model.stages:
        steps = min(stage.steps or STEPS, STEPS - step)
        step += steps
        for player in stage.players:
            counts[player.name] = counts.get(player.name, 0) + steps * player.updates
    assert {name: int(x.iterations) for name, x in model.optimizers.items()} == counts
    assert int(model.step) == STEPS


def test_every_trainable_variable_belongs_to_a_player(session):
    model = session.model
    owned = {id(v) for player in model.players for v in player.variables}
    assert owned == {id(variable) for variable in model.trainable_variables}
    assert {player.name for player in model.players} == set(model.optimizers)


def test_training_resumes_exactly_from_a_checkpoint(session):
    session.go_back()
    assert same(state(session.model), session.at_cut)
    fit(session.model, session.batches[CUT:])
    assert same(state(session.model), session.at_end)


def test_a_keras_file_holds_the_whole_model(session):
    """Constructor arguments, compile settings and all variables."""
    copy = keras.models.load_model(session.file)
    assert type(copy) is type(session.model)
    assert _plain(copy.get_config()) == _plain(session.model.get_config())
    assert copy.get_compile_config() == session.model.get_compile_config()
    assert same(state(copy), session.at_cut)


@pytest.mark.parametrize(
    "session",
    [p for p in BY_KIND if p.values[0] not in _STATELESS]
    + [pytest.param(name, marks=pytest.mark.soak) for name in _STATELESS],
    indirect=True,
)
def test_training_resumes_exactly_from_a_keras_file(session):
    copy = keras.models.load_model(session.file)
    fit(copy, session.batches[CUT:])
    assert same(state(copy), session.at_end)


def _plain(config):
    return json.loads(json.dumps(config))  # JSON turns tuples into lists.


def test_an_update_changes_one_player_only(session):
    model = session.model
    for stage in model.stages:
        object.__setattr__(model, "_stage", stage)
        for player in stage.players:
            session.go_back()
            before = values(model.variables)  # Paths are not unique among networks.
            moving = {id(v) for network in player.networks for v in network.variables}
            averaged = {id(v) for _, twin in model._averaged for v in twin.variables}
            contests = {id(v) for contest in model.contests for v in contest.variables}
            own = {id(v) for v in model._non_trainable_variables}
            model.update(player.name, session.batches[0])
            after = zip(model.variables, before, strict=True)
            moved = {id(v) for v, old in after if not np.array_equal(v.numpy(), old)}
            assert moved & {id(v) for v in player.variables}
            assert moved <= moving | averaged | contests | own, player.name
            # Only averages of the networks that this player trains may change.
            for network, twin in model._averaged:
                if moved & {id(v) for v in twin.variables}:
                    assert any(network is one for one in player.networks)
    object.__setattr__(model, "_stage", None)


@pytest.mark.parametrize(
    ("several", "parts"),
    [
        (2, 1),
        pytest.param(4, 1, marks=pytest.mark.soak),
        pytest.param(2, 2, marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("name", BY_KIND)
def test_replicas_train_like_one_device(name, several, parts, float64):
    """Replicas run a compiled step, the single device runs eagerly. Both agree to 1e-9.

    By default the two slowest to compile run eagerly on both; test_stages.py compiles stages.
    """
    slow = name in ("cyclegan", "seqgan") and (several, parts) == (2, 1)
    ends, logs = {}, {}
    for replicas in (1, several):
        strategy = make_strategy(cpu_replicas=replicas)
        with strategy.scope():
            model = build(name)
            model.compile(seed=3, accumulate_steps=parts, run_eagerly=replicas == 1 or slow)
        steps = sum(stage.steps or 2 for stage in model.stages)
        logs[replicas] = fit(model, batches(model, steps, batch_size=8))
        ends[replicas] = values(model.variables)
        for variable in model.variables:
            copies = [x.numpy() for x in strategy.experimental_local_results(variable.value)]
            assert same(copies, [copies[0]] * len(copies)), variable.path
    for one, many in zip(ends[1], ends[several], strict=True):
        np.testing.assert_allclose(many, one, rtol=0, atol=1e-9)
    assert logs[several].keys() == logs[1].keys()
    for key, value in logs[1].items():
        np.testing.assert_allclose(logs[several][key], value, atol=1e-5)
