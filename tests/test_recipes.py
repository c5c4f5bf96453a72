"""Every recipe parses, names what exists, and says what it is."""

import pathlib

import pytest

from keras_gan import models
from keras_gan.data import BUILT_IN, load_dataset
from keras_gan.options import parse
from keras_gan.runs.config import Config, key_values

ROOT = pathlib.Path(__file__).parents[1]
RECIPES = [ROOT / "dcgan.flags", *sorted((ROOT / "recipes").glob("*.flags"))]


def data_arguments(system, config):
    """Returns what the dataset of a recipe decides, most of which cannot be downloaded here."""
    if config.dataset in BUILT_IN:
        given = {"target": config.target, "image_size": config.image_size}
        return system.data_arguments(load_dataset(config.dataset, **given))
    side = int(config.image_size)
    return {"image_shape": (side, side, config.channels or 1), "num_classes": 10}


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipe(path):
    config = parse(Config, ["train.py", f"--flagfile={path}"])
    system = models.get(config.model)
    arguments = models.parse_arguments(system, key_values(config.model_arg))
    model = system(**data_arguments(system, config), **arguments)
    assert config.directory == f"runs/{path.stem}"
    for function in model.functions.values():
        sides = function.network.output_shape[1:]
        assert all(a in (None, b) for a, b in zip(sides, function.output.shape, strict=True))
    head = path.read_text().split("\n\n")[0]
    relative = path.relative_to(ROOT)
    assert f"python train.py --flagfile={relative}" in head
    assert "arXiv:" in head and "Ran:" in head and "@@" not in head


def test_every_system_has_a_recipe():
    named = {parse(Config, ["train.py", f"--flagfile={path}"]).model for path in RECIPES}
    assert named == set(models.names())
