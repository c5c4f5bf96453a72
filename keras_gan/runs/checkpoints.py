"""The checkpoints of a run: each holds the whole state of training at a step.

A checkpoint has TensorFlow's format, `step-N.index` and `step-N.data-*`, with a
checksum for each tensor. It is written to a temporary directory, then its files are
renamed into place. The index is renamed last; a checkpoint without it is incomplete.
"""

import glob
import os
import re
import shutil
import sys

import tensorflow as tf

from keras_gan import files
from keras_gan.errors import UserError, first_line

_KEY = "{}/{}/.ATTRIBUTES/VARIABLE_VALUE"  # TensorFlow's key for an entry of a list.
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"  # TensorFlow's key for its description of all names.


class Checkpoints:
    """The checkpoints in a directory.

    Args:
        directory: The directory; the first save creates it.
    """

    def __init__(self, directory):
        self.directory = directory
        self.list = os.path.join(directory, "checkpoint")
        self.protected = set()

    def paths(self):
        """Returns the complete checkpoints, oldest first."""
        if not os.path.isdir(self.directory):
            return []
        names = (re.fullmatch(r"step-(\d+)\.index", name) for name in os.listdir(self.directory))
        return [self.path(step) for step in sorted(int(name[1]) for name in names if name)]

    def path(self, step):
        """Returns the path of the checkpoint of a step."""
        return os.path.join(self.directory, f"step-{step}")

    def newest_step(self):
        """Returns the step of the newest checkpoint, or `None` if there is none."""
        return max(self.steps(), default=None)

    def steps(self):
        """Returns the steps of the complete checkpoints, oldest first."""
        return [step_of(path) for path in self.paths()]

    def restore(self, model, step=None):
        """Restores the newest readable checkpoint; prints a warning for each unreadable one.

        Args:
            model: An `AdversarialModel`. If it is not compiled, only the networks are
                restored.
            step: Restore only the checkpoint of this step. `None`: the newest.

        Raises:
            UserError: If no checkpoint can be read, or one does not fit the model.
        """
        parts = state(model)
        for path in reversed(self.paths()) if step is None else [self.path(step)]:
            try:
                values = _read(path, parts)
            except (tf.errors.OpError, RuntimeError, ValueError, IndexError) as error:
                if isinstance(error, UserError):
                    raise
                print(
                    f"Warning: cannot restore the checkpoint {path}: {first_line(error)}",
                    file=sys.stderr,
                )
                continue
            for variable, value in values:
                variable.assign(value)
            return
        raise UserError(
            f"None of the checkpoints in {self.directory} can be restored. Restore them from a "
            "backup, or start a new run with another --run_dir."
        )

    def save(self, model, step, keep_last=1, keep_every=None):
        """Saves a model and its optimizers, then deletes old checkpoints.

        Args:
            model: A compiled `AdversarialModel`.
            step: Generator steps done.
            keep_last: Number of newest checkpoints to keep.
            keep_every: Also keep checkpoints whose step is a multiple of this.

        Returns:
            The path of the checkpoint.

        Raises:
            UserError: If the checkpoint cannot be written. Earlier ones stay intact.
        """
        path = self.path(step)
        temporary = os.path.join(self.directory, f"{files.TEMPORARY}save")
        try:
            os.makedirs(temporary, exist_ok=True)
            _trackable(state(model)).write(os.path.join(temporary, os.path.basename(path)))
            self._publish(temporary)
            for old in self.paths()[:-keep_last]:
                superseded = keep_every is None or step_of(old) % keep_every
                if superseded and old not in self.protected:
                    _delete(old)
            self._write_list()
        except (tf.errors.OpError, OSError) as error:
            # TensorFlow's message starts with a long temporary name; the reason comes last.
            reason = getattr(error, "strerror", None) or first_line(error).rpartition("; ")[2]
            raise UserError(
                f"Cannot save a checkpoint at step {step} in {self.directory}: {reason}. Free some "
                f"space, then run the same command to resume from step {self.newest_step() or 0}."
            ) from None
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return path

    def _publish(self, temporary):
        """Syncs the files of a checkpoint to disk, then renames them into place."""
        written = sorted(glob.glob(os.path.join(glob.escape(temporary), "step-*")))
        for file in written:
            files.sync(file)
        for file in sorted(written, key=lambda file: file.endswith(".index")):
            os.replace(file, os.path.join(self.directory, os.path.basename(file)))
        files.sync(self.directory)

    def protect(self, keep_last):
        """Protects the present checkpoints from deletion, except for the newest `keep_last`.

        An earlier call kept them on purpose, so later saves must not delete them.
        """
        self.protected = set(self.paths()[:-keep_last])

    def are_lost(self):
        """Returns whether the list of checkpoints exists but the checkpoints are gone."""
        return os.path.exists(self.list) and not self.paths()

    def forget_after(self, step):
        """Deletes the checkpoints after `step`, which could not be restored."""
        for path in self.paths():
            if step_of(path) > step:
                _delete(path)
        self._write_list()

    def sweep(self):
        """Removes the incomplete files of saves that were killed."""
        files.sweep(self.directory)
        complete = {f"{path}.index" for path in self.paths()}
        for path in glob.glob(os.path.join(glob.escape(self.directory), "step-*.data-*")):
            if path.rpartition(".")[0] + ".index" not in complete:
                os.remove(path)

    def _write_list(self):
        """Writes the list that TensorFlow's own tools use to find checkpoints."""
        names = [os.path.basename(path) for path in self.paths()]
        if names:
            listed = "".join(f'all_model_checkpoint_paths: "{name}"\n' for name in names)
            files.write_text(
                self.list,
                f'model_checkpoint_path: "{names[-1]}"\n{listed}',
            )


