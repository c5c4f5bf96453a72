"""The run directory: names its files and loads a run from them."""

import glob
import json
import os
import shlex

import keras_gan
from keras_gan import files, models
from keras_gan.errors import UserError, first_line
from keras_gan.game.standing_statistics import recompute_statistics
from keras_gan.runs.checkpoints import Checkpoints
from keras_gan.runs.config import Config


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
        self.checkpoints = Checkpoints(os.path.join(self.path, "checkpoints"))
        self.best = Checkpoints(os.path.join(self.path, "best"))

    def read(self):
        """Returns the record of `write` as a dict, or `None` if there is no run here.

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
            if not all(isinstance(text, str) for text in list(vocabulary)):
                raise TypeError(f"vocabulary is {vocabulary!r}")
            return {**record, "config": Config.from_dict(record["config"])}
        except FileNotFoundError:
            return None
        except KeyError as error:
            raise UserError(f"Cannot read {self.config_file}: it has no {error}.") from None
        except (OSError, ValueError, TypeError, RecursionError) as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise UserError(f"Cannot read {self.config_file}: {reason}.") from None

    def describe(self, config, model, source):
        """Returns what is needed to resume, sample or export the run without its data."""
        record = {
            "keras_gan": keras_gan.__version__,
            "config": config.to_dict(),
            "model": model.get_config(),
            "num_examples": source.num_examples,
            "class_names": source.class_names,
        }
        if len(source.counts) > 1:  # Else `num_examples` says it all.
            record["counts"] = source.counts
        if source.vocabulary:
            record["vocabulary"] = source.vocabulary
        return json.loads(json.dumps(record))

    def write(self, record):
        """Writes what `describe` returned, and a flagfile of the run."""
        try:
            files.write_text(self.config_file, json.dumps(record, indent=2) + "\n")
            files.write_text(self.flagfile, Config.from_dict(record["config"]).to_flagfile())
        except OSError as error:
            raise UserError(f"Cannot write into --run_dir={self.path}: {error.strerror}.") from None

    def own_flags(self):
        """Returns the flags that name this run with its own settings, wherever it is now."""
        return f"--flagfile={shlex.quote(self.flagfile)} --run_dir={shlex.quote(self.path)}"

    def locate(self, checkpoint):
        """Returns (`Checkpoints`, step or `None` for their newest) of what `load_run` takes.

        Raises:
            UserError: If it is not there.
        """
        if checkpoint == "best":
            if self.best.newest_step() is None:
                raise UserError(
                    f"The run {self.path} has no best checkpoint: it was not trained with "
                    "--evaluate_every and --keep_best."
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
            f"--checkpoint must be newest, best or a step that {self.path} has a checkpoint of "
            f"({steps}). Received: {checkpoint}."
        )

    def is_occupied(self):
        """Tells whether there is something that a new run would mix with or delete."""
        ours = (self.metrics_file, self.tensorboard, self.checkpoints.directory)
        return any(os.path.exists(path) for path in ours)

    def sweep(self):
        """Removes what a killed process left half-written."""
        of_functions = glob.glob(os.path.join(self.samples, "*", ""))
        for directory in (self.path, self.samples, *of_functions, self.tensorboard):
            files.sweep(directory)
        self.checkpoints.sweep()
        self.best.sweep()


def load_run(run_dir, checkpoint="newest", standing_statistics=0):
    """Loads the model of a run with one of its checkpoints, ready to sample.

    Args:
        run_dir: A run directory that `train.py` wrote.
        checkpoint: `"newest"`, `"best"` (the one that `--keep_best` kept) or a step.
        standing_statistics: Batches of samples that batch norm's statistics are taken from;
            see `keras_gan.game.standing_statistics`. 0: those of training.

    Returns:
        (model, record): an `AdversarialModel`, not compiled, and the run's
        record with the keys `config`, `model` and `class_names`.

    Raises:
        UserError: If there is no run, or no such checkpoint.
    """
    run = RunDirectory(run_dir)
    record = run.read()
    if record is None:
        raise UserError(
            f"There is no run in {run.path} (no config.json). Train one first: "
            f"python train.py --flagfile=dcgan.flags --run_dir={run.path}"
        )
    checkpoints, step = run.locate(checkpoint)
    try:
        model = models.get(record["config"].model).from_config(record["model"])
    except Exception as error:  # Whatever Keras says to arguments that are not ours.
        raise UserError(
            f"Cannot build the model of {run.config_file}: {first_line(error)}"
        ) from None
    checkpoints.restore(model, step)
    if standing_statistics:
        recompute_statistics(model, standing_statistics)
    return model, record
