"""The run directory: names its files and loads a run from them."""

import glob
import json
import os
import shlex

import keras_gan
from keras_gan import files, models
from keras_gan.data import class_names as class_names_of
from keras_gan.data.contents import Contents
from keras_gan.errors import UserError, first_line
from keras_gan.game.standing_statistics import recompute_statistics
from keras_gan.runs.checkpoints import Checkpoints
from keras_gan.runs.config import Config


class RunDirectory:
    """Paths and records of a run.

    Args:
        path: The directory. The first write creates it.

    Raises:
        UserError: If the path has [, ], * or ?. TensorFlow takes such a path for a pattern and
            cannot restore from it.
    """

    def __init__(self, path):
        self.path = os.path.expanduser(path)
        if set("[]*?") & set(self.path):
            raise UserError(
                f"--run_dir must not contain [ ] * or ?. Received: {self.path}. Use another path."
            )
        self.config_file = os.path.join(self.path, "config.json")
        self.flagfile = os.path.join(self.path, "run.flags")
        self.data_file = os.path.join(self.path, "data.json.gz")
        self.metrics_file = os.path.join(self.path, "metrics.jsonl")
        self.samples = os.path.join(self.path, "samples")
        self.tensorboard = os.path.join(self.path, "tensorboard")
        self.checkpoints = Checkpoints(os.path.join(self.path, "checkpoints"))
        self.best = Checkpoints(os.path.join(self.path, "best"))

    def read(self):
        """Reads the record that `write` wrote, a dict, or returns `None` if there is no run.

        Raises:
            UserError: If the record cannot be read.
        """
        try:
            with open(self.config_file, encoding="utf-8") as file:
                record = json.load(file)
            kinds = {"config": dict, "model": dict, "num_examples": int, "class_names": object}
            for key, kind in kinds.items():
                if not isinstance(record[key], kind):
                    raise TypeError(f"{key} is {record[key]!r}")
            counts, vocabulary = record.get("counts", {}), record.get("vocabulary", [])
            if not all(isinstance(count, int) for count in dict(counts).values()):
                raise TypeError(f"counts is {counts!r}")
            depths = record.get("bit_depths", {})
            if not all(depth in range(8, 17) for depth in dict(depths).values()):
                raise TypeError(f"bit_depths is {depths!r}")
            for key, texts in (("vocabulary", vocabulary), ("class_names", record["class_names"])):
                if not all(isinstance(text, str) for text in list(texts or ())):
                    raise TypeError(f"{key} is {texts!r}")
            return {**record, "config": Config.from_dict(record["config"])}
        except FileNotFoundError:
            return None
        except KeyError as error:
            raise UserError(f"Cannot read {self.config_file}: it has no {error}.") from None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise UserError(f"Cannot read {self.config_file}: {reason}.") from None

    def describe(self, config, model, source):
        """Returns the record of a run: all that sampling and export need, without the data."""
        record = {
            "keras_gan": keras_gan.__version__,
            "config": config.kept().to_dict(),
            "model": model.get_config(),
            "num_examples": source.num_examples,
            "class_names": source.class_names,
        }
        if source.contents:
            record["data_digest"] = source.contents.digest
        if len(source.counts) > 1:  # Otherwise `num_examples` is enough.
            record["counts"] = source.counts
        if source.bit_depths:
            record["bit_depths"] = source.bit_depths
        if source.vocabulary:
            record["vocabulary"] = source.vocabulary
        return json.loads(json.dumps(record))

    def write(self, record, contents=None):
        """Writes the record from `describe`, a flagfile, and the `Contents` of the data."""
        try:
            if contents:
                contents.write(self.data_file)
            files.write_text(self.config_file, json.dumps(record, indent=2) + "\n")
            files.write_text(self.flagfile, Config.from_dict(record["config"]).to_flagfile())
        except OSError as error:
            raise UserError(f"Cannot write into --run_dir={self.path}: {error.strerror}.") from None

    def change_of_data(self, record, class_names, contents):
        """Returns the first difference between the data of a run and data of now, or `None`.

        Args:
            record: The run's record. Older ones have no digest of the data: then only names of
                classes are compared.
            class_names: Names of the classes now, in the order of their labels.
            contents: `Contents` of the data now, or `None` if they are unknown.
        """
        renamed = class_names_of.difference(record["class_names"], class_names)
        digest = record.get("data_digest")
        if renamed or contents is None or digest in (None, contents.digest):
            return renamed
        before = Contents.read(self.data_file)
        known = before is not None and before.digest == digest
        return before.difference(contents) if known else "its digest is another one"

    def own_flags(self):
        """Returns flags that name this run and its settings, even if it was moved."""
        return f"--flagfile={shlex.quote(self.flagfile)} --run_dir={shlex.quote(self.path)}"

    def locate(self, checkpoint):
        """Finds a checkpoint.

        Args:
            checkpoint: `"newest"`, `"best"` or a step.

        Returns:
            (`Checkpoints`, step), with the step `None` for the newest of these checkpoints.

        Raises:
            UserError: If there is no such checkpoint.
        """
        if checkpoint == "best":
            if self.best.newest_step() is None:
                raise UserError(
                    f"The run {self.path} has no best checkpoint, because it was not trained with "
                    "--evaluate_every and --keep_best. Use --checkpoint=newest."
                )
            return self.best, None
        if self.checkpoints.newest_step() is None:
            raise UserError(
                f"The run {self.path} has no checkpoint yet. Train it first: "
                f"python train.py {self.own_flags()}"
            )
        if checkpoint == "newest":
            return self.checkpoints, None
        for checkpoints in (self.checkpoints, self.best):
            for step in checkpoints.steps():
                if str(step) == str(checkpoint):
                    return checkpoints, step
        steps = ", ".join(map(str, self.checkpoints.steps()))
        raise UserError(
            f"--checkpoint must be newest, best or the step of a checkpoint in {self.path} "
            f"({steps}). Received: {checkpoint}."
        )

    def is_occupied(self):
        """Returns whether there are logs or checkpoints that a new run would delete or mix with."""
        ours = (self.metrics_file, self.tensorboard, self.checkpoints.directory)
        return any(os.path.exists(path) for path in ours)

    def sweep(self):
        """Removes half-written files of a killed process."""
        of_functions = glob.glob(os.path.join(self.samples, "*", ""))
        for directory in (self.path, self.samples, *of_functions, self.tensorboard):
            files.sweep(directory)
        self.checkpoints.sweep()
        self.best.sweep()


