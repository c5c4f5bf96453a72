"""Semi-supervised learning: few labels, a class more, feature matching."""

import importlib
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.commands.training import train
from keras_gan.data import load_dataset
from keras_gan.data.few_labels import keep_labels
from keras_gan.data.source import ArraySource, FileSource
from keras_gan.distribution.replicas import make_strategy
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.evaluation import classifier
from tests.conftest import build, examples, values
from tests.runs import command_fails, configuration, scalar_steps


def semi(**arguments):
    model = build("semi", dropout=0.0, **arguments)
    model.compile()
    return model


def test_the_logit_is_that_of_a_softmax_with_a_class_more():
    model = semi()
    answer = model.discriminate(examples(4))
    logits = np.concatenate([answer["classes"].numpy(), np.zeros((4, 1))], axis=1)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(tf.sigmoid(answer["logits"]), shares[:, :-1].sum(axis=1), rtol=1e-5)


def test_labels_that_are_known_count_as_their_mean():
    model = semi(class_weight=2.0)
    real = {**examples(5), "label": tf.constant([-1, 2, -1, 0, -1], tf.int64)}
    logits = model.discriminate(real)["classes"].numpy()
    cross = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(5), [0, 2, 0, 0, 0]]
    loss = model.discriminator_loss(real, examples(5, seed=1))
    of_classes = loss.logged["d_class_loss"]
    np.testing.assert_allclose(np.mean(of_classes), 2.0 * (cross[1] + cross[3]) / 2.0, rtol=1e-5)
    assert not np.any(of_classes.numpy()[[0, 2, 4]])
    game = semi(class_weight=0.0).discriminator_loss(real, examples(5, seed=1)).total
    np.testing.assert_allclose(loss.total, game + of_classes, rtol=1e-5)
    alone = (
        semi(class_weight=2.0, game_weight=0.0).discriminator_loss(real, examples(5, seed=1)).total
    )
    np.testing.assert_allclose(alone, of_classes, atol=1e-6)
    with pytest.raises(UserError, match="game_weight must be 0 or more. Received: -1"):
        build("semi", game_weight=-1.0)


def test_a_batch_without_labels_has_no_class_loss():
    model = semi()
    real = {**examples(3), "label": tf.constant([-1, -1, -1], tf.int64)}
    loss = model.discriminator_loss(real, examples(3, seed=1))
    assert not np.any(loss.logged["d_class_loss"])
    with pytest.raises(UserError, match="Semi learns from labels. Expected .* Received: .'image'."):
        model.update("d", {"image": real["image"]})


def test_replicas_share_few_labels(float64):
    """All known labels are on the first replica."""
    batch = {**examples(8), "label": tf.constant([0, 2, 1, -1, -1, -1, -1, -1], tf.int64)}
    found = []
    for replicas in (1, 2):
        strategy = make_strategy(cpu_replicas=replicas)
        with strategy.scope():
            model = build("semi")
            model.compile(seed=3)
        data = tf.data.Dataset.from_tensors(batch).repeat(2)
        history = model.fit(data, verbose=0, shuffle=False).history
        found.append((values(model.variables), history["d_class_loss"]))
    for one, two in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9)
    np.testing.assert_allclose(found[1][1], found[0][1], atol=1e-9)


def test_feature_matching_by_hand():
    model = semi()
    real, fake = examples(4), examples(4, seed=1)
    of_real, of_fake = (model.discriminate(x)["features"].numpy() for x in (real, fake))
    expected = ((of_real.mean(axis=0) - of_fake.mean(axis=0)) ** 2).sum()
    losses = model.generator_loss(real, fake).total
    np.testing.assert_allclose(losses, [expected] * 4, rtol=1e-5)
    game = semi(feature_matching=False)
    losses = game.generator_loss(real, fake).total
    logits = game.discriminate(fake)["logits"].numpy()
    np.testing.assert_allclose(losses, np.log1p(np.exp(-logits)), rtol=1e-5)
    with pytest.raises(UserError, match="Semi always uses objective='non_saturating'"):
        build("semi", objective="hinge")
    with pytest.raises(UserError, match="top_k has no effect with feature_matching. Received"):
        build("semi", top_k=0.5)


def test_few_labels_are_kept_by_a_seed():
    def kept(seed):
        source = load_dataset("digits")
        keep_labels(source, 3, seed)
        return source

    labels = kept(0).labels
    assert (np.bincount(labels[labels >= 0], minlength=10) == 3).all()
    assert np.array_equal(labels, kept(0).labels) and not np.array_equal(labels, kept(1).labels)
    whole = load_dataset("digits").labels
    assert (labels[labels >= 0] == whole[labels >= 0]).all()
    batch = next(iter(kept(0).batches(1437)))["label"].numpy()
    assert (np.bincount(batch + 1) == [1407, *[3] * 10]).all()


def test_mistakes_with_few_labels_are_one_line(tmp_path, capsys):
    from train import main

    for flags, message in (
        (
            ["--model=dcgan"],
            "needs a system that learns from few labels (semi). Received: --model=dcgan",
        ),
        (["--model=semi", "--labels_per_class=200"], "must be at most 1"),
    ):
        flags = ["--labels_per_class=10", "--dataset=digits", *flags, f"--run_dir={tmp_path}/run"]
        assert message in command_fails(capsys, main, *flags)
    assert not (tmp_path / "run").exists()


def test_few_labels_of_a_folder(tmp_path):
    for name, count in (("cats", 4), ("dogs", 3)):
        (tmp_path / name).mkdir()
        for number in range(count):
            path = tmp_path / name / f"{number}.png"
            path.write_bytes(pictures.png(np.full((8, 8, 1), 40 * number, np.uint8)))
    source = load_dataset(str(tmp_path))
    files = FileSource("f", (8, 8, 3), ["x"] * 7, None, source.labels, source.class_names)
    for few in (source, files):
        keep_labels(few, 2, seed=0)
        assert np.bincount(few.labels + 1).tolist() == [3, 2, 2]


def test_a_run_of_few_labels_is_judged_by_all(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "_STEPS", 30)
    changes = {"steps": 6, "cpu_replicas": 1, "labels_per_class": 2, "evaluate_every": 6}
    model = train(configuration("semi", tmp_path / "run", **changes))
    assert model.sample(2).shape[0] == 2
    assert scalar_steps(tmp_path / "run", "evaluation/class_variation") == [6]


def test_the_example_tells_both(monkeypatch, capsys):
    path = pathlib.Path(__file__).parents[1] / "examples"
    monkeypatch.syspath_prepend(str(path))
    few_labels = importlib.import_module("few_labels")
    smaller = {"width": 2, "kernel_size": 3, "latent_dim": 4}
    monkeypatch.setattr(few_labels, "ARGUMENTS", {**few_labels.ARGUMENTS, **smaller})
    monkeypatch.setattr(few_labels, "BATCH", 8)
    monkeypatch.setattr("sys.argv", ["few_labels.py", "--seeds=1", "--steps=2"])
    few_labels.main()
    told = capsys.readouterr().out
    assert "labels alone" in told and "semi-supervised" in told and "360 unseen" in told


def test_labels_that_are_not_at_hand_cannot_be_few():
    source = ArraySource("unnamed", np.zeros((4, 8, 8, 1), np.uint8))
    with pytest.raises(UserError, match="whose labels are known before.* Received: unnamed"):
        keep_labels(source, 1, seed=0)
