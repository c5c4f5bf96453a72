"""The discriminator's features, and the probe of what they are worth."""

import json
import shutil

import keras
import numpy as np
import pytest
from sklearn.svm import LinearSVC

import train
from keras_gan.commands import probe
from keras_gan.errors import UserError
from keras_gan.evaluation.discriminator_features import discriminator_features
from tests.conftest import build
from tests.runs import command_fails
from tests.toys import Translator


def pooled_by_hand(maps, side):
    """Max over cells of as equal sizes as can be; smaller maps stay."""
    height, width = maps.shape[1:3]
    rows, columns = (
        [round(size * i / side) for i in range(side + 1)] if size > side else list(range(size + 1))
        for size in (height, width)
    )
    cells = [
        maps[:, a:b, c:d].max(axis=(1, 2))
        for a, b in zip(rows[:-1], rows[1:], strict=True)
        for c, d in zip(columns[:-1], columns[1:], strict=True)
    ]
    return np.stack(cells, axis=1).reshape(len(maps), -1)


@pytest.mark.parametrize("shape", [(32, 32, 1), (24, 56, 3)])
def test_features_are_the_pooled_maps_of_every_level(shape):
    discriminator = build("dcgan", shape, width=3).discriminator
    for layer in discriminator.layers:  # Statistics that are not those of the start.
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(np.full(layer.moving_mean.shape, 0.1))
    images = np.random.default_rng(0).uniform(-1, 1, (5, *shape)).astype("float32")
    outputs = [x.output for x in discriminator.layers if isinstance(x, keras.layers.LeakyReLU)]
    maps = keras.Model(discriminator.inputs[0], outputs)(images, training=False)
    by_hand = np.concatenate([pooled_by_hand(np.asarray(m), 4) for m in maps], axis=1)
    received = discriminator_features(discriminator, images)
    np.testing.assert_allclose(received, by_hand, atol=1e-6)


def test_networks_without_convolutions_are_refused():
    with pytest.raises(UserError, match="no convolutional features: expected"):
        discriminator_features(build("gan", (8, 8, 1)).discriminator, np.zeros((2, 8, 8, 1)))


def test_fewer_coordinates_leave_the_machine_as_it_is():
    """The same decisions as a machine on all 200 scaled features of 40 examples."""
    draw = np.random.default_rng(0)
    labels = np.arange(40) % 4
    data = draw.normal(size=(60, 200)).astype("float32") + 0.3 * draw.normal(size=(4, 200))[
        np.arange(60) % 4
    ].astype("float32")
    few, other = probe._coordinates(data[:40], data[40:])
    assert few.shape == (40, 39)  # The mean is taken away.
    scaled = (data - data[:40].mean(axis=0)) / data[:40].std(axis=0)
    machines = [
        LinearSVC(C=0.01, dual=True, tol=1e-8, max_iter=100_000, fit_intercept=False)
        for _ in range(2)
    ]
    answers = [
        machine.fit(given, labels).decision_function(asked)
        for machine, given, asked in zip(
            machines, (few, scaled[:40]), (other, scaled[40:]), strict=True
        )
    ]
    np.testing.assert_allclose(*answers, atol=1e-3)


def test_probe_of_a_run(finished, tmp_path, capsys):
    run_dir = shutil.copytree(finished, tmp_path / "run")
    probe.main(["probe", f"--run_dir={run_dir}", "--labels_per_class=3", "--draws=2"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["features", "all", "labels", "3", "a", "class"]
    written = json.loads((run_dir / "probe.json").read_text())
    assert written["settings"]["labels_per_class"] == 3
    found = written["accuracy"]
    assert [len(found[kind]["all"]) for kind in probe.KINDS] == [1, 2, 1]
    assert [len(found[kind]["few"]) for kind in probe.KINDS] == [2, 2, 2]
    # What a linear machine reaches on these pixels: 360 digits it has not seen.
    assert 0.9 < found["pixels"]["all"][0] < 1.0
    assert found["pixels"]["few"][0] < found["pixels"]["all"][0]
    assert f"{100 * found['pixels']['all'][0]:.1f}" in lines[-2]


def test_systems_without_a_discriminator_of_images_are_refused(monkeypatch, capsys):
    monkeypatch.setattr("keras_gan.runs.directory.load_run", lambda *_: (Translator(), {}))
    message = command_fails(capsys, probe.main, "--run_dir=x")
    assert "with one discriminator of images, such as dcgan. Received: Translator." in message


def test_bad_probes_are_named(finished, tmp_path, capsys):
    assert "--run_dir is needed" in command_fails(capsys, probe.main)
    run = f"--run_dir={finished}"
    message = command_fails(capsys, probe.main, run, "--labels_per_class=1000")
    assert "--labels_per_class must be at most 1" in message
    assert "There is no folder" in command_fails(capsys, probe.main, run, "--dataset=./none")
    ring = tmp_path / "ring"
    flags = ("--model=gan", "--dataset=ring", "--model_arg=generator_units=4", "--steps=1")
    train.main(["train.py", f"--run_dir={ring}", *flags])
    capsys.readouterr()
    message = command_fails(capsys, probe.main, f"--run_dir={ring}")
    assert "The probe is for images. Received: a run whose examples are vectors (2,)." in message
