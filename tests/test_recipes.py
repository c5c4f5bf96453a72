"""Every recipe parses, names what exists, and says what it is."""

import pathlib

import pytest

from keras_gan import models
from keras_gan.options import parse
from keras_gan.runs.config import Config, key_values

ROOT = pathlib.Path(__file__).parents[1]
RECIPES = [ROOT / "dcgan.flags", *sorted((ROOT / "recipes").glob("*.flags"))]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipe(path):
    config = parse(Config, ["train.py", f"--flagfile={path}"])
    system = models.get(config.model)
    arguments = models.parse_arguments(system, key_values(config.model_arg))
    if config.dataset in ("ring", "grid"):
        shape = (2,)
    else:
        side = int(config.image_size)
        shape = (side, side, config.channels or 1)
    model = system(shape, num_classes=10, **arguments)
    assert config.directory == f"runs/{path.stem}"
    assert model.generator.output_shape[1:] == model.image_shape
    head = path.read_text().split("\n\n")[0]
    relative = path.relative_to(ROOT)
    assert f"python train.py --flagfile={relative}" in head
    assert "arXiv:" in head and "Ran:" in head and "@@" not in head


def test_every_system_has_a_recipe():
    named = {parse(Config, ["train.py", f"--flagfile={path}"]).model for path in RECIPES}
    assert named == set(models.names())
