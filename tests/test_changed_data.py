"""Data that changed under a run is noticed, the first difference is named, and labels stay."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from keras_gan.commands.evaluate import Options
from keras_gan.data import class_names, load_dataset
from keras_gan.data.contents import Contents
from keras_gan.errors import UserError
from keras_gan.evaluation import sample_sets
from keras_gan.runs import resuming
from keras_gan.runs.config import Config
from keras_gan.runs.directory import RunDirectory
from tests.runs import fails, run_train


@pytest.fixture
def photos(tmp_path):
    """Four classes of two images; sorted as texts, 10 and 11 would come before 2."""
    for number, name in enumerate(("2", "3", "10", "11")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for i in range(2):
            image = np.full((8, 8), 60 * number + i, np.uint8)
            Image.fromarray(image).save(tmp_path / "photos" / name / f"{i}.png")
    return tmp_path / "photos"


def written(path, source):
    """Returns the directory and the record of a run on a source."""
    run = RunDirectory(path)
    run.write(run.describe(Config(), SimpleNamespace(get_config=dict), source), source.contents)
    return run, run.read()


def test_whole_numbers_sort_by_value_and_recorded_names_keep_their_places(photos):
    source = load_dataset(str(photos), channels=1)
    assert source.class_names == ("2", "3", "10", "11")
    shown = source.labels, source.tensors["image"].numpy()[:, 0, 0, 0] // 60
    np.testing.assert_array_equal(*shown)
    older = load_dataset(str(photos), channels=1, class_names=["10", "11", "2", "3"])
    assert older.class_names == ("10", "11", "2", "3")
    np.testing.assert_array_equal(older.tensors["image"].numpy()[::2, 0, 0, 0], [120, 180, 0, 60])
    for names, recorded, expected in (
        (["b", "10", "9"], None, ["10", "9", "b"]),
        (["1", "01", "-2", "0"], None, ["-2", "0", "01", "1"]),
        (["a", "c", "z"], ["a", "b", "c"], ["a", "z", "c"]),
        (["a", "b", "c"], ["c", "a"], ["c", "a", "b"]),
        (["c"], ["a", "b", "c"], ["c"]),
    ):
        assert class_names.in_order(names, recorded) == expected


def rename(photos):
    (photos / "3").rename(photos / "dog")


def add(photos):
    shutil.copy(photos / "3" / "0.png", photos / "3" / "00.png")


def remove_last(photos):
    (photos / "11" / "1.png").unlink()


def grow(photos):
    with open(photos / "10" / "0.png", "ab") as file:
        file.write(b"more")


def move(photos):
    (photos / "2" / "0.png").rename(photos / "2" / "5.png")


def add_class(photos):
    (photos / "12").mkdir()
    shutil.copy(photos / "3" / "0.png", photos / "12")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (rename, "class 1 was '3', is now 'dog'"),
        (add, "file 3/00.png is new"),
        (remove_last, "file 11/1.png is gone"),
        (grow, "file 10/0.png was 70 bytes, is now 74 bytes"),
        (move, "file 2/0.png is gone"),
        (add_class, "class 4, '12', is new"),
        (lambda photos: None, None),
    ],
)
def test_the_first_difference_of_a_folder_is_named(change, said, photos, tmp_path):
    run, record = written(tmp_path / "run", load_dataset(str(photos), channels=1))
    change(photos)
    now = load_dataset(str(photos), channels=1, class_names=record["class_names"])
    found = run.change_of_data(record, now.class_names, now.contents)
    assert found == said or "bytes" in said and found.startswith("file 10/0.png was ")
    del record["data_digest"]  # A run of an older version knows the names of classes alone.
    older = run.change_of_data(record, now.class_names, now.contents)
    assert older == (said if said and said.startswith("class") else None)


def test_a_run_without_its_listing_still_notices(photos, tmp_path):
    run, record = written(tmp_path / "run", load_dataset(str(photos)))
    now = Contents("file", {"a.png": 1})
    for damage in ("gone", "other"):
        if damage == "gone":
            (tmp_path / "run" / "data.json.gz").unlink()
        else:
            now.write(run.data_file)
        names = record["class_names"]
        assert run.change_of_data(record, names, now) == "its digest is another one"
    (tmp_path / "run" / "data.json.gz").write_bytes(b"no listing")
    with pytest.raises(UserError, match="Cannot read .*data.json.gz"):
        run.change_of_data(record, record["class_names"], now)


def test_arrays_and_named_datasets(tmp_path):
    path, images = tmp_path / "x.npz", np.zeros((6, 4, 4), np.uint8)

    def contents(**arrays):
        np.savez(path, **arrays)
        return load_dataset(str(path)).contents

    first = contents(images=images, labels=np.arange(6))
    np.savez_compressed(path, labels=np.arange(6), images=images)
    assert load_dataset(str(path)).contents.digest == first.digest
    assert first.difference(contents(images=images)) == "array labels is gone"
    other = contents(images=images, labels=np.arange(6)[::-1])
    assert first.difference(other).startswith("array labels was int64 (6,) with the digest ")
    tokens = {"tokens": np.zeros((3, 2), int), "vocabulary": np.array(["a", ""])}
    before = contents(**tokens)
    assert before.difference(contents(**tokens | {"tokens": np.ones((3, 2), int)}))
    test, train = (load_dataset("digits", split=split).contents for split in ("test", "train"))
    assert test.difference(train) == "property split was test, is now train"
    assert first.difference(test) == "it was made of arrays, now of properties"
    both = [load_dataset("strokes", target=name).contents for name in ("edges", "digits")]
    assert both[0].difference(both[1]) == "property target: dataset was edges, is now digits"


def test_a_run_refuses_changed_data_unless_asked(photos, tmp_path, capsys):
    flags, run = ["--channels=1", f"--dataset={photos}"], tmp_path / "run"
    run_train(run, *flags, "--steps=1")
    rename(photos)
    before = (run / "config.json").read_text()
    message = fails(capsys, *flags, "--steps=2", run_dir=run)
    assert f"The data changed since {run} began: class 1 was '3', is now 'dog'. Rest" in message
    assert (run / "config.json").read_text() == before
    run_train(run, *flags, "--steps=2", "--allow_changed_data")
    assert "Going on with the data of now." in capsys.readouterr().err
    record = json.loads((run / "config.json").read_text())
    assert record["class_names"] == ["2", "dog", "10", "11"]
    assert not record["config"]["allow_changed_data"]
    del record["data_digest"], record["config"]["allow_changed_data"]
    (run / "config.json").write_text(json.dumps(record))  # As older versions wrote it.
    (run / "data.json.gz").unlink()
    run_train(run, *flags, "--steps=3")
    digest = load_dataset(str(photos)).contents.digest
    assert RunDirectory(run).read()["data_digest"] != digest  # It is in another order.
    remove_last(photos)
    samples = sample_sets._of_run(str(run), Options(run_dir=(str(run),)))
    assert samples.notes == (
        f"The data changed since {run} was trained on it: file 11/1.png is gone.",
    )


def test_a_worker_with_other_files_is_refused(photos):
    def description():
        source = load_dataset(str(photos))
        model = SimpleNamespace(get_config=dict)
        return RunDirectory("run").describe(Config(), model, source)

    chief = description()
    workers = SimpleNamespace(text_from_chief=lambda _: json.dumps(chief), count=int)
    resuming.check_same_work(workers, description())
    move(photos)
    with pytest.raises(UserError, match="same settings and data: data_digest is .* on the chief"):
        resuming.check_same_work(workers, description())
