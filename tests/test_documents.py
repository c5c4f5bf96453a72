"""The commands, flags, links and Python examples of the documents are real."""

import dataclasses
import importlib
import pathlib
import re
import shlex

import keras
import numpy as np
import pytest
import tensorflow as tf

import export
import train
from keras_gan import models
from keras_gan.options import parse
from keras_gan.runs.config import Config
from keras_gan.serving.options import ExportOptions

ROOT = pathlib.Path(__file__).parents[1]
README, BUILD = ROOT / "README.md", ROOT / "BUILD.md"
PAGES = [README, BUILD, *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = [
    *PAGES,
    *(ROOT / name for name in ("SECURITY.md", "CHANGELOG.md")),
    *sorted((ROOT / "benchmarks").glob("*.md")),
]
SCRIPTS = {"train.py": Config, "export.py": ExportOptions}
MODULES = ("evaluate", "generate", "probe", "translate")
STAND_IN = "keras_gan.serving.stand_in"
OTHERS_FLAGS = {"--help", "--flagfile", "--signature_name", "--strip_debug_ops"}


def name_of(path):
    return str(path.relative_to(ROOT))


def options_of(program):
    """Returns the dataclass of a program's flags."""
    if program in SCRIPTS:
        return SCRIPTS[program]
    if program == STAND_IN:
        return importlib.import_module(f"{STAND_IN}.__main__").Options
    package, _, command = program.rpartition(".")
    assert package == "keras_gan", program
    return importlib.import_module(f"keras_gan.commands.{command}").Options


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), flags=re.DOTALL)


def commands(path):
    lines = [line for block in blocks(path, "sh") for line in block.splitlines()]
    parts = [part.strip() for line in lines for part in line.split("&&")]
    return [shlex.split(part) for part in parts if part.startswith("python ")]