def state(model):
    """Returns the whole state of training, as lists of variables by part."""
    # Keras' metrics are not TensorFlow trackables, so they are not among the model's variables.
    parts = {"model": model.variables}
    if model.compiled:
        parts["means"] = [v for metric in model.metrics for v in metric.variables]
        for player in reversed(model.players):
            parts[f"{player.title}_optimizer"] = model.optimizers[player.name].variables
    return parts


def variables(model):
    """Returns the variables of `state`."""
    return [variable for part in state(model).values() for variable in part]


def step_of(path):
    """Returns the step of a checkpoint's path."""
    return int(path.rpartition("-")[2])


def _trackable(parts):
    return tf.train.Checkpoint(**{name: [v.value for v in part] for name, part in parts.items()})


def _read(path, parts):
    """Reads a checkpoint and returns pairs (variable, value).

    It first compares names, shapes and types with those of the model, from the index
    alone. So a checkpoint that does not fit, or is too large, is refused before its
    data is read.

    Raises:
        UserError: If the checkpoint's variables are not those of the model.
    """
    variables = {
        _KEY.format(name, number): variable
        for name, part in parts.items()
        for number, variable in enumerate(part)
    }
    expected = {key: (v.path, tuple(v.shape), tf.as_dtype(v.dtype)) for key, v in variables.items()}
    reader = tf.train.load_checkpoint(path)
    kinds = reader.get_variable_to_dtype_map()
    found = {
        key: (tuple(shape), kinds[key])
        for key, shape in reader.get_variable_to_shape_map().items()
        if key.partition("/")[0] in parts
    }
    for key in {**expected, **found}:
        name, *mine = expected.get(key, (key, "nothing", ""))
        theirs = found.get(key, ("nothing", ""))
        if tuple(mine) != theirs:
            raise UserError(
                f"The checkpoint {path} is not of this model: for {name} expected "
                f"{_shown(*mine)}. Received: {_shown(*theirs)}. If another version of keras_gan "
                "wrote it, use that version, or start a new run with another --run_dir."
            )
    reader.get_tensor(_GRAPH)  # Not needed, but reading it detects damage to the file.
    return [(variable, reader.get_tensor(key)) for key, variable in variables.items()]


def _shown(shape, kind):
    return f"{kind.name} {shape}" if kind else shape


def _files(path):
    return glob.glob(f"{glob.escape(path)}.*")


def _delete(path):
    # Delete the index first, so that an interrupted deletion leaves no valid checkpoint.
    for file in sorted(_files(path), key=lambda file: not file.endswith(".index")):
        os.remove(file)