def bit_depths(record):
    """Returns the `bit_depth` of `load_dataset` that gives a run the images it was trained on.

    Args:
        record: The run's record. Without an entry there were no 16-bit images, or the run is of
            a version that always scaled them by 16 bits.
    """
    return record.get("bit_depths") or 16


def load_run(run_dir, checkpoint="newest", standing_statistics=0):
    """Loads the model of a run from one of its checkpoints, ready to sample.

    Args:
        run_dir: Run directory that `train.py` wrote.
        checkpoint: `"newest"`, `"best"` (kept by `--keep_best`) or a step.
        standing_statistics: Number of batches of samples to recompute the batch-norm statistics
            from; see `keras_gan.game.standing_statistics`. 0 uses the statistics of training.

    Returns:
        (model, record): an `AdversarialModel`, not compiled, and the run's record with the keys
        `config`, `model`, `class_names` and others.

    Raises:
        UserError: If there is no run, or no such checkpoint.
    """
    run = RunDirectory(run_dir)
    record = run.read()
    if record is None:
        raise UserError(
            f"There is no run in {run.path} (no config.json). Train one first, for "
            f"example: python train.py --flagfile=dcgan.flags --run_dir={run.path}"
        )
    checkpoints, step = run.locate(checkpoint)
    try:
        model = models.get(record["config"].model).from_config(record["model"])
    except Exception as error:  # Keras raises errors of many types for unknown arguments.
        raise UserError(
            f"Cannot build the model of {run.config_file}: {first_line(error)}"
        ) from None
    checkpoints.restore(model, step)
    if standing_statistics:
        recompute_statistics(model, standing_statistics)
    return model, record
