"""Registers the systems with Keras, so that it can load files of them.

Keras looks up the class in a file by its registered name, so the module that registers it must
be imported first. Systems need TensorFlow, which `import keras_gan` must not load. Therefore an
import hook imports the systems right after Keras itself.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys

# Modules that systems import and that import Keras themselves. Importing one of them must first
# import Keras and all systems: a system cannot import from a half-imported module.
PARTS = (
    "augment", "data", "distribution.replicas", "drawing", "game", "layers", "losses", "networks",
    "optimizers", "penalties", "randomness",
)  # fmt: skip


def register_with_keras():
    """Imports all systems now if Keras is loaded, otherwise as soon as it is imported."""
    if "keras" in sys.modules:
        _import_systems()
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def is_part(name):
    """Returns whether systems import the module of this full name."""
    own = name.removeprefix("keras_gan.")
    return name != own and any(own == part or own.startswith(f"{part}.") for part in PARTS)


def _import_systems():
    models = importlib.import_module("keras_gan.models")
    for name in models.names():
        importlib.import_module(f"keras_gan.models.{name}")


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Import hook that imports the systems after Keras."""

    def find_spec(self, name, path=None, target=None):
        del path, target
        if is_part(name):
            importlib.import_module("keras")
        if name != "keras":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is not None:  # The caller may only look for Keras, and import it later.
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                if self in sys.meta_path:
                    sys.meta_path.remove(self)
                    _import_systems()

            spec.loader.exec_module = exec_module
        return spec
