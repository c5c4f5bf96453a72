"""The rooms of the package: a module imports only from rooms below its own."""

import ast
import pathlib
import re

import pytest

import keras_gan
from keras_gan import models

PACKAGE = pathlib.Path(keras_gan.__file__).parent
ROOMS = [
    {"generate", "translate", "evaluate", "probe"},
    {"commands"},
    {"serving"},
    {"evaluation"},
    {"command"},
    {"runs"},
    {"callbacks"},
    {"models"},
    {"networks"},
    {"game"},
    {"data"},
    {"theory"},
    {"losses", "penalties", "augment", "metrics", "latent_space", "optimizers"},
    {"layers"},
    {"drawing"},
    {"distribution"},
    {"randomness", "checks", "files"},
    {"options"},
    {"errors"},
]
HEIGHT = {name: len(ROOMS) - i for i, names in enumerate(ROOMS) for name in names}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def layer_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """Returns the top-level modules of the package that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "keras_gan":
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("keras_gan."):
            found.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("keras_gan.")}
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    own = layer_of(path)
    for name in imported(path) - {own}:
        assert HEIGHT[name] < HEIGHT[own], f"{own} imports {name}"


def test_only_options_knows_flags():
    using = [path.name for path in FILES if "absl" in path.read_text()]
    assert using == ["options.py"]


def test_few_modules_are_outside_of_rooms():
    assert len(list(PACKAGE.glob("*.py"))) <= 12


def test_loading_is_data_only():
    """No file of a user's is run as a program: pickles, whole models, SavedModels."""
    banned = re.compile(
        r"\b(pickle|marshal|shelve|joblib|yaml|load_model|load_weights|unsafe_load)\b"
        r"|\b(eval|exec)\(|saved_model\.load\b|allow_pickle=True|safe_mode"
    )
    for path in FILES:
        assert not (found := banned.search(path.read_text())), f"{path.name}: {found[0]}"


def test_only_pillow_decodes_images():
    """TensorFlow's decoders can abort the process on valid files."""
    banned = re.compile(
        r"\b(decode_(image|png|jpeg|jpg|bmp|gif|webp|raw|and_crop_jpeg)|DecodeImage|is_jpeg"
        r"|extract_jpeg_shape|load_img|image_dataset_from_directory|decode_example|cv2|imageio)\b"
    )
    opening = re.compile(r"\bImage\.open\(|\bimread\(")
    for path in FILES:
        assert not (found := banned.search(path.read_text())), f"{path.name}: {found[0]}"
    assert [path.name for path in FILES if opening.search(path.read_text())] == ["decoding.py"]


def test_files_can_be_read_in_one_sitting():
    lengths = sorted(len(path.read_text().splitlines()) for path in FILES)
    assert lengths[len(lengths) // 2] <= 150
    assert lengths[-1] <= 400


def test_systems_are_the_modules():
    files = {path.stem for path in (PACKAGE / "models").glob("*.py")} - {"__init__"}
    assert set(models.names()) == {name for name in files if not name.startswith("_")}
    for name in models.names():
        assert models.get(name).tiny, f"{name} has no tiny arguments for the tests"
        assert keras_gan.models.get(name).__doc__.strip()


def test_a_system_is_short():
    """At most 120 lines without docstrings and blank lines."""
    for name in models.names():
        text = (PACKAGE / "models" / f"{name}.py").read_text()
        lines, tree = text.splitlines(), ast.parse(text)
        count = sum(bool(line.strip()) for line in lines)
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                if ast.get_docstring(node):
                    first, last = node.body[0].lineno, node.body[0].end_lineno
                    count -= sum(bool(line.strip()) for line in lines[first - 1 : last])
        assert count <= 120, f"{name} has {count} lines"


def test_no_function_is_long():
    """At most 60 lines without the docstring."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                first = node.body[0]
                documented = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) else 0
                length = node.end_lineno - node.lineno + 1 - documented
                assert length <= 60, f"{path.name}: {node.name} has {length} lines"
