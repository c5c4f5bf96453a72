"""The run directory: its files, its checkpoints, and a run read back from it.

Files are written beside their place and renamed into it, so that none is ever
half-written.
"""

import contextlib
import glob
import json
import os
import re
import shlex
import shutil
import sys
import tempfile

import tensorflow as tf

import keras_gan
from keras_gan import models
from keras_gan.config import Config
from keras_gan.errors import UserError, first_line


class RunDirectory:
    """Paths and records of a run.

    Args:
        path: The directory; it is made by the first write.

    Raises:
        UserError: For a path with [, ], * or ?, which TensorFlow takes for a
            pattern and cannot restore from.
    """

    def __init__(self, path):
        self.path = str(path)
        if set("[]*?") & set(self.path):
            raise UserError(f"--run_dir must be free of [ ] * and ?. Received: {self.path}.")
        self.config_file = os.path.join(self.path, "config.json")
        self.flagfile = os.path.join(self.path, "run.flags")
        self.metrics_file = os.path.join(self.path, "metrics.jsonl")
        self.samples = os.path.join(self.path, "samples")
        self.tensorboard = os.path.join(self.path, "tensorboard")
        self.checkpoints = os.path.join(self.path, "checkpoints")

    def read(self):
        """Returns the record of `write` as a dict, or `None` if there is no run here.

        Raises:
            UserError: If the record cannot be read.
        """
        try:
            with open(self.config_file, encoding="utf-8") as file:
                record = json.load(file)
            needed = {key: record[key] for key in ("model", "num_examples", "class_names")}
            return {**needed, "config": Config.from_dict(record["config"])}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"Cannot read {self.config_file}: {error}.") from None

    def describe(self, config, model, source):
        """Returns what is needed to resume, sample or export the run without its data."""
        record = {
            "keras_gan": keras_gan.__version__,
            "config": config.to_dict(),
            "model": model.get_config(),
            "num_examples": source.num_examples,
            "class_names": source.class_names,
        }
        return json.loads(json.dumps(record))

    def write(self, record):
        """Writes what `describe` returned, and a flagfile of the run."""
        try:
            write_text(self.config_file, json.dumps(record, indent=2) + "\n")
            write_text(self.flagfile, Config.from_dict(record["config"]).to_flagfile())
        except OSError as error:
            raise UserError(f"Cannot write into --run_dir={self.path}: {error.strerror}.") from None

    def checkpoint_paths(self):
        """Returns the complete checkpoints, oldest first; an index is written last."""
        if not os.path.isdir(self.checkpoints):
            return []
        names = (re.fullmatch(r"step-(\d+)\.index", name) for name in os.listdir(self.checkpoints))
        steps = sorted(int(name[1]) for name in names if name)
        return [os.path.join(self.checkpoints, f"step-{step}") for step in steps]

    def newest_step(self):
        """Returns the step of the newest checkpoint, or `None` if there is none."""
        paths = self.checkpoint_paths()
        return step_of(paths[-1]) if paths else None

    def own_flags(self):
        """Returns the flags that name this run with its own settings, wherever it is now."""
        return f"--flagfile={shlex.quote(self.flagfile)} --run_dir={shlex.quote(self.path)}"

    def is_occupied(self):
        """Tells whether there is something that a new run would mix with or delete."""
        ours = (self.metrics_file, self.tensorboard, self.checkpoints)
        return any(os.path.exists(path) for path in ours)

    def checkpoint(self, model):
        """Returns the `tf.train.Checkpoint` of a model and, if compiled, its optimizers."""
        # Keras metrics are no TensorFlow trackables, so the model does not bring them along.
        parts = {"model": model, "means": [v for m in model.metrics for v in m.variables]}
        if model.compiled:
            parts["generator_optimizer"] = model.generator_optimizer
            parts["discriminator_optimizer"] = model.discriminator_optimizer
        return tf.train.Checkpoint(**parts)

    def restore(self, model):
        """Restores the newest checkpoint that can be read; warns of each that cannot.

        Raises:
            UserError: If none can be read, or none fits the model.
        """
        checkpoint = self.checkpoint(model)
        for path in reversed(self.checkpoint_paths()):
            try:
                status = checkpoint.restore(path).expect_partial()
                status.assert_existing_objects_matched()
                return
            except (tf.errors.OpError, ValueError, IndexError, AssertionError) as error:
                print(
                    f"Warning: cannot restore the checkpoint {path}: {first_line(error)}",
                    file=sys.stderr,
                )
        raise UserError(
            f"None of the checkpoints in {self.checkpoints} can be restored. To start anew give "
            "another --run_dir."
        )

    def checkpoint_manager(self, model, keep_last):
        """Returns the manager that saves a model's checkpoints from its step on.

        Checkpoints of later steps, which could not be restored, are deleted.
        """
        kept = []
        for path in self.checkpoint_paths():
            if step_of(path) <= int(model.step.numpy()):
                kept.append(os.path.basename(path))
                continue
            for file in glob.glob(f"{path}.*"):
                os.remove(file)
        if kept:
            tf.compat.v1.train.update_checkpoint_state(
                self.checkpoints,
                kept[-1],
                kept,
                all_model_checkpoint_timestamps=[float(i) for i in range(len(kept))],
            )
        return tf.train.CheckpointManager(
            self.checkpoint(model),
            self.checkpoints,
            max_to_keep=keep_last,
            checkpoint_name="step",
        )


def step_of(path):
    """Returns the step of a checkpoint's path."""
    return int(path.rpartition("-")[2])


def load_run(run_dir):
    """Loads the model of a run with its newest checkpoint, ready to sample.

    Args:
        run_dir: A run directory that `train.py` wrote.

    Returns:
        (model, record): an `AdversarialModel`, not compiled, and the run's
        record with the keys `config`, `model` and `class_names`.

    Raises:
        UserError: If there is no run, or no checkpoint yet.
    """
    run = RunDirectory(run_dir)
    record = run.read()
    if record is None:
        raise UserError(
            f"There is no run in {run.path} (no config.json). Train one first: "
            f"python train.py --flagfile=dcgan.flags --run_dir={run.path}"
        )
    if run.newest_step() is None:
        raise UserError(
            f"The run {run.path} has no checkpoint yet. Train it first: "
            f"python train.py {run.own_flags()}"
        )
    try:
        model = models.get(record["config"].model).from_config(record["model"])
    except (TypeError, KeyError, AttributeError) as error:
        raise UserError(f"Cannot build the model of {run.config_file}: {error}") from None
    run.restore(model)
    return model, record


def write_text(path, text):
    """Writes a text file atomically, making its directory."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path beside `path` that replaces it if the block succeeds."""
    directory = os.path.dirname(path) or "."
    os.makedirs(directory, exist_ok=True)
    # A name that TensorBoard does not take for an event file.
    temporary = os.path.join(directory, f".tmp-{os.getpid()}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


@contextlib.contextmanager
def new_directory(path):
    """Yields a temporary directory that becomes `path` if the block succeeds.

    Raises:
        FileExistsError: If `path` exists; it is never overwritten.
    """
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=".tmp-", dir=parent)
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        if os.path.exists(path):
            raise FileExistsError(path)
        os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
