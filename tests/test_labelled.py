"""Conditional systems: what labels do in training, sampling and on the command line."""

import json
import pathlib

import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

import keras_gan
from keras_gan import models
from keras_gan.commands import generate
from keras_gan.commands.exporting import export
from keras_gan.commands.training import train
from keras_gan.data import load_dataset
from keras_gan.data.few_labels import keep_labels
from keras_gan.errors import UserError
from keras_gan.game.standing_statistics import recompute_statistics
from keras_gan.losses import class_cross_entropy
from keras_gan.runs.directory import load_run
from tests.conftest import build, examples
from tests.runs import command_fails, configuration

SYSTEMS = ("acgan", "biggan", "cgan", "projection")


def test_class_cross_entropy_by_hand():
    logits = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[[0, 1], [2, 0]]
    np.testing.assert_allclose(class_cross_entropy([2, 0], logits), expected)


# Projection's start without a difference between classes.
@pytest.mark.parametrize("name", sorted(set(SYSTEMS) - {"projection"}))
def test_labels_change_samples_and_are_drawn_by_default(name):
    model = build(name)
    one, other = model.sample(4, labels=[0] * 4), model.sample(4, labels=[2] * 4)
    assert np.abs(one - other).reshape(4, -1).max(axis=1).min() > 0.2 * np.abs(one).max()
    labels = model.function().rows([(0, i) for i in range(4)])["labels"]
    np.testing.assert_allclose(model.sample(4, labels=labels), model.sample(4), atol=1e-6)
    with pytest.raises(UserError, match="Expected labels of shape .* whole numbers 0 to 2"):
        model.sample(1, labels=[3])


@pytest.mark.parametrize("name", SYSTEMS)
def test_samples_have_the_labels_of_the_batch(name):
    model = build(name, d_steps=1)
    model.compile()
    batch = examples(6, model.image_shape)
    seen = []
    generator, model.generator = (
        model.generator,
        lambda x, training: seen.append(x) or generator(x, training=training),
    )
    made = model.draw(batch)
    model.generator = generator
    np.testing.assert_array_equal(made.examples["label"], batch["label"])
    np.testing.assert_array_equal(seen[0]["labels"], batch["label"])
    again = generator(seen[0], training=True)
    np.testing.assert_allclose(made.examples["image"], again, atol=1e-5)


def test_the_discriminator_of_cgan_sees_the_label():
    model = build("cgan")
    batch = examples(4)
    other = {**batch, "label": (batch["label"] + 1) % 3}
    answers = [model.discriminate(seen)["logits"].numpy() for seen in (batch, other)]
    assert (np.abs(answers[0] - answers[1]) > 1e-5).all()


def test_acgan_adds_the_classes_of_both_kinds():
    model = build("acgan", d_class_weight=2.0, g_class_weight=0.1, normalization="none")
    model.compile()
    real, fake = examples(4), {**examples(4, seed=1), "label": tf.constant([2, 1, 0, 0])}
    of_real, of_fake = (
        class_cross_entropy(x["label"], model.discriminate(x)["classes"]) for x in (real, fake)
    )
    loss = model.discriminator_loss(real, fake)
    np.testing.assert_allclose(loss.logged["d_class_loss"], 2.0 * (of_real + of_fake), rtol=1e-5)
    game = build("acgan", d_class_weight=0.0, normalization="none")
    game.compile()
    without = game.discriminator_loss(real, fake).total
    np.testing.assert_allclose(loss.total, without + loss.logged["d_class_loss"], rtol=1e-5)
    loss = model.generator_loss(real, fake)
    np.testing.assert_allclose(loss.logged["g_class_loss"], 0.1 * of_fake, rtol=1e-5)
    logits = model.discriminate(fake)["logits"]
    np.testing.assert_allclose(loss.total, tf.nn.softplus(-logits) + 0.1 * of_fake, rtol=1e-5)


@pytest.mark.parametrize("name", SYSTEMS)
def test_data_without_labels_is_refused_by_name(name):
    with pytest.raises(
        UserError, match=f"{models.get(name).__name__} learns .*Received: no classes"
    ):
        build(name, num_classes=None)
    model = build(name)
    model.compile()
    batch = examples(4, model.image_shape)
    with pytest.raises(UserError, match="the keys 'image' and 'label'. Received: .'image'."):
        model.update("d", {"image": batch["image"]})
    for labels in (tf.one_hot(batch["label"], 3), tf.cast(batch["label"], tf.float32)):
        with pytest.raises(UserError, match="'label' to be whole numbers of shape .*, not one-hot"):
            model.update("d", {**batch, "label": labels})
    for label in (3, -1):
        with pytest.raises(tf.errors.InvalidArgumentError, match=f" {label} is not in"):
            model.update("d", {**batch, "label": tf.fill([4], label)})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("labelled") / "run"
    train(configuration("cgan", run_dir, steps=2, cpu_replicas=1))
    return str(run_dir)


