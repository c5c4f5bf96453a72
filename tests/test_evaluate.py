"""`python -m keras_gan.evaluate`: the table, the record, the pictures, and mistakes."""

import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import train
from keras_gan import latent_space, metrics
from keras_gan.commands import evaluate
from keras_gan.data import load_dataset
from keras_gan.drawing import pictures
from keras_gan.evaluation import (
    classifier,
    dataset_report,
    drawing,
    evaluate_samples,
    latent_pictures,
    measures,
    record,
)
from keras_gan.evaluation.digests import weights_digest
from keras_gan.evaluation.examples import Examples
from keras_gan.runs.directory import load_run
from tests.runs import command_fails, run_train

PIXELS = "--features=pixels"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A classifier that is trained for some steps only: what it answers does not matter here."""
    monkeypatch.setattr(classifier, "_STEPS", 30)


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
    assert f"Judging {run_dir} at step 7: 120 against 120 examples of digits (train)" in told
    assert f"Written: {run_dir}/evaluation.json, and pictures:" in told
    assert f"  {run_dir}/evaluation/classes.png: shares of the classes: data in grey" in told
    found = read(run_dir)
    events = EventAccumulator(str(run_dir / "tensorboard" / "evaluation"), {"tensors": 0}).Reload()
    for tag, value in found["measures"].items():
        shown = events.Tensors(tag)[-1]
        assert (shown.step, tf.make_ndarray(shown.tensor_proto)) == (7, np.float32(value))
    average = load_run(run_dir)[0].averaged_generator
    assert found["settings"] | {"extractor": "", "about_features": ""} == {
        "dataset": "digits", "split": "train", "shape": "8x8x1", "crop": "center",
        "features": "classifier", "about_features": "", "extractor": "", "resizer": "none",
        "n_real": 120, "n_fake": 120, "seed": 0, "checkpoint": 7, "function": "sample",
        "standing_statistics": 0, "weights": weights_digest(average),
    }  # fmt: skip
    assert len(found["settings"]["extractor"]) == 12
    lines = {line[:19].strip(): line[19:].split() for line in told.splitlines()}
    assert set(found["measures"]) - set(measures.ERRORS.values()) <= set(measures.BETTER)
    for name, value in found["measures"].items():
        assert np.isfinite(value)
        if name in measures.BETTER:
            assert lines[name.replace("_", " ")][0] == f"{value:.4g}"
            assert lines[name.replace("_", " ")][-1] == (measures.BETTER[name] or f"{value:.4g}")
    sizes = {path.stem: size(path) for path in (run_dir / "evaluation").iterdir()}
    grid = (6 * (8 * 8 + 7 * 2),) * 2  # Enlarged six times, to 468 pixels.
    assert sizes == {
        "samples": grid, "nearest_neighbours": grid, "interpolation": grid, "latent_walk": grid,
        "classes": (300, 512),
    }  # fmt: skip


def test_the_numbers_are_those_of_the_metrics(run_dir):
    count = 150  # More than a batch.
    run(f"--run_dir={run_dir}", f"--num_samples={count}", PIXELS, "--seed=3")
    found = read(run_dir)["measures"]
    samples = load_run(run_dir)[0].sample(count, seed=3)
    source = load_dataset("digits")
    images = source.first(count)
    real, fake = images.reshape(count, -1), samples.reshape(count, -1)
    bytes_, real_bytes = pictures.to_bytes(samples), pictures.to_bytes(images)
    kernel = metrics.kernel_distance(real, fake, 100, count // 2, seed=3)
    blocks = [slice(start, start + 15) for start in range(0, count, 15)]
    apart = [metrics.kernel_distance(real[b], fake[b], 1, 15).mean for b in blocks]
    precision, recall = metrics.precision_recall(real, fake)
    density, coverage = metrics.density_coverage(real, fake)
    training = pictures.to_bytes(source.first(1437))
    nearest = metrics.memorisation(bytes_, training)
    expected = {
        "frechet_distance": metrics.frechet_distance(real, fake),
        "kernel_distance": kernel.mean,
        "kernel_distance_error": np.std(apart, ddof=1) / np.sqrt(10),
        "precision": precision, "recall": recall, "density": density, "coverage": coverage,
        "variance_ratio": fake.var(axis=0).sum() / real.var(axis=0).sum(),
        "sliced_wasserstein": metrics.sliced_wasserstein(real_bytes, bytes_, seed=3).mean,
        "nearest_ratio": nearest.ratio, "copies": nearest.copies,
        "authenticity": nearest.authenticity,
    }  # fmt: skip
    assert found == pytest.approx(expected, rel=1e-3)


def test_without_a_number_all_real_examples_are_taken(run_dir):
    run(f"--run_dir={run_dir}", PIXELS, "--split=test")
    assert read(run_dir)["settings"]["n_fake"] == read(run_dir)["settings"]["n_real"] == 360
    run(f"--run_dir={run_dir}", PIXELS, "--split=test", "--num_samples=1000")
    assert read(run_dir)["settings"]["n_fake"] == 360


def normal(count, dimensions=6, seed=0, scale=1.0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, scale, (count, dimensions)).astype("float32")


def sure(labels, classes=4):
    return np.eye(classes)[labels] * 0.96 + 0.01


def test_the_table_says_what_is_better():
    """A sampler of the real distribution beside a shifted and a collapsed one."""
    everywhere, once = np.arange(300) % 4, np.zeros(300, int)

    def measured(features, labels):
        real = Examples(normal(300), sure(everywhere), None)
        fake = Examples(features, sure(labels), None)
        values, _ = measures.measure_features(real, fake)
        values |= measures.measure_classes(real, fake)
        return values | measures.measure_memorisation(features, normal(300))

    good = measured(normal(300, seed=1), everywhere)
    assert good["variance_ratio"] == pytest.approx(1.0, abs=0.1) == good["density"]
    assert good["nearest_ratio"] == pytest.approx(1.0, abs=0.1) and good["copies"] == 0
    assert good["classes_found"] == 4
    shifted = measured(normal(300, seed=1, shift=2.0), everywhere)
    collapsed = measured(normal(300, seed=1, scale=0.05), once)
    worse = {
        "frechet_distance": (shifted, collapsed), "kernel_distance": (shifted, collapsed),
        "precision": (shifted,), "recall": (shifted, collapsed), "coverage": (shifted, collapsed),
        "inception_score": (collapsed,), "class_variation": (collapsed,),
    }  # fmt: skip
    for name, others in worse.items():
        for other in others:
            lower = measures.BETTER[name] == "lower"
            assert (other[name] > good[name]) == lower and other[name] != good[name], name
    toward = {"density": "1", "variance_ratio": "1", "nearest_ratio": "1", "copies": "0"}
    assert {name: measures.BETTER[name] for name in toward} == toward
    assert collapsed["density"] > 1.5 > collapsed["variance_ratio"]


def test_the_inception_score_is_that_of_the_samples():
    real = Examples(normal(40), sure(np.arange(40) % 4), None)
    fake = Examples(normal(40, seed=1), sure(np.arange(40) % 2), None)
    found, _ = measures.measure_features(real, fake)
    assert found["inception_score"] == metrics.inception_score(fake.probabilities).mean


def test_fewer_examples_than_dimensions_are_noted():
    found, notes = measures.measure_features(
        Examples(normal(15, 20), None, None), Examples(normal(15, 20, seed=1), None, None)
    )
    assert np.isfinite(found["frechet_distance"])
    assert "real has 15 examples of 20 dimensions: with fewer than 21 the cov" in notes[0]


def test_pictures_of_before_do_not_stay(run_dir):
    run(f"--run_dir={run_dir}", "--num_samples=20")
    assert (run_dir / "evaluation/classes.png").exists()
    run(f"--run_dir={run_dir}", "--num_samples=20", PIXELS)
    assert not (run_dir / "evaluation/classes.png").exists()


def test_walks_go_where_they_say(finished, monkeypatch):
    model, _ = load_run(finished)
    monkeypatch.setattr(latent_pictures, "_samples", lambda model, latents, pairs: latents)
    monkeypatch.setattr(pictures, "grid", lambda rows, columns: np.reshape(rows, (-1, columns, 4)))
    rows = latent_pictures.interpolation(model.function())
    for straight, sphere in zip(rows[::2], rows[1::2], strict=True):
        ends = straight[0], straight[-1]
        np.testing.assert_allclose(straight, latent_space.interpolate(*ends, 8), atol=1e-6)
        on_sphere = latent_space.interpolate(*ends, 8, spherical=True)
        np.testing.assert_allclose(sphere, on_sphere, atol=1e-6)
    walk = latent_pictures.latent_walk(model.function())
    turned = np.concatenate([walk[1:, :1], walk[:1, :1]])  # Where each row leads to.
    for row, end in zip(walk, turned[:, 0], strict=True):
        path = latent_space.interpolate(row[0], end, 9, spherical=True)
        np.testing.assert_allclose(row, path[:-1], atol=1e-5)


def test_the_histogram_shows_data_in_grey_and_samples_in_blue():
    data = Examples(normal(12), sure(np.zeros(12, int), 2), None)
    samples = Examples(normal(12), sure(np.ones(12, int), 2), None)
    picture = drawing.class_histogram(data, samples)
    left, right = picture[:, : 44 + 227], picture[:, 44 + 227 :]
    for half, color in ((left, drawing._REAL), (right, drawing._FAKE)):
        assert (half == color).all(axis=2).any()
    assert not (left == drawing._FAKE).all(axis=2).any()


def test_nearest_neighbours_are_drawn_the_nearest_first(run_dir):
    run(f"--run_dir={run_dir}", "--num_samples=40", PIXELS)
    model, _ = load_run(run_dir)
    samples = pictures.to_bytes(model.sample(40)).astype(float)
    training = pictures.to_bytes(load_dataset("digits").first(1437)).astype(float)
    distances = np.stack([np.square(training - s).sum(axis=(1, 2, 3)) for s in samples])
    first = distances.min(axis=1).argmin()
    picture = tf.io.decode_png((run_dir / "evaluation/nearest_neighbours.png").read_bytes())
    picture = picture[::6, ::6]  # It was enlarged.
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
    real = Examples(np.zeros((12, 2)), np.eye(3)[[0, 0, 1, 2] * 3], None)
    fake = Examples(np.ones((12, 2)), np.eye(3)[[0, 1, 1, 1] * 3], None)
    np.testing.assert_array_equal(measures.class_shares(real), [0.5, 0.25, 0.25])
    same, other = measures.measure_classes(real, real), measures.measure_classes(real, fake)
    assert (same["class_variation"], same["classes_found"]) == (0.0, 3)
    assert (other["class_variation"], other["classes_found"]) == (0.5, 2)


@pytest.mark.parametrize(
    "name",
    ["dataset", "split", "shape", "crop", "features", "extractor", "resizer", "n_real", "n_fake"],
)
def test_settings_that_do_not_compare(name):
    one = {name: 1, "seed": 1, "checkpoint": 5}
    assert record.differences(one, one | {"seed": 2, "checkpoint": 6, "weights": "x"}) == ""
    assert record.differences(one, one | {name: 2}) == f"{name} 1 and 2"


def test_dataset_report(run_dir, capsys, monkeypatch):
    run("--dataset=digits", "--dataset_report", "--split=test")
    told = capsys.readouterr().out
    assert told.startswith("digits (test): 360 examples of 8x8x1\n")
    assert "10, of 35 to 37 examples" in told
    images = pictures.to_bytes(load_dataset("digits", split="test").first(360))
    assert f"mean {images.mean():.4g}, deviation {images.std():.4g} (0 to 255)" in told
    found = latent_space.intrinsic_dimension(images)
    assert f"{found.dimension:.1f} +- {found.standard_error:.1f} dimensions" in told
    assert f"well below {round(found.dimension)} would leave" in told
    assert "looked at" not in told
    monkeypatch.setattr(dataset_report, "_MOST", 200)
    run(f"--run_dir={run_dir}", "--dataset_report")
    told = capsys.readouterr().out
    assert told.startswith("digits (train): 1,437 examples") and "the first 200 in serving" in told


def test_diverged_samples_are_named(run_dir, capsys, monkeypatch):
    model, loaded = load_run(run_dir)
    weights = model.averaged_generator.weights[0]
    weights.assign(np.full(weights.shape, np.nan))
    monkeypatch.setattr("keras_gan.evaluation.sample_sets.load_run", lambda *_: (model, loaded))
    message = command_fails(capsys, evaluate.main, f"--run_dir={run_dir}", PIXELS)
    assert "samples must be finite. Received: NaN" in message and "may have diverged" in message
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
        (here, "--checkpoint=4"): "the step of a checkpoint in .* (6, 7). Received: 4",
        (here, "--checkpoint=best"): "has no best checkpoint, because it was not trained with",
        (f"--run_dir={tmp_path}/nothing",): "There is no run in",
        (f"--images={empty}", digits): "There are no images in the folder",
        (f"--images={mixed}", digits): (
            "different sizes: .* 9x9. Bring them to 8x8, the size of digits, or give --image_size"
        ),
        (f"--images={mixed}", here): "different sizes: .* Bring them to 8x8, the size of digits.",
        (f"--images={large}", digits): "Expected images of 8x8 .* Received: 16x16. Bring them",
        (f"--images={tmp_path}/nothing", digits): "--images must be a folder of images. Received",
        (f"--images={large}", digits, f"--output={large}/o"): "--output must not be in the folder",
        (here, here): "--run_dir names a run twice",
        (here, "--image_size=8"): "--image_size and --channels are for --images without a run",
        (here, "--dataset_report", PIXELS): "describes one dataset and judges nothing",
        (here, "--features=clasifier"): "Did you mean 'classifier'?",
        (f"--images={few}", digits): "at least 10 examples; .* Received: 5 in",
        (f"--images={real_folder}", "--dataset=ring"): "needs a dataset of images",
        (here, "--dataset=ring"): "drop --image_size and --channels",
    }  # fmt: skip
    for flags, expected in cases.items():
        message = command_fails(capsys, evaluate.main, *flags)
        parts = expected.split(" .* ")
        assert all(part in message for part in parts), (message, expected)


def test_one_that_is_missing_is_named_before_another_is_judged(run_dir, tmp_path, capsys):
    flags = (f"--run_dir={run_dir}", f"--run_dir={tmp_path}/nothing", PIXELS)
    assert "There is no run in" in command_fails(capsys, evaluate.main, *flags)
    assert not (run_dir / "evaluation.json").exists()


def test_a_place_that_cannot_be_written_is_named(run_dir, capsys):
    (run_dir / "evaluation").write_text("a file in the way")
    flags = (f"--run_dir={run_dir}", "--num_samples=20", PIXELS)
    assert f"Cannot write into {run_dir}: " in command_fails(capsys, evaluate.main, *flags)


def test_a_classifier_that_guesses_is_noted(run_dir, monkeypatch, capsys):
    made = evaluate_samples.make_extractor
    monkeypatch.setattr(
        evaluate_samples, "make_extractor", lambda *given: made(*given)._replace(accuracy=0.12)
    )
    run(f"--run_dir={run_dir}", "--num_samples=20")
    assert "The classifier is right on 12.0 % only: its features say little" in (
        capsys.readouterr().out
    )


def test_a_damaged_record_is_named_before_any_work(run_dir, capsys):
    (run_dir / "evaluation.json").write_text("{")
    message = command_fails(capsys, evaluate.main, f"--run_dir={run_dir}")
    assert f"Cannot read {run_dir}/evaluation.json" in message and "Move it away" in message
