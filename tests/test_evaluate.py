"""`python -m keras_gan.evaluate`: the table, the record, the pictures, and mistakes."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf

import train
from keras_gan import evaluate, metrics, pictures
from keras_gan.data import load_dataset
from keras_gan.evaluation import measures, record
from keras_gan.evaluation.examples import Examples
from keras_gan.run_directory import load_run
from tests.runs import command_fails, run_train

PIXELS = "--features=pixels"


def run(*flags):
    evaluate.main(["evaluate.py", *map(str, flags)])


def read(directory):
    return json.loads((directory / "evaluation.json").read_text())


def size(path):
    return tf.io.decode_png(path.read_bytes()).shape[:2]


@pytest.fixture
def run_dir(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="session")
def real_folder(tmp_path_factory):
    """The digits of the test split at 8x8, as files."""
    folder = tmp_path_factory.mktemp("digits")
    for i, image in enumerate(load_dataset("digits", split="test").first(360)):
        (folder / f"{i:03d}.png").write_bytes(pictures.png(pictures.to_bytes(image)))
    return folder


def test_a_run_is_judged(run_dir, capsys):
    run(f"--run_dir={run_dir}", "--num_samples=120")
    told = capsys.readouterr().out
    assert f"Judging {run_dir} at step 7: 120 samples against 120 examples of digits" in told
    assert f"Written: {run_dir}/evaluation.json, pictures in {run_dir}/evaluation" in told
    found = read(run_dir)
    assert found["settings"] | {"extractor": "", "about_features": ""} == {
        "dataset": "digits", "split": "train", "shape": "8x8x1", "features": "classifier",
        "about_features": "", "extractor": "", "resizer": "none", "n_real": 120, "n_fake": 120,
        "seed": 0, "checkpoint": 7,
    }  # fmt: skip
    assert len(found["settings"]["extractor"]) == 12
    lines = {line[:19].strip(): line[19:].split() for line in told.splitlines()}
    assert set(found["measures"]) - set(measures.ERRORS.values()) <= set(measures.BETTER)
    for name, value in found["measures"].items():
        assert np.isfinite(value)
        if name in measures.BETTER:
            assert lines[name.replace("_", " ")][0] == f"{value:.4g}"
    sizes = {path.stem: size(path) for path in (run_dir / "evaluation").iterdir()}
    grid = (8 * 8 + 7 * 2,) * 2
    assert sizes == {
        "samples": grid, "nearest_neighbours": grid, "interpolation": grid, "latent_walk": grid,
        "classes": (300, 512),
    }  # fmt: skip


def test_the_numbers_are_those_of_the_metrics(run_dir):
    run(f"--run_dir={run_dir}", "--num_samples=60", PIXELS, "--seed=3")
    found = read(run_dir)["measures"]
    model, _ = load_run(run_dir)
    fake = model.sample(60, seed=3).reshape(60, -1)
    source = load_dataset("digits")
    real = next(iter(source.batches(60)))["image"].numpy().reshape(60, -1)
    ratio = fake.var(axis=0).sum() / real.var(axis=0).sum()
    np.testing.assert_allclose(found["variance_ratio"], ratio, rtol=1e-3)
    with pytest.warns(UserWarning, match="singular"):
        expected = metrics.frechet_distance(real, fake)
    np.testing.assert_allclose(found["frechet_distance"], expected, rtol=1e-4)
    assert found["recall"] == metrics.precision_recall(real, fake).recall
    training = pictures.to_bytes(source.first(1437))
    nearest = metrics.memorisation(pictures.to_bytes(fake.reshape(60, 8, 8, 1)), training)
    assert found["authenticity"] == nearest.authenticity
    assert any("covariance is singular" in note for note in read(run_dir)["notes"])


def test_nearest_neighbours_are_drawn_the_nearest_first(run_dir):
    run(f"--run_dir={run_dir}", "--num_samples=40", PIXELS)
    model, _ = load_run(run_dir)
    samples = pictures.to_bytes(model.sample(40)).astype(float)
    training = pictures.to_bytes(load_dataset("digits").first(1437)).astype(float)
    distances = np.stack([np.square(training - s).sum(axis=(1, 2, 3)) for s in samples])
    first = distances.min(axis=1).argmin()
    picture = tf.io.decode_png((run_dir / "evaluation/nearest_neighbours.png").read_bytes())
    assert np.array_equal(picture[:8, :8], samples[first])
    assert np.array_equal(picture[10:18, :8], training[distances[first].argmin()])


def test_real_images_score_better_than_a_run_that_has_hardly_begun(run_dir, real_folder, capsys):
    flags = (f"--images={real_folder}", "--num_samples=100", PIXELS)
    run(f"--run_dir={run_dir}", *flags)
    lines = capsys.readouterr().out.splitlines()
    header = next(line for line in lines if line.endswith("better"))
    assert header.split() == [str(run_dir), str(real_folder), "better"]
    mine, real = next(line for line in lines if line.startswith("frechet")).split()[2:4]
    assert float(real) < 0.5 * float(mine)
    assert not any("do not compare" in line for line in lines)
    assert not (real_folder / "evaluation.json").exists()


def test_a_folder_alone(real_folder, tmp_path):
    out = tmp_path / "judged"
    run(f"--images={real_folder}", "--dataset=digits", "--split=test", f"--output={out}", PIXELS)
    found = read(out)
    assert found["settings"]["n_real"] == found["settings"]["n_fake"] == 360
    assert found["measures"]["frechet_distance"] == pytest.approx(0.0, abs=1e-4)
    # Compared with the training split, whose images these are not.
    assert found["measures"]["copies"] < 0.02
    assert {p.stem for p in (out / "evaluation").iterdir()} == {"samples", "nearest_neighbours"}


def test_runs_side_by_side_and_a_warning_where_they_do_not_compare(run_dir, tmp_path, capsys):
    other = tmp_path / "other"
    run_train(other, "--steps=1", "--split=test")
    capsys.readouterr()
    run(f"--run_dir={run_dir}", f"--run_dir={other}", "--num_samples=50", PIXELS)
    told = capsys.readouterr().out
    assert f"Warning: {run_dir} and {other} do not compare: split train and test." in told
    assert read(run_dir)["settings"]["split"] == "train"
    assert read(other)["settings"]["split"] == "test"
    both = (f"--run_dir={run_dir}", f"--run_dir={other}", "--split=all", "--dataset=digits")
    run(*both, "--num_samples=50", PIXELS)
    told = capsys.readouterr().out
    assert "Warning" not in told
    assert "had other settings, so that its numbers do not compare: split train and all" in told


def test_a_mixture_is_judged_by_its_modes(tmp_path, capsys):
    flags = ("--model=gan", "--dataset=ring", "--steps=2", "--batch_size=8")
    train.main(["train.py", *flags, f"--run_dir={tmp_path / 'ring'}"])
    capsys.readouterr()
    run(f"--run_dir={tmp_path / 'ring'}", "--num_samples=500")
    found = read(tmp_path / "ring")["measures"]
    model, _ = load_run(tmp_path / "ring")
    means = np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)
    expected = metrics.mode_coverage(model.sample(500), means, 0.01)
    assert (found["modes_found"], found["high_quality"]) == expected[:2]
    assert "nearest_ratio" not in found and "sliced_wasserstein" not in found
    assert [p.stem for p in (tmp_path / "ring/evaluation").iterdir()] == ["samples"]


def test_class_shares_and_their_variation():
    real = Examples(np.zeros((12, 2)), np.eye(3)[[0, 0, 1, 2] * 3], np.zeros((12, 2)))
    fake = Examples(np.ones((12, 2)), np.eye(3)[[0, 1, 1, 1] * 3], np.zeros((12, 2)))
    np.testing.assert_array_equal(measures.class_shares(real), [0.5, 0.25, 0.25])
    same, other = measures.measure_classes(real, real), measures.measure_classes(real, fake)
    assert (same["class_variation"], same["classes_found"]) == (0.0, 3)
    assert (other["class_variation"], other["classes_found"]) == (0.5, 2)


def test_settings_that_do_not_compare():
    one = {"n_fake": 10, "seed": 1, "checkpoint": 5, "extractor": "a"}
    assert record.differences(one, one | {"seed": 2, "checkpoint": 6}) == ""
    assert record.differences(one, one | {"n_fake": 20, "extractor": "b"}) == (
        "extractor a and b; n_fake 10 and 20"
    )


def test_dataset_report(run_dir, capsys):
    run("--dataset=digits", "--dataset_report", "--split=test")
    told = capsys.readouterr().out
    assert told.startswith("digits (test): 360 examples of 8x8x1\n")
    assert "10, of 35 to 37 examples" in told
    assert "intrinsic" in told and "dimensions" in told and "latent_dim" in told
    run(f"--run_dir={run_dir}", "--dataset_report")
    assert capsys.readouterr().out.startswith("digits (train): 1,437 examples")


def test_diverged_samples_are_named(run_dir, capsys, monkeypatch):
    model, loaded = load_run(run_dir)
    weights = model.averaged_generator.weights[0]
    weights.assign(np.full(weights.shape, np.nan))
    monkeypatch.setattr("keras_gan.evaluation.subjects.load_run", lambda *_: (model, loaded))
    message = command_fails(capsys, evaluate.main, f"--run_dir={run_dir}", PIXELS)
    assert "must be finite. Received: NaN" in message and "diverged generator" in message
    assert not (run_dir / "evaluation.json").exists()


def images(folder, *sizes):
    folder.mkdir()
    for i, side in enumerate(sizes):
        image = np.full((side, side, 1), 10 * i, np.uint8)
        (folder / f"{i}.png").write_bytes(pictures.png(image))
    return folder


def test_mistakes(run_dir, real_folder, tmp_path, capsys):
    empty, mixed = images(tmp_path / "empty"), images(tmp_path / "mixed", *[8, 9] * 6)
    large, few = images(tmp_path / "large", *[16] * 12), images(tmp_path / "few", *[8] * 5)
    digits, here = "--dataset=digits", f"--run_dir={run_dir}"
    cases = {
        (): "--run_dir or --images is needed",
        (f"--images={real_folder}",): "--dataset is needed",
        (here, f"--images={real_folder}", "--output=x"): "--output is for one run or folder",
        (here, "--num_samples=9"): "--num_samples must be at least 10",
        (here, "--checkpoint=4"): "a step that .* has a checkpoint of (6, 7). Received: 4",
        (here, "--checkpoint=best"): "has no best checkpoint: it was not trained with",
        (f"--run_dir={tmp_path}/nothing",): "There is no run in",
        (f"--images={empty}", digits): "There are no images in the folder",
        (f"--images={mixed}", digits): "different sizes",
        (f"--images={large}", digits): "Expected images of 8x8 .* Received: 16x16. Give --image_",
        (f"--images={few}", digits): "at least 10 examples; .* Received: 5 in",
        (f"--images={real_folder}", "--dataset=ring"): "needs a dataset of images",
        (here, "--dataset=ring"): "drop --image_size and --channels",
    }  # fmt: skip
    for flags, expected in cases.items():
        message = command_fails(capsys, evaluate.main, *flags)
        parts = expected.split(" .* ")
        assert all(part in message for part in parts), (message, expected)


def test_a_damaged_record_is_named_before_any_work(run_dir, capsys):
    (run_dir / "evaluation.json").write_text("{")
    message = command_fails(capsys, evaluate.main, f"--run_dir={run_dir}")
    assert f"Cannot read {run_dir}/evaluation.json" in message and "Move it away" in message
