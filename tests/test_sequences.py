"""Sequences of tokens, and files of arrays."""

from types import SimpleNamespace

import numpy as np
import pytest

from keras_gan.data import load_dataset
from keras_gan.data.sequences import SequenceSource
from keras_gan.data.source import shuffled_index
from keras_gan.errors import UserError
from keras_gan.game.ports import Tokens
from keras_gan.runs import reports
from keras_gan.runs.config import Config
from keras_gan.runs.directory import RunDirectory
from tests.runs import fails

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


def texts_of(source):
    port = Tokens(source.shape[0], source.vocabulary)
    return port.text(source.first_batch(source.num_examples)["tokens"])


def saved(directory, **arrays):
    path = directory / "file.npz"
    np.savez(path, **arrays)
    return str(path)


def message_of(*arguments, **options):
    with pytest.raises(UserError) as error:
        load_dataset(*arguments, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_arithmetic_is_all_sums_of_two_digits():
    everything = load_dataset("arithmetic", split="all")
    assert everything.shapes == {"tokens": (6,)} and everything.vocabulary == tuple("0123456789+=")
    texts = texts_of(everything)
    assert len(texts) == len(set(texts)) == 100 and "3+4=07" in texts and "9+9=18" in texts
    for text in texts:
        first, second, total = int(text[0]), int(text[2]), int(text[4:])
        assert text == f"{first}+{second}={total:02}" and first + second == total
    train, test = (set(texts_of(load_dataset("arithmetic", split=s))) for s in ("train", "test"))
    assert (len(train), len(test)) == (80, 20) and train | test == set(texts)
    assert "has the splits train, test, all" in message_of("arithmetic", split="dev")


def test_tokens_are_served_as_images_are():
    tokens = np.arange(30).reshape(10, 3)
    source = SequenceSource("n", tokens, map(str, range(30)))
    batches = list(source.batches(4, seed=2).take(5).as_numpy_iterator())
    assert list(batches[0]) == ["tokens"] and batches[0]["tokens"].dtype == np.int32
    order = shuffled_index(np.arange(20, dtype=np.int64), 10, 2)
    np.testing.assert_array_equal(np.concatenate([b["tokens"] for b in batches]), tokens[order])
    late = next(iter(source.batches(4, seed=2, start=8, share=(1, 2))))["tokens"]
    np.testing.assert_array_equal(late, batches[2]["tokens"][2:])
    assert source.part("tokens") is source and source.labels is None


def test_tokens_of_a_file(tmp_path):
    tokens = np.array([[0, 2, 1], [2, 2, 0]], np.uint16)
    source = load_dataset(saved(tmp_path, tokens=tokens, other=[1]))
    assert source.vocabulary == ("0", "1", "2") and source.num_examples == 2
    words = np.array(["", "a", "bé", "unused"])
    source = load_dataset(saved(tmp_path, tokens=tokens, vocabulary=words))
    assert source.vocabulary == ("", "a", "bé", "unused") and source.shape == (3,)
    np.testing.assert_array_equal(source.tensors["tokens"], tokens)


def test_images_of_a_file(tmp_path):
    source = load_dataset(saved(tmp_path, images=IMAGES, labels=np.array([2, 0])))
    assert source.shapes == {"image": (3, 4, 1)} and source.class_names == ("0", "1", "2")
    np.testing.assert_array_equal(source.tensors["image"][..., 0], IMAGES)
    np.testing.assert_array_equal(source.labels, [2, 0])
    assert source.first_batch(2)["image"].dtype == np.float32
    path = saved(tmp_path, x_train=IMAGES, x_test=IMAGES[:1] + 100, y_test=np.uint8([[1]]))
    source = load_dataset(path, channels=3, image_size="6x8")
    assert source.shape == (6, 8, 3) and source.labels is None
    source = load_dataset(path, split="test")
    np.testing.assert_array_equal(source.tensors["image"][..., 0], IMAGES[:1] + 100)
    np.testing.assert_array_equal(source.labels, [1])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": [1]}, "to hold the array tokens, images or x_train. Received: x."),
        ({}, "Received: no array."),
        ({"tokens": [[0.5]]}, "to be integers (N, length). Received: float64 of shape (1, 1)."),
        ({"tokens": [1, 2]}, "to be integers (N, length). Received: int64 of shape (2,)."),
        ({"tokens": [[True]]}, "to be integers (N, length). Received: bool"),
        ({"tokens": np.zeros((0, 3), int)}, "Received: int64 of shape (0, 3)."),
        ({"tokens": [[0, -1]]}, "to be from 0 to 0. Received: -1 to 0."),
        ({"tokens": [[2**40]]}, "to be from 0 to 1048575. Received: 1099511627776"),
        (
            {"tokens": [[2]], "vocabulary": ["a"]},
            "from 0 to 0, as in vocabulary. Received: 2",
        ),
        ({"tokens": [[0]], "vocabulary": [1]}, "to be texts (number of tokens,). Received: int64"),
        ({"tokens": [[None]]}, "holds Python objects or is not an .npz file. Expected an .npz"),
        ({"images": [[1]]}, "to be uint8 images (N, height, width) or"),
        ({"images": IMAGES / 255.0}, "Received: float64 of shape (2, 3, 4)."),
        ({"images": np.zeros((2, 3, 4, 2), np.uint8)}, "Received: uint8 of shape (2, 3, 4, 2)."),
        ({"images": IMAGES, "labels": [1]}, "labels in"),
        ({"images": IMAGES, "labels": [0, -1]}, "shape (2,) from -1 to 0."),
        ({"x_train": IMAGES, "y_train": [0.5, 1]}, "one for each image. Received: float64"),
    ],
)
def test_bad_files_are_named(arrays, message, tmp_path):
    path = saved(tmp_path, **arrays)
    told = message_of(path)
    assert message in told and path in told


