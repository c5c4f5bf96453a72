"""Trains and serves generative adversarial networks in Keras.

Public names are imported on first use, so that `import keras_gan` and `--help` do not load
TensorFlow. When Keras is imported as well, `keras.models.load_model` can load every system.
"""

import importlib

from keras_gan.registration import register_with_keras

__version__ = "0.1.0"

_PUBLIC = {
    "AdversarialModel": "keras_gan.game.model",
    "LatentGAN": "keras_gan.models._latent",
    "Config": "keras_gan.runs.config",
    "UserError": "keras_gan.errors",
    "load_dataset": "keras_gan.data",
    "train": "keras_gan.commands.training",
    "export": "keras_gan.commands.exporting",
    "evaluate": "keras_gan.commands.judging",
    "load_run": "keras_gan.runs.directory",
}
_SUBMODULES = (
    "augment",
    "callbacks",
    "data",
    "latent_space",
    "losses",
    "metrics",
    "models",
    "networks",
    "penalties",
    "theory",
)

__all__ = ["__version__", *_PUBLIC, *_SUBMODULES]


def __getattr__(name):
    if name in _PUBLIC:
        return getattr(importlib.import_module(_PUBLIC[name]), name)
    if name in _SUBMODULES:
        return importlib.import_module(f"keras_gan.{name}")
    raise AttributeError(f"module 'keras_gan' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


register_with_keras()