def test_examples_without_a_label_are_refused_by_name(tmp_path, monkeypatch):
    source = load_dataset("digits", image_size=16)
    keep_labels(source, 3, seed=0)
    monkeypatch.setattr("keras_gan.commands.training.load_dataset", lambda *_, **__: source)
    for name in SYSTEMS:
        with pytest.raises(UserError, match="needs a label for each example. Received: 1,407"):
            train(configuration(name, tmp_path / name, steps=2, cpu_replicas=1))
        assert not (tmp_path / name).exists()


def grid_of(path):
    return tf.io.decode_png(path.read_bytes()).shape


def test_grids_have_a_row_for_each_class(run, tmp_path):
    model = build("cgan")
    pairs, conditions, columns = model.showcase(8)
    assert columns == 2 and pairs == [(0, 0), (1, 0)] * 3
    assert conditions["labels"].tolist() == [0, 0, 1, 1, 2, 2]
    for classes, count, expected in (
        (1000, 64, (60, 60)),
        (30, 64, (30, 60)),
        (3, 1, (1, 1)),
        (2, 64, (2, 16)),
    ):
        wide = build("cgan", num_classes=classes)
        wide.image_shape = (15, 15, 1)  # 60 rows fit.
        pairs, conditions, columns = wide.showcase(count)
        assert (len(pairs) // columns, len(pairs)) == expected
        assert set(conditions["labels"]) == set(range(expected[0]))
    path = tmp_path / "all.png"
    generate.main(
        ["generate", f"--run_dir={run}", "--labels=all", "--seeds=0-3", f"--output={path}"]
    )
    assert grid_of(path)[:2] == [10 * 18 - 2, 4 * 18 - 2]


def test_labels_by_number_or_name(run, tmp_path):
    for labels in ("3,7", "3, 7"):
        generate.main(
            [
                "generate",
                f"--run_dir={run}",
                f"--labels={labels}",
                "--seeds=5",
                f"--output={tmp_path}/x",
            ]
        )
    names = sorted(str(path.relative_to(tmp_path / "x")) for path in tmp_path.glob("x/*/*"))
    assert names == ["3/seed_00000005.png", "7/seed_00000005.png"]
    again = keras_gan.load_dataset(str(tmp_path / "x"), channels=1)
    assert again.class_names == ("3", "7") and again.num_examples == 2


def test_walks_of_a_class(run, tmp_path):
    path = tmp_path / "walk.npy"
    flags = [f"--run_dir={run}", "--seeds=5,9", "--walk=3", f"--output={path}"]
    generate.main(["generate", *flags, "--labels=2,7"])
    model, _ = load_run(run)
    ends = model.sample_seeds([(5, 0), (9, 0)] * 2, labels=[2, 2, 7, 7])  # Of a walk each.
    np.testing.assert_allclose(np.load(path)[[0, 2, 3, 5]], ends, atol=1e-6)
    flags[-1] = f"--output={tmp_path}/walks"
    generate.main(["generate", *flags, "--labels=2,7"])
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("walks/*/*"))
    assert names == [f"walks/{label}/step_{i:08d}.png" for label in (2, 7) for i in range(3)]


def test_training_draws_a_row_for_each_class(run):
    path = pathlib.Path(run, "samples", "step_00000002.png")
    assert grid_of(path)[:2] == [10 * 18 - 2, 6 * 18 - 2]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        # A run of an older version, whose folders were sorted as texts.
        ("1 10 2", {"1,10,2": [0, 1, 2], "1-2": [0, 2], "2-10, 1": [2, 1, 0], "all": [0, 1, 2]}),
        ("1 10 2", {"0": None, "0-1": None, "1-3": None, "2-1": None, "02": [2]}),
        ("-1 007 20", {"7": [1], "-1-7": [0, 1], "-1--1": [0], "7-20": [1, 2]}),
        # Names that are not all numbers: other numbers are labels.
        ("cat dog 2", {"cat,2": [0, 2], "0-1": [0, 1], "1": [1], "2": [2], "dog-cat": None}),
        ("2-5 a,b all", {"2-5": [0], "a,b": [1], "all": [2], "a,b, 2-5": [1, 0], "0-2": [0, 1, 2]}),
        ("a b a,b", {"a,b": [2], "b,a": [1, 0], "a,b,a": [2, 0], "a, b": [0, 1], "a,c": None}),
        ("", {"1-2, 0, 2": [1, 2, 0], "3": None, "": None, "1,": None, "9" * 30: None}),
    ],
)
def test_labels_by_names_ranges_and_numbers(names, labels):
    model = build("cgan")
    for text, expected in labels.items():
        if expected is None:
            with pytest.raises(UserError, match="--labels must be all, or "):
                generate.parse_labels(text, model, names.split())
        else:
            assert generate.parse_labels(text, model, names.split()) == expected, text


