"""The checkpoints of a run: the whole state of training, at a step.

A checkpoint is data in TensorFlow's format, `step-N.index` and `step-N.data-*`,
with a checksum for each tensor. It is written to a temporary name; the index
appears last and makes it complete.
"""

import contextlib
import glob
import os
import re
import shutil
import sys

import tensorflow as tf

from keras_gan import files
from keras_gan.errors import UserError, first_line

_KEY = "{}/{}/.ATTRIBUTES/VARIABLE_VALUE"  # TensorFlow's name for an entry of a list.


class Checkpoints:
    """The checkpoints in a directory.

    Args:
        directory: Where they are; it is made by the first save.
    """

    def __init__(self, directory):
        self.directory = directory

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
        paths = self.paths()
        return step_of(paths[-1]) if paths else None

    def restore(self, model):
        """Restores the newest checkpoint that can be read; warns of each that cannot.

        Args:
            model: An `AdversarialModel`; of one that is not compiled only the
                networks are restored.

        Raises:
            UserError: If none can be read, or one does not fit the model.
        """
        parts = state(model)
        for path in reversed(self.paths()):
            try:
                _check_shapes(path, parts)
                status = _trackable(parts).read(path).expect_partial()
                status.assert_existing_objects_matched()
                return
            except (tf.errors.OpError, RuntimeError, IndexError, AssertionError) as error:
                print(
                    f"Warning: cannot restore the checkpoint {path}: {first_line(error)}",
                    file=sys.stderr,
                )
        raise UserError(
            f"None of the checkpoints in {self.directory} can be restored. Bring back copies of "
            "them, or train anew in another --run_dir."
        )

    def save(self, model, step, keep_last=1, keep_every=None):
        """Saves a model and its optimizers, and deletes what need not be kept.

        Args:
            model: A compiled `AdversarialModel`.
            step: Generator steps done.
            keep_last: How many of the newest checkpoints to keep.
            keep_every: Keep those too whose step is a multiple of this.

        Returns:
            The checkpoint's path.

        Raises:
            UserError: If it cannot be written; those before are intact.
        """
        path = self.path(step)
        try:
            os.makedirs(self.directory, exist_ok=True)
            _trackable(state(model)).write(path)
            for file in _files(path):
                files.sync(file)
            files.sync(self.directory)
            for old in self.paths()[:-keep_last]:
                if keep_every is None or step_of(old) % keep_every:
                    _delete(old)
            self._write_list()
        except (tf.errors.OpError, OSError) as error:
            self.sweep()
            reason = first_line(error).rpartition("; ")[2]  # After a long temporary name.
            before = self.newest_step()
            raise UserError(
                f"Cannot save a checkpoint at step {step} in {self.directory}: {reason}. Free some "
                f"space; the same command goes on from step {before or 0}."
            ) from None
        return path

    def forget_after(self, step):
        """Deletes the checkpoints of later steps, which could not be restored."""
        for path in self.paths():
            if step_of(path) > step:
                _delete(path)
        self._write_list()

    def sweep(self):
        """Removes what a save leaves that did not come to its end."""
        complete = {f"{path}.index" for path in self.paths()}
        for path in glob.glob(os.path.join(glob.escape(self.directory), "*")):
            name = os.path.basename(path)
            if re.fullmatch(r"step-\d+_temp", name):
                shutil.rmtree(path, ignore_errors=True)
            elif (
                re.match(r"step-\d+\.", name)
                and re.sub(r"\.[^.]*$", ".index", path) not in complete
            ):
                with contextlib.suppress(OSError):
                    os.remove(path)
        files.sweep(self.directory)

    def _write_list(self):
        """Writes the list by which TensorFlow's own tools find the checkpoints."""
        names = [os.path.basename(path) for path in self.paths()]
        if names:
            listed = "".join(f'all_model_checkpoint_paths: "{name}"\n' for name in names)
            files.write_text(
                os.path.join(self.directory, "checkpoint"),
                f'model_checkpoint_path: "{names[-1]}"\n{listed}',
            )


def state(model):
    """Returns all that decides how training goes on, as lists of variables by part."""
    # Keras metrics are no TensorFlow trackables, so the model does not bring them along.
    parts = {"model": model.variables}
    if model.compiled:
        parts["means"] = [v for metric in model.metrics for v in metric.variables]
        parts["generator_optimizer"] = model.generator_optimizer.variables
        parts["discriminator_optimizer"] = model.discriminator_optimizer.variables
    return parts


def step_of(path):
    """Returns the step of a checkpoint's path."""
    return int(path.rpartition("-")[2])


def _trackable(parts):
    return tf.train.Checkpoint(**{name: [v.value for v in part] for name, part in parts.items()})


def _check_shapes(path, parts):
    """Raises `UserError` unless the variables of a checkpoint are those of the model.

    This reads the index only, so a checkpoint that would ask for other or more
    memory than the model has is refused before its data is touched.
    """
    expected = {
        _KEY.format(name, number): (v.path, tuple(v.shape), tf.as_dtype(v.dtype))
        for name, part in parts.items()
        for number, v in enumerate(part)
    }
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
                f"{_shown(*mine)}. Received: {_shown(*theirs)}."
            )


def _shown(shape, kind):
    return f"{kind.name} {shape}" if kind else shape


def _files(path):
    return glob.glob(f"{glob.escape(path)}.*")


def _delete(path):
    # The index goes first: without it the rest is no checkpoint.
    for file in sorted(_files(path), key=lambda file: not file.endswith(".index")):
        os.remove(file)