def inline_code(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    return re.findall(r"`([^`\n]+)`", text)


def anchor_of(heading):
    """Returns the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def anchors(path):
    return {anchor_of(h) for h in re.findall(r"^#+ (.*)$", path.read_text(), flags=re.M)}


def example_flags():
    sources = [path.read_text() for path in (ROOT / "examples").glob("*.py")]
    return {flag for source in sources for flag in re.findall(r'"(--\w+)"', source)}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_parse(path, monkeypatch):
    monkeypatch.chdir(ROOT)
    for _, *words in commands(path):
        if words[0] == "-m":
            words = words[1:]
        if words[0].startswith("examples/"):  # A program of its own, with flags of its own.
            flags = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
            source = (ROOT / words[0]).read_text()
            assert all(f'"{flag}"' in source for flag in flags)
            continue
        options = parse(options_of(words[0]), words)
        assert options is not None
        if words[0] == "train.py":
            pairs = [value.partition("=") for value in options.model_arg]
            texts = {key: value for key, _, value in pairs}
            models.parse_arguments(models.get(options.model), texts)


def test_pages_have_commands():
    found = {path: len(commands(path)) for path in PAGES}
    assert min(found[path] for path in (README, BUILD, ROOT / "docs" / "labels.md")) >= 3
    assert sum(found.values()) >= 35


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_flags_in_the_text_are_real(path):
    """Flags and `model_arg` names outside of blocks: those of any program, any system."""
    programs = [*SCRIPTS, *(f"keras_gan.{name}" for name in MODULES), STAND_IN]
    known = OTHERS_FLAGS | example_flags()
    for program in programs:
        for field in dataclasses.fields(options_of(program)):
            known |= {f"--{field.name}", f"--no{field.name}"}
    arguments = {name for system in models.names() for name in models.arguments(models.get(system))}
    for code in inline_code(path):
        if code.startswith(("pip ", "ruff ", "docker ")):
            continue
        assert set(re.findall(r"(?<![\w-])--\w+", code)) <= known, code
        assert set(re.findall(r"--model_arg=(?!key=value)(\w+)=", code)) <= arguments, code


def test_flags_of_training_and_export_are_explained():
    pages = {path.name: path.read_text() for path in PAGES}
    together = "".join(pages.values())
    flags = [field.name for field in dataclasses.fields(Config)]
    assert not [flag for flag in flags if f"`--{flag}" not in together]
    assert not [flag for flag in ExportOptions.shown if f"--{flag}" not in pages["serving.md"]]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_links_and_pictures_exist(path):
    text = path.read_text()
    targets = re.findall(r"\]\((?!http)([^)]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    for target in targets:
        file, _, anchor = target.partition("#")
        place = path.parent / file if file else path
        assert place.exists(), target
        assert not anchor or anchor in anchors(place), target
    assert "@@" not in text


def test_every_page_is_linked():
    linked = {
        (path.parent / target).resolve()
        for path in PAGES
        for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text())
    }
    assert set(PAGES) - {README} <= linked


def test_the_readme_is_short():
    lines = README.read_text().splitlines()
    assert len(lines) <= 250
    assert max(map(len, lines)) <= 110


def test_every_system_is_in_the_readme():
    section = README.read_text().split("## The systems")[1].split("\n## ")[0]
    rows = {line.split("|")[2].strip(" `"): line for line in section.splitlines() if "|" in line}
    assert set(models.names()) <= set(rows)
    assert not [name for name in models.names() if ".flags" not in rows[name]]


def test_every_room_is_in_the_table():
    section = BUILD.read_text().split("## Where to change what")[1].split("\n## ")[0]
    named = set(re.findall(r"\]\(keras_gan/(\w+)\)", section))
    rooms = {path.parent.name for path in (ROOT / "keras_gan").glob("*/__init__.py")}
    assert named == rooms


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Tiny runs with the names that the examples use."""
    directory = tmp_path_factory.mktemp("examples")
    dcgan, semi = directory / "runs" / "dcgan", directory / "runs" / "semi"
    train.main(["train.py", "--model_arg=width=1", "--steps=1", f"--run_dir={dcgan}"])
    export.main(["export.py", f"--run_dir={dcgan}", "--formats=onnx"])
    recipe = ROOT / "recipes" / "semi.flags"
    train.main(["train.py", f"--flagfile={recipe}", "--steps=1", f"--run_dir={semi}"])
    for name in ("cats", "dogs"):
        (directory / "photos" / name).mkdir(parents=True)
        keras.utils.save_img(directory / "photos" / name / "1.png", np.zeros((8, 8, 3)))
    return directory


def images_of(shape):
    def check(names):
        assert names["images"].shape == shape
        assert abs(names["images"]).max() <= 1.0

    return check


def classes(names):
    assert names["classes"].shape == (64, 10)


def trains(names):
    model = names["model"]
    images = np.random.default_rng(0).uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices({"image": images}).batch(4, drop_remainder=True)
    logs = model.fit(data, verbose=0, shuffle=False).history
    assert logs["g_variation"][0] > 0


def fits(names):
    spec = names["dataset"].element_spec
    assert spec["image"].shape == (32, 64, 64, 3) and spec["label"].shape == (32,)


EXAMPLES = [(name_of(path), i) for path in PAGES for i in range(len(blocks(path, "python")))]
RESULTS = {
    ("README.md", 0): images_of((16, 32, 32, 1)),
    ("docs/serving.md", 0): images_of((5, 8, 8, 1)),
    ("docs/labels.md", 0): classes,
    ("docs/extending.md", 0): trains,
    ("docs/training.md", 0): fits,
}


@pytest.mark.parametrize(("page", "number"), EXAMPLES)
def test_python_runs(page, number, runs, monkeypatch):
    """The examples as written, but for the length of a training."""
    source = blocks(ROOT / page, "python")[number]
    short = source.replace("steps_per_epoch=500", "steps_per_epoch=2")
    assert (short != source) == (".fit(" in source)
    monkeypatch.chdir(runs)
    names = {}
    exec(short, names)
    RESULTS[page, number](names)


def test_examples_are_all_there():
    assert set(RESULTS) <= set(EXAMPLES)