def test_truncation_on_the_command_line(run, tmp_path):
    path = tmp_path / "cut.npy"
    flags = [f"--run_dir={run}", "--seeds=0-3", "--labels=4", f"--output={path}"]
    generate.main(["generate", *flags, "--truncation=0.2"])
    model, _ = load_run(run)
    pairs = [(seed, 0) for seed in range(4)]
    cut = model.sample_seeds(pairs, truncation=0.2, labels=[4] * 4)
    np.testing.assert_allclose(np.load(path), cut, atol=1e-6)
    assert not np.allclose(cut, model.sample_seeds(pairs, labels=[4] * 4))


def test_standing_statistics_on_the_command_line(run, tmp_path):
    path = tmp_path / "standing.npy"
    flags = [f"--run_dir={run}", "--seeds=0-3", f"--output={path}"]
    generate.main(["generate", *flags, "--standing_statistics=3"])
    model, _ = load_run(run)
    pairs = [(seed, 0) for seed in range(4)]
    before = model.sample_seeds(pairs)
    recompute_statistics(model, 3)
    np.testing.assert_allclose(np.load(path), model.sample_seeds(pairs), atol=1e-6)
    assert not np.allclose(np.load(path), before)
    paths = export(run, str(tmp_path / "export"), "onnx", standing_statistics=3)
    session = onnxruntime.InferenceSession(paths["onnx"])
    stated = session.get_modelmeta().custom_metadata_map
    assert stated["standing_statistics"] == "3"
    assert json.loads(stated["class_names"]) == [str(digit) for digit in range(10)]
    card = pathlib.Path(paths["onnx"]).with_name("model_card.md").read_text()
    assert "| labels | 0 to 9, for the classes 0: 0, 1: 1, 2: 2," in card
    assert "| classes | 0: 0, 1: 1, 2: 2," in card
    (images,) = session.run(None, model.function().rows(pairs))
    np.testing.assert_allclose(images, model.sample_seeds(pairs), atol=1e-5)


def test_mistakes_with_labels_are_one_line(run, tmp_path, capsys):
    for labels, message in (
        (
            "3,10",
            "numbers from 0 to 9, or names of classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9). "
            "Received: '10'",
        ),
        ("two", "Received: 'two'"),
        ("8-10", "Received: '8-10'"),
        ("4-3", "Received: '4-3'"),
        ("", "Received: ''"),
    ):
        flags = [f"--run_dir={run}", f"--labels={labels}", f"--output={tmp_path}/x.png"]
        assert message in command_fails(capsys, generate.main, *flags)
    train(configuration("gan", tmp_path / "gan", steps=2, cpu_replicas=1))
    flags = [f"--run_dir={tmp_path}/gan", "--labels=1", f"--output={tmp_path}/x.png"]
    assert "GAN takes no labels. Received: --labels=1" in command_fails(
        capsys, generate.main, *flags
    )


def test_truncation_cuts_the_prior_off_and_keeps_the_order():
    from scipy import stats

    from keras_gan import randomness

    latents = np.random.default_rng(0).normal(size=20_000).astype("float32")
    cut = randomness.truncated(latents, 0.7).numpy()
    assert abs(cut).max() <= 0.7 and (np.diff(cut[np.argsort(latents)]) >= 0).all()
    assert stats.kstest(cut, stats.truncnorm(-0.7, 0.7).cdf).pvalue > 0.01
    np.testing.assert_allclose(randomness.truncated(latents, 8.0), latents, atol=1e-4)
    model = build("cgan")
    assert not np.allclose(model.sample(2, truncation=0.3), model.sample(2))
    for prior, threshold in (("normal", 0.0), ("uniform", 0.7)):
        with pytest.raises(UserError, match=f"Received: {threshold} for {prior} latents"):
            build("cgan", latent_prior=prior).sample(2, truncation=threshold)
