"""The commands and links of the documents are real."""

import pathlib
import re
import shlex

import pytest

import export
import train
from keras_gan.commands import evaluate, generate, probe
from keras_gan.options import parse
from keras_gan.runs.config import Config
from keras_gan.serving.options import ExportOptions
from keras_gan.serving.stand_in import __main__ as stand_in

ROOT = pathlib.Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "BUILD.md", ROOT / "docs" / "labels.md"]
TEXTS = [*DOCUMENTS, *(ROOT / name for name in ("SECURITY.md", "CHANGELOG.md", "docs/choosing.md"))]
PROGRAMS = {
    "train.py": Config,
    "export.py": ExportOptions,
    "keras_gan.evaluate": evaluate.Options,
    "keras_gan.generate": generate.Options,
    "keras_gan.probe": probe.Options,
    "keras_gan.serving.stand_in": stand_in.Options,
}


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), flags=re.DOTALL)


def commands(path):
    lines = [line for block in blocks(path, "sh") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [shlex.split(part) for part in parts if part.startswith("python ")]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_commands_parse(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = commands(path)
    assert len(found) >= 3
    for _, *words in found:
        if words[0] == "-m":
            words = words[1:]
        if words[0].startswith("examples/"):  # A program of its own, with flags of its own.
            flags = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
            source = (ROOT / words[0]).read_text()
            assert all(f'"{flag}"' in source for flag in flags)
            continue
        assert parse(PROGRAMS[words[0]], words) is not None


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_and_pictures_exist(path):
    text = path.read_text()
    targets = re.findall(r"\]\((?!http)([^)#]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for target in targets:
        assert (path.parent / target).exists(), target
    assert "@@" not in text


def test_python_of_the_readme(monkeypatch, tmp_path):
    """The training example as written, but for its length."""
    source = blocks(ROOT / "README.md", "python")[0]
    short = source.replace("steps_per_epoch=500", "steps_per_epoch=2")
    assert short != source
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(short, names)
    assert names["images"].shape == (16, 32, 32, 1)
    assert abs(names["images"]).max() <= 1.0


def test_onnx_of_the_readme(monkeypatch, tmp_path):
    """The ONNX example as written, on an export of a tiny run of the same name."""
    monkeypatch.chdir(tmp_path)
    train.main(["train.py", "--model_arg=width=1", "--steps=1", "--run_dir=runs/dcgan"])
    export.main(["export.py", "--run_dir=runs/dcgan", "--formats=onnx"])
    names = {}
    exec(blocks(ROOT / "README.md", "python")[1], names)
    assert names["images"].shape == (5, 8, 8, 1)