def test_files_that_are_no_archives_are_named(tmp_path):
    path = tmp_path / "file.npz"
    saved(tmp_path, tokens=np.zeros((50, 50), int))
    whole = path.read_bytes()
    np.save(tmp_path / "one.npy", np.arange(3))
    one = (tmp_path / "one.npy").read_bytes()
    damaged = whole[:200] + b"?" * 100 + whole[300:]
    for data in (b"", b"text", whole[:1000], damaged, one):
        path.write_bytes(data)
        told = message_of(str(path))
        assert f"Cannot read {path}: " in told and "as numpy.savez writes it" in told
    assert "no file 'no/such.npz'. Check --dataset." in message_of("no/such.npz")
    path.rename(tmp_path / "file.npy")
    assert "expected a folder of images or an .npz file" in message_of(str(tmp_path / "file.npy"))


def test_splits_of_files_are_named(tmp_path):
    path = saved(tmp_path, tokens=[[0]])
    assert "Received: --split=test and the arrays tokens." in message_of(path, split="test")


@pytest.mark.parametrize("options", [{"image_size": "8"}, {"channels": 1}, {"crop": "none"}])
def test_sequences_refuse_what_is_for_images(options, tmp_path):
    for name in ("arithmetic", saved(tmp_path, tokens=[[0]])):
        told = message_of(name, **options)
        assert "--channels and --crop need images. Received: " in told
        assert "with sequences of tokens. Drop these flags." in told


def test_systems_for_images_refuse_tokens(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    message = fails(capsys, "--dataset=arithmetic")
    assert "DCGAN learns from batches with the key image. Received: --dataset=arithmetic" in message
    assert " with tokens. Use " in message
    monkeypatch.setattr("keras_gan.models.dcgan.DCGAN.data_keys", ("tokens",))
    assert "key tokens. Received: --dataset=digits with image. Use " in fails(capsys)
    assert "Received: arithmetic with tokens. Drop --flip." in fails(
        capsys, "--dataset=arithmetic", "--flip"
    )
    assert list(tmp_path.iterdir()) == []


def test_runs_know_their_vocabulary(tmp_path, capsys):
    run, source = RunDirectory(tmp_path), load_dataset("arithmetic")
    run.write(run.describe(Config(), SimpleNamespace(get_config=dict), source))
    record = run.read()
    assert record["vocabulary"] == list("0123456789+=") and record["class_names"] is None
    strategy = SimpleNamespace(num_replicas_in_sync=1)
    model = SimpleNamespace(players=[], distribute_strategy=strategy, steps_per_execution=1)
    reports.announce(run, model, source, 0, Config())
    assert "arithmetic: 80 examples of 6 tokens\n" in capsys.readouterr().out
    reports.announce(run, model, load_dataset("strokes", target="edges"), 0, Config())
    told = "strokes and edges: 719 examples of 8x8x1 in a, 718 examples of 8x8x1 in b\n"
    assert told in capsys.readouterr().out
