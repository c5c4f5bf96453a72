"""Makes the systems known to Keras when it loads files, without importing TensorFlow early.

Keras finds a class in a file by its registered name, so the module that registers it must have
been imported. Systems need TensorFlow, which `import keras_gan` must not load. They are
therefore imported right after Keras itself, whoever imports it.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys

# What systems are made of. These import Keras themselves; it has to be there, with all systems,
# before one of them has begun: a system cannot be made of a half imported module.
PARTS = (
    "augment", "distribution.replicas", "drawing", "game", "layers", "losses", "networks",
    "optimizers", "penalties", "randomness",
)  # fmt: skip


def register_with_keras():
    """Imports all systems as soon as Keras is there: at once, or when it has been imported."""
    if "keras" in sys.modules:
        _import_systems()
    elif not any(isinstance(finder, _AfterKeras) for finder in sys.meta_path):
        sys.meta_path.insert(0, _AfterKeras())


def is_part(name):
    """Tells whether a module of this full name is one that systems are made of."""
    own = name.removeprefix("keras_gan.")
    return name != own and any(own == part or own.startswith(f"{part}.") for part in PARTS)


def _import_systems():
    models = importlib.import_module("keras_gan.models")
    for name in models.names():
        importlib.import_module(f"keras_gan.models.{name}")


class _AfterKeras(importlib.abc.MetaPathFinder):
    """Waits for the import of Keras, or of a part of systems, which needs Keras."""

    def find_spec(self, name, path=None, target=None):
        del path, target
        if is_part(name):
            importlib.import_module("keras")
        if name != "keras":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name)
        if spec is not None:  # Whoever asks may look only, and import it later.
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                if self in sys.meta_path:
                    sys.meta_path.remove(self)
                    _import_systems()

            spec.loader.exec_module = exec_module
        return spec
