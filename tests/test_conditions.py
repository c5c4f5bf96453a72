"""Judging samples of given classes and codes."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.commands import evaluate
from keras_gan.commands.training import train
from keras_gan.data import load_dataset
from keras_gan.evaluation import classifier, conditions, latent_pictures
from keras_gan.evaluation.examples import Examples, generated_parts, real_labels, real_parts
from keras_gan.evaluation.real_data import RealData
from keras_gan.evaluation.record import read
from keras_gan.evaluation.sample_sets import SampleSet
from keras_gan.runs.directory import load_run
from keras_gan.serving import illustration
from tests.conftest import build
from tests.runs import configuration


def examples_of(labels, features, classes=3):
    return Examples(features.astype("float32"), np.eye(classes)[labels], np.zeros((0, 8, 8, 1)))


def test_agreement_and_each_class_by_hand():
    draws = np.random.default_rng(0)
    labels, given = np.repeat([0, 1], 20), np.repeat([0, 1], 20)
    given[:5] = 2  # Taken for class 0.
    real = examples_of(labels, draws.normal(size=(40, 2)) + 10.0 * labels[:, None])
    # Class 1 is one point, where real ones are.
    fake = examples_of(labels, real.features + 0.0)
    fake.features[20:] = real.features[20]
    values, classes = conditions.measure_labels(real, labels, fake, given, ["a", "b", "c"])
    assert values == {"class_agreement": 35 / 40}
    assert classes["a"]["agreement"] == 1.0 and classes["a"]["samples"] == 15
    assert classes["b"] == {"samples": 20, "agreement": 1.0, "precision": 1.0, "recall": 0.0}
    assert classes["c"] == {"samples": 5, "agreement": 0.0}


def test_the_accuracy_score_is_that_of_a_classifier_trained_on_samples(monkeypatch):
    monkeypatch.setattr(classifier, "_STEPS", 30)
    labels = np.arange(64) % 2
    images = np.full((64, 8, 8, 1), 40, np.uint8)
    images[labels == 1, :, 4:] = 220
    score = conditions.accuracy_score(images, labels, images, labels, 2)
    assert score == 1.0
    assert conditions.accuracy_score(images, 1 - labels, images, labels, 2) == 0.0


def test_codes_that_are_classes():
    model = build("infogan", categories=(3, 2), codes=0)
    given = conditions.given_to(model.function(), 30, seed=4)
    np.testing.assert_array_equal(
        given["category_0"], model.function().rows([(4, i) for i in range(30)])["category_0"]
    )
    classes = (given["category_0"] + 1) % 3
    images = np.random.default_rng(0).integers(0, 255, (30, 16, 16, 1)).astype("uint8")
    fake = Examples(np.zeros((30, 2)), np.eye(3)[classes], images)
    values = conditions.measure_codes(model, model.function(), fake, given)
    assert values["code_purity"] == values["code_agreement"] == 1.0
    shares = np.bincount(classes) / 30
    np.testing.assert_allclose(values["code_information"], -(shares * np.log(shares)).sum())
    answer = model.discriminator(images / 127.5 - 1.0, training=False)["category_0"].numpy()
    cross = np.log(np.exp(answer).sum(1)) - answer[np.arange(30), given["category_0"]]
    np.testing.assert_allclose(values["code_bound"], np.log(3) - cross.mean(), atol=1e-5)


# What is true of cgan is shown by acgan (labels) and infogan (no classes said by D).
@pytest.mark.parametrize(
    "name", ["acgan", pytest.param("cgan", marks=pytest.mark.soak), "infogan", "semi"]
)
def test_a_run_is_judged_by_its_conditions(name, tmp_path, monkeypatch, capsys, eagerly):
    monkeypatch.setattr(classifier, "_STEPS", 30)
    run_dir = tmp_path / "run"
    train(configuration(name, run_dir, steps=2, cpu_replicas=1))
    flags = [f"--run_dir={run_dir}", "--num_samples=60", "--held_out=test"]
    evaluate.main(["evaluate", *flags, "--standing_statistics=2"])
    told = capsys.readouterr().out
    found = read(run_dir)
    assert found.settings["standing_statistics"] == 2
    assert ("discriminator_accuracy" in found.values) == (name in ("acgan", "semi"))
    assert ("class_agreement" in found.values) == (name in ("acgan", "cgan"))
    if name == "semi":
        model, source = load_run(run_dir)[0], load_dataset("digits", split="test", image_size=16)
        batch = next(iter(source.batches(source.num_examples)))
        said = model.discriminator(batch["image"], training=False)["classes"].numpy().argmax(axis=1)
        right = np.mean(said == batch["label"].numpy())
        np.testing.assert_allclose(found.values["discriminator_accuracy"], right, atol=0.01)
        return
    if name == "infogan":
        assert {"code_agreement", "code_purity", "code_information", "code_bound"} <= set(
            found.values
        )
        return
    for value in ("accuracy_score", "accuracy_score_of_real"):
        assert 0.0 <= found.values[value] <= 1.0
    assert "class by class:" in told and "class agreement" in told
    classes = json.loads((run_dir / "evaluation.json").read_text())["classes"]
    assert list(classes) == [str(i) for i in range(10)]
    assert sum(values["samples"] for values in classes.values()) == 60


@pytest.fixture
def painter():
    """A model of five classes whose images are grey, each class in its own tone."""
    model = build("cgan", (8, 8, 1), num_classes=5)

    def painted(rows, training=False):
        tones = tf.cast(rows["labels"], tf.float32)[:, None, None, None] / 5.0
        return tf.ones([len(rows["labels"]), 8, 8, 1]) * tones

    function = model.function()._replace(averaged=painted)
    object.__setattr__(model, "functions", {"sample": function})
    return model


def test_walks_are_of_the_labels_of_their_seeds(painter):
    pairs, function = [(3, i) for i in range(70)], painter.function()
    rows = function.rows(pairs)
    images = latent_pictures._samples(function, rows["latents"], pairs)
    np.testing.assert_allclose(images[:, 0, 0, 0], rows["labels"] / 5.0, atol=1e-6)


def test_the_card_s_picture_has_a_row_for_each_class(painter):
    picture = tf.io.decode_png(illustration.illustrate(painter, "nowhere").picture).numpy()
    tones = picture[4::10, 4, 0]
    np.testing.assert_array_equal(tones, np.round((np.arange(5) / 5.0 + 1.0) * 127.5))
    assert picture.shape[:2] == (5 * 10 - 2, 8 * 10 - 2)


def test_samples_are_judged_by_the_labels_that_they_were_made_with(painter):
    function = painter.function()
    images = np.concatenate([*generated_parts(function, 70, seed=6)])
    given = conditions.given_to(function, 70, seed=6)["labels"]
    np.testing.assert_allclose(images[:, 0, 0, 0], given / 5.0, atol=1e-6)
    assert len(set(given)) == 5


def test_other_classes_are_not_compared(tmp_path, monkeypatch):
    model = build("cgan")
    source = load_dataset("digits", image_size=16)
    data = RealData(source, source, model.function().output, "train", "", True)
    samples = SampleSet(
        "runs/x", "", data, None, None, {}, model, model.function(), ["a", "b", "c"]
    )
    notes = []
    assert conditions.measure(samples, None, None, None, notes) == ({}, None)
    assert notes == [
        "runs/x learnt other classes than those of digits (class 0 was 'a', is now '0'), so "
        "that its labels were not compared with them."
    ]


def test_labels_are_those_of_the_images():
    source = load_dataset("digits", split="test")
    everything = next(iter(source.batches(100)))
    images = np.concatenate([*real_parts(source, 70)])
    np.testing.assert_array_equal(images, everything["image"][:70])
    np.testing.assert_array_equal(real_labels(source, 70), everything["label"][:70])
