"""Checkpoints: which ones are kept, refused and removed."""

import os

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.runs.checkpoints import Checkpoints
from tests.conftest import build, same, values


def compiled(**arguments):
    model = build("gan", (3,), **arguments)
    model.compile()
    return model


@pytest.fixture(scope="module")
def model():
    return compiled()


def test_newest_and_every_mth_checkpoints_are_kept(model, tmp_path):
    checkpoints = Checkpoints(str(tmp_path / "checkpoints"))
    assert checkpoints.paths() == [] and checkpoints.newest_step() is None
    for step in range(1, 9):
        path = checkpoints.save(model, step, keep_last=2, keep_every=3)
    kept = [checkpoints.path(step) for step in (3, 6, 7, 8)]
    assert checkpoints.paths() == kept and path == kept[-1] and checkpoints.newest_step() == 8
    assert len(os.listdir(checkpoints.directory)) == 2 * len(kept) + 1
    listed = tf.train.get_checkpoint_state(checkpoints.directory)
    assert list(listed.all_model_checkpoint_paths) == kept
    assert tf.train.latest_checkpoint(checkpoints.directory) == kept[-1]
    checkpoints.forget_after(6)
    assert checkpoints.paths() == kept[:2]
    assert tf.train.latest_checkpoint(checkpoints.directory) == kept[1]


def everything(model):
    owners = (model, model.generator_optimizer, model.discriminator_optimizer, *model.metrics)
    return [variable for owner in owners for variable in owner.variables]


def test_every_variable_is_restored(tmp_path):
    checkpoints = Checkpoints(str(tmp_path))
    saved, other = compiled(), compiled(seed=1)
    for place, variable in enumerate(everything(saved)):
        variable.assign(np.full(variable.shape, place))
    checkpoints.save(saved, 5)
    checkpoints.restore(other)
    assert same(values(everything(saved)), values(everything(other)))


def test_uncompiled_model_restores_only_networks(model, tmp_path):
    checkpoints = Checkpoints(str(tmp_path))
    checkpoints.save(model, 1)
    sampler = build("gan", (3,), seed=1)
    checkpoints.restore(sampler)
    assert same(values(model.variables), values(sampler.variables))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"latent_dim": 7}, "kernel expected float32 (7,"),
        ({"generator_units": (8, 8, 8)}, "Received: "),
        ({"discriminator_units": ()}, "Received: "),
    ],
)
def test_another_model_is_refused_before_its_data_is_read(model, arguments, named, tmp_path):
    checkpoints = Checkpoints(str(tmp_path))
    path = checkpoints.save(model, 1)
    os.remove(f"{path}.data-00000-of-00001")
    with pytest.raises(UserError, match="is not of this model") as error:
        checkpoints.restore(compiled(**arguments))
    assert named in str(error.value) and path in str(error.value)
    assert "If another version of keras_gan wrote it, use that version" in str(error.value)


def test_sweep_removes_files_of_a_killed_save(model, tmp_path):
    checkpoints = Checkpoints(str(tmp_path))
    checkpoints.save(model, 1)
    whole = sorted(os.listdir(tmp_path))
    (tmp_path / ".tmp-save").mkdir()
    (tmp_path / ".tmp-save" / "step-2.data-00000-of-00001").touch()
    (tmp_path / "step-2.data-00000-of-00001").touch()  # Its index is missing.
    (tmp_path / ".tmp-123").touch()
    (tmp_path / "notes.txt").touch()
    checkpoints.sweep()
    assert sorted(os.listdir(tmp_path)) == sorted([*whole, "notes.txt"])
