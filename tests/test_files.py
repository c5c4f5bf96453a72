"""Atomic writes: a file is complete, or it is the old one."""

import os
import pathlib

import pytest

from keras_gan.files import new_directory, replacing, sweep


def test_replacing_leaves_the_old_file_when_the_writer_fails(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(str(path)) as temporary:
        pathlib.Path(temporary).write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    with replacing(str(tmp_path / "events.out.tfevents.1")) as temporary:
        assert "tfevents" not in temporary  # TensorBoard would read such a file.
        pathlib.Path(temporary).touch()
    (tmp_path / "events.out.tfevents.1").unlink()
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_new_directory_never_overwrites(tmp_path):
    with new_directory(str(tmp_path / "a" / "1")) as temporary:
        pathlib.Path(temporary, "x").touch()
    with pytest.raises(FileExistsError), new_directory(str(tmp_path / "a" / "1")):
        pass
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["1"]
    assert (tmp_path / "a" / "1" / "x").exists()


def test_sweep_removes_files_of_killed_writers(tmp_path):
    (tmp_path / ".tmp-folder").mkdir()
    for name in (".tmp-file", ".tmp-folder/x", "kept"):
        (tmp_path / name).touch()
    sweep(str(tmp_path), seconds=60)
    assert len(list(tmp_path.iterdir())) == 3  # Recent files may still be in use.
    sweep(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.parametrize("write", [replacing, new_directory])
def test_files_are_synced_before_they_are_renamed(write, tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace", "rename"):
        original = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *a, name=name, original=original: calls.append(name) or original(*a)
        )
    with write(str(tmp_path / "x")) as temporary:
        path = pathlib.Path(temporary)
        (path / "inside" if path.is_dir() else path).write_text("x")
    assert calls[0] == "fsync" and calls[-1] == "fsync"
    assert {"replace", "rename"} & set(calls[1:-1])
