"""Sets up TensorFlow for the whole suite, with four logical CPUs for tests of replicas.

Each process computes with one thread, since the suite runs in as many processes as there are cores.
Graph rewriting is off, because it takes longer than running tiny networks.
"""

import gc
import os
import pathlib
import shutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
for library in ("TF_NUM_INTRAOP", "OMP_NUM", "OPENBLAS_NUM"):
    os.environ.setdefault(f"{library}_THREADS", "1")

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.mode_coverage import record
from keras_gan import callbacks, models
from keras_gan.commands.exporting import export
from keras_gan.distribution.replicas import make_strategy
from keras_gan.game.model import AdversarialModel
from keras_gan.models._latent import LatentGAN
from tests.runs import run_train

# Systems from latents to examples, which take all shared arguments.
LATENT = [name for name in models.names() if issubclass(models.get(name), LatentGAN)]
WITHOUT_REWRITING = {"disable_meta_optimizer": True}
# Seeding TensorFlow empties its cache of kernels, which are then built anew for each test. Only
# its stateful random operations need that seed, and nothing here uses them.
tf.random.set_seed = lambda seed: None
gc.set_threshold(100_000, 50, 100)  # Tracing makes many objects, and few cycles among them.
# Tests that start commands as processes run with rewriting.
tf.config.optimizer.set_experimental_options(WITHOUT_REWRITING)
tf.get_logger().setLevel("ERROR")  # The commands do the same.
make_strategy(cpu_replicas=4)


def build(name, image_shape=None, seed=0, **arguments):
    """Returns a tiny instance of a system, not compiled. Conditional ones have three classes."""
    keras.utils.set_random_seed(seed)
    system = models.get(name)
    arguments = {"num_classes": 3, **system.tiny, **arguments}
    return system(image_shape or system.tiny_shape, **arguments)


def examples(count, image_shape=(16, 16, 1), seed=0):
    """Returns a batch of random images in [-1, 1] of three classes."""
    draws = np.random.default_rng(seed)
    images, labels = draws.uniform(-1, 1, (count, *image_shape)), draws.integers(0, 3, count)
    return {"image": tf.constant(images, keras.config.floatx()), "label": tf.constant(labels)}


def values(variables):
    """Returns the values of variables as arrays, to compare before and after."""
    return [variable.numpy() for variable in variables]


def same(before, after):
    """Returns whether two lists of arrays are exactly equal."""
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def change_player(model, name, **fields):
    """Changes fields of a player of a built model, such as its loss or its networks."""
    (stage,) = model.stages
    players = tuple(p._replace(**fields) if p.name == name else p for p in stage.players)
    object.__setattr__(model, "stages", (stage._replace(players=players),))


def watch(model, name):
    """Returns a list to which each later update of a player appends (real, made, loss)."""
    (loss,) = (player.loss for player in model.players if player.name == name)
    seen = []

    def watched(real, made):
        seen.append((real, made, loss(real, made)))
        return seen[-1][2]

    change_player(model, name, loss=watched)
    return seen


@pytest.fixture(scope="module", autouse=True)
def fewer_to_collect():
    """Freezes objects left by earlier test modules: walking their graphs is slow."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Gives the tests their own cache directory."""
    directory = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(directory))
        yield directory


@pytest.fixture
def rewriting():
    """Turns on graph rewriting, as in users' runs, where rounding would differ without it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    yield
    tf.config.optimizer.set_experimental_options(WITHOUT_REWRITING)


@pytest.fixture
def eagerly(monkeypatch):
    """Lets commands train without tracing, which takes longer than a few tiny steps."""
    compile = AdversarialModel.compile

    def compile_eagerly(self, *args, **options):
        return compile(self, *args, **{**options, "run_eagerly": True})

    monkeypatch.setattr(AdversarialModel, "compile", compile_eagerly)


@pytest.fixture
def float64():
    """Builds and trains in double precision inside the test."""
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The directory of a finished run of seven steps. Copy it before you change it."""
    run_dir = tmp_path_factory.mktemp("runs") / "dcgan"
    run_train(run_dir, "--steps=7")
    return run_dir


@pytest.fixture(scope="session")
def exported(finished, tmp_path_factory):
    """The export directory of the finished run."""
    directory = tmp_path_factory.mktemp("exports") / "dcgan"
    export(str(finished), str(directory))
    return directory


@pytest.fixture
def before_step(monkeypatch):
    """Returns a function by which runs do something with their model before a step."""
    original = callbacks.Progress.on_train_batch_begin

    def do(step, action):
        def begin(self, batch, logs=None):
            original(self, batch, logs)
            if self.first_step + batch + 1 == step:
                action(self.model)

        monkeypatch.setattr(callbacks.Progress, "on_train_batch_begin", begin)

    return do


@pytest.fixture
def after_step(monkeypatch):
    """Returns a function by which runs do something with their model after a step."""
    original = callbacks.Progress.on_train_batch_end

    def do(step, action):
        def end(self, batch, logs=None):
            original(self, batch, logs)
            if self.step == step:
                action(self.model)

        monkeypatch.setattr(callbacks.Progress, "on_train_batch_end", end)

    return do


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A directory for the results and pages that the mode-coverage benchmark writes."""
    monkeypatch.setattr(record, "DIRECTORY", tmp_path / "results")
    monkeypatch.setattr(record, "DOCUMENT", tmp_path / "MODE_COVERAGE.md")
    monkeypatch.setattr(record, "CHOOSING", pathlib.Path(shutil.copy(record.CHOOSING, tmp_path)))
    return tmp_path
