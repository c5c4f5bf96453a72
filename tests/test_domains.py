"""Two datasets without pairs, each with its own order, and the flag that names the second."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.commands import training
from keras_gan.data import digits, load_dataset, outlines
from keras_gan.data.domains import Domains
from keras_gan.data.source import ArraySource
from keras_gan.distribution.replicas import make_strategy
from keras_gan.errors import UserError
from keras_gan.runs.config import Config
from keras_gan.runs.directory import RunDirectory
from keras_gan.runs.resuming import restore
from tests.runs import fails, rows, run_train


def numbered(count, first=0):
    """A source of 2x3 images that tell their number, and by their columns if they are mirrored."""
    numbers = first + np.arange(count, dtype=np.uint8)[:, None, None, None]
    return ArraySource(f"{count}", numbers + np.arange(3, dtype=np.uint8)[:, None] * 90)


def number(images):
    """Returns the number of each image of a batch, mirrored or not."""
    return np.round((images[:, 0, :, 0].min(axis=1) + 1) * 127.5).astype(int)


def served(source, batches, size, **kind):
    return list(source.batches(size, **kind).take(batches).as_numpy_iterator())


def test_a_plain_source_is_one_part():
    source = load_dataset("digits")
    assert source.shapes == {"image": (8, 8, 1)} and source.vocabulary is None
    assert source.counts == {"image": 1437}
    assert source.part("image") is source
    with pytest.raises(UserError, match="digits has batches with image. Received: key 'a'"):
        source.part("a")
    batch = source.first_batch(5)
    assert batch["image"].shape == (5, 8, 8, 1) and batch["label"].shape == (5,)
    np.testing.assert_array_equal(batch["image"], source.first(5))
    assert len(source.first_batch(9999)["image"]) == 1437


def test_every_epoch_of_a_side_serves_each_of_its_examples_once():
    """Epochs of 6 and 10, in batches of 4, which divides neither."""
    batches = served(Domains(numbered(6), numbered(10, first=50)), 15, 4, seed=3)
    for key, count, first in (("a", 6, 0), ("b", 10, 50)):
        epochs = np.concatenate([number(batch[key]) for batch in batches]).reshape(-1, count)
        for epoch in epochs:
            assert sorted(epoch) == list(range(first, first + count))
        assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_starting_in_the_middle_serves_the_same_batches():
    source = Domains(numbered(6), numbered(10))
    whole = served(source, 9, 4, seed=1, flip=True)
    late = served(source, 6, 4, seed=1, start=12, flip=True)
    for one, other in zip(whole[3:], late, strict=True):
        for key in ("a", "b"):
            np.testing.assert_array_equal(one[key], other[key])


def test_shares_of_processes_make_up_the_batch():
    source, kind = Domains(numbered(6), numbered(10)), {"seed": 1, "start": 8, "flip": True}
    whole = served(source, 4, 8, **kind)
    parts = [served(source, 4, 8, **kind, share=(index, 2)) for index in range(2)]
    for batch, first, second in zip(whole, *parts, strict=True):
        for key in ("a", "b"):
            np.testing.assert_array_equal(batch[key], np.concatenate([first[key], second[key]]))


def test_replicas_get_their_rows_of_both_sides():
    source, strategy = Domains(numbered(6), numbered(10)), make_strategy("auto", 2)
    model = SimpleNamespace(sub_batches=2, distribute_strategy=strategy)
    config = Config(batch_size=4, seed=5, flip=True)
    whole = served(source, 5, 8, seed=5, start=16, flip=True)
    for expected, batch in zip(
        whole, training._batches(config, model, source, done=2), strict=False
    ):
        for key in ("a", "b"):
            parts = strategy.experimental_local_results(batch[key])
            assert [len(part) for part in parts] == [4, 4]
            np.testing.assert_array_equal(np.concatenate(parts), expected[key])


@pytest.mark.parametrize("seed", [0, 7, ~0, 2**32 - 1])
def test_the_sides_are_independent(seed):
    """Of two copies of one source, all pairs come as often, and flips agree half of the time."""
    same = numbered(5)
    batches = served(Domains(same, same), 60, 50, seed=seed, flip=True)
    a, b = (np.concatenate([batch[key] for batch in batches]) for key in ("a", "b"))
    pairs = np.bincount(5 * number(a) + number(b), minlength=25)
    # 3,000 draws: 120 of each pair, give or take 11; epochs without repeats lessen that.
    assert pairs.min() > 70 and pairs.max() < 170
    mirrored = [x[:, 0, 0, 0] > x[:, 0, 2, 0] for x in (a, b)]
    for share in (mirrored[0], mirrored[1], mirrored[0] == mirrored[1]):
        assert 0.45 < share.mean() < 0.55


def test_a_side_is_ordered_as_it_is_alone():
    a, b = numbered(6), numbered(10)
    alone = served(a, 3, 4, seed=2)
    for other in (b, numbered(3)):
        both = served(Domains(a, other), 3, 4, seed=2)
        for one, two in zip(alone, both, strict=True):
            np.testing.assert_array_equal(one["image"], two["a"])


def test_sides_may_differ_in_shape_and_number():
    source = load_dataset("digits", target="ring")
    assert source.shapes == {"a": (8, 8, 1), "b": (2,)}
    assert source.counts == {"a": 1437, "b": 100_000} and source.num_examples == 100_000
    assert source.name == "digits and ring" and source.class_names is None
    batch = source.first_batch(4)
    assert {key: value.shape for key, value in batch.items()} == {"a": (4, 8, 8, 1), "b": (4, 2)}
    np.testing.assert_array_equal(source.first(4), batch["a"])
    assert len(source.first_batch(2000)["b"]) == 1437
    ring = source.part("b")
    assert ring.shapes == {"image": (2,)} and "image" in ring.first_batch(1)
    assert source.batches(4).options().autotune.enabled is False
    assert source.batches(4).cardinality() == tf.data.INFINITE_CARDINALITY


def test_both_sides_are_prepared_alike(tmp_path):
    for index in range(3):
        data = tf.io.encode_png(np.full((9, 7, 3), 80 * index, np.uint8)).numpy()
        (tmp_path / f"{index}.png").write_bytes(data)
    source = load_dataset("digits", target=str(tmp_path), channels=1, image_size="6x4", crop="none")
    assert source.shapes == {"a": (6, 4, 1), "b": (6, 4, 1)}
    assert source.counts == {"a": 1437, "b": 3}


def test_an_outline_by_hand():
    image = np.zeros((1, 4, 4, 1), np.uint8)
    image[0, 1, 1] = 200
    image[0, 1, 2] = 50
    expected = [[0, 200, 50, 0], [200, 0, 150, 50], [0, 200, 50, 0], [0, 0, 0, 0]]
    np.testing.assert_array_equal(outlines.outline(image)[0, :, :, 0], expected)


@pytest.mark.parametrize("split", ["train", "test", "all"])
def test_strokes_and_edges_are_of_different_digits(split):
    images, labels = digits.arrays(split)
    strokes, edges = (load_dataset(name, split=split) for name in ("strokes", "edges"))
    np.testing.assert_array_equal(strokes.tensors["image"], images[0::2])
    np.testing.assert_array_equal(edges.tensors["image"], outlines.outline(images[1::2]))
    np.testing.assert_array_equal(edges.labels, labels[1::2])
    assert load_dataset("edges", split=split, image_size="16", channels=3).shape == (16, 16, 3)


@pytest.mark.parametrize(
    ("flags", "keys", "message"),
    [
        (
            ["--dataset=strokes"],
            ("a", "b"),
            "DCGAN learns from batches with the keys a, b. Received: --dataset=strokes with image. "
            "Add --target: a second folder or dataset.",
        ),
        (
            ["--dataset=strokes", "--target=edges"],
            ("image",),
            "DCGAN learns from batches with the key image. Received: --dataset=strokes "
            "--target=edges with a, b. Drop --target.",
        ),
        (["--target=arithmetic"], ("image",), "must both have images. Received: arithmetic with"),
        (["--target=./no"], ("a", "b"), "There is no folder './no'. Check --target."),
        (["--target="], ("a", "b"), "Cannot open the dataset ''"),
        (["--target=edgse"], ("a", "b"), "no dataset 'edgse'. Did you mean 'edges'?"),
        (["--target=ring", "--flip"], ("a", "b"), "digits and ring with vectors. Drop --flip."),
    ],
)
def test_mistakes_are_one_line(flags, keys, message, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models.get("dcgan"), "data_keys", keys)
    assert message in fails(capsys, *flags)
    assert list(tmp_path.iterdir()) == []


def test_a_run_from_before_there_were_targets_goes_on(finished, tmp_path, capsys):
    shutil.copytree(finished, tmp_path, dirs_exist_ok=True)
    record = json.loads((tmp_path / "config.json").read_text())
    assert record["config"].pop("target") is None
    assert "counts" not in record and "vocabulary" not in record
    (tmp_path / "config.json").write_text(json.dumps(record))
    assert "--target" not in (tmp_path / "run.flags").read_text()
    message = fails(capsys, "--target=edges", run_dir=tmp_path)
    assert "--target is not set there, edges here" in message
    run_train(tmp_path, "--steps=8")
    assert "Resuming at step 7 to 8" in capsys.readouterr().out
    assert rows(tmp_path)[-1]["step"] == 8


def test_a_change_of_the_smaller_side_is_seen(tmp_path):
    run, model = RunDirectory(tmp_path), SimpleNamespace(get_config=dict)
    config = Config(dataset="x", target="y")
    run.write(run.describe(config, model, Domains(numbered(6), numbered(10))))
    record = run.read()
    assert record["num_examples"] == 10 and record["counts"] == {"a": 6, "b": 10}
    run.checkpoints.newest_step = lambda: 1
    now = run.describe(config, model, Domains(numbered(5), numbered(10)))
    with pytest.raises(UserError, match="began with 6 a, 10 b examples. Received: 5 a, 10 b in x"):
        restore(run, record, model, now)
    for damage in ({"counts": {"a": "6"}}, {"counts": 6}, {"vocabulary": [1]}, {"vocabulary": 1}):
        (tmp_path / "config.json").write_text(json.dumps({**now, **damage}))
        with pytest.raises(UserError, match="Cannot read"):
            run.read()
