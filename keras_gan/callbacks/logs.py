"""Logs scalars, settings and speed, to TensorBoard and to `metrics.jsonl`."""

import glob
import json
import os
import sys
import time

import keras
import tensorflow as tf
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import api as hparams

from keras_gan.callbacks.steps import StepCallback
from keras_gan.files import replacing, sync, write_text, written_by_tensorflow


class Logs(StepCallback):
    """Logs the means of all metrics over the last `log_every` steps; see `Means`.

    Args:
        run: `RunDirectory`.
        events: `EventLog`.
        config: The run's `Config`, shown in TensorBoard as a table and as HParams.
        first_step: Number of steps done before this call of `fit`.
    """

    def __init__(self, run, events, config, first_step=0):
        super().__init__(first_step, config.log_every)
        self.run, self.events, self.config = run, events, config
        self.logged = first_step
        self.mark = None

    def on_train_begin(self, logs=None):
        if self.first_step == 0:
            self._write_settings()

    def on_train_batch_end(self, batch, logs=None):
        super().on_train_batch_end(batch, logs)
        if self.mark is None:  # Do not time the first step, which traces and compiles.
            self.mark = (time.perf_counter(), self.step)

    def at_step(self, logs):
        self._write(logs)

    def at_end(self, logs):
        if self.logged < self.step and not self.model.stop_training:
            self._write(logs)
        self.events.close()

    def _write(self, logs):
        scalars = {_tag(name): float(value) for name, value in logs.items()}
        for player in reversed(self.model.players):
            rate = self.model.optimizers[player.name].learning_rate
            rate = float(keras.ops.convert_to_numpy(rate))
            scalars[f"train/{player.name}_learning_rate"] = rate
        scalars["progress/images_seen"] = self.step * self.config.batch_size
        speed = self._images_per_second()
        if speed is not None:
            scalars["progress/images_per_second"] = speed
        with self.events.at(self.step):
            for tag, value in scalars.items():
                tf.summary.scalar(tag, value)
        row = {"step": self.step, **{tag.split("/")[1]: value for tag, value in scalars.items()}}
        with open(self.run.metrics_file, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        sync(self.run.metrics_file)  # The entry must be on disk before a checkpoint of this step.
        self.logged = self.step

    def _images_per_second(self):
        now = time.perf_counter()
        if self.mark is None:
            return None
        (before, step), self.mark = self.mark, (now, self.step)
        return (self.step - step) * self.config.batch_size / (now - before)

    def _write_settings(self):
        rows = "".join(f"|{name}|{value}|\n" for name, value in self.config.to_dict().items())
        shown = {
            name: value if isinstance(value, int | float) else str(value)
            for name, value in self.config.hyperparameters().items()
            if value is not None
        }
        with self.events.at(0):
            tf.summary.text("configuration", f"|setting|value|\n|---|---|\n{rows}")
            # No `hparams_config`: TensorBoard would take that of one run for all runs. Without it,
            # it collects the settings and all scalars of each run.
            hparams.hparams(shown)


def _tag(name):
    return name if "/" in name else f"train/{name}"


def read_rows(run):
    """Returns the entries of metrics.jsonl as dicts of numbers, without invalid lines.

    The last line may be incomplete if the run was killed.
    """
    if not os.path.exists(run.metrics_file):
        return []
    with open(run.metrics_file, encoding="utf-8", errors="replace") as file:
        return [row for line in file if (row := _parse(line)) is not None]


def _parse(line):
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    numbers = isinstance(row, dict) and all(type(value) in (int, float) for value in row.values())
    return row if numbers and type(row.get("step")) is int else None


def last_logged_step(run):
    """Returns the last step in metrics.jsonl, or 0."""
    return max((row["step"] for row in read_rows(run)), default=0)


def cut_logs(run, step):
    """Removes the entries after `step` from metrics.jsonl and TensorBoard's event files.

    A resumed run writes them again, so without this they would appear twice. Each file
    is replaced atomically. `step=-1` removes all entries.

    Raises:
        OSError: If a file cannot be replaced.
    """
    if os.path.exists(run.metrics_file):
        kept = [json.dumps(row) + "\n" for row in read_rows(run) if row["step"] <= step]
        write_text(run.metrics_file, "".join(kept))
    for path in glob.glob(os.path.join(run.tensorboard, "events.out.tfevents.*")):
        if step < 0:
            os.remove(path)
            continue
        with (
            written_by_tensorflow(),
            replacing(path) as new,
            tf.io.TFRecordWriter(new) as writer,
        ):
            for record in _records(path):
                if event_pb2.Event.FromString(record).step <= step:
                    writer.write(record)


def _records(path):
    try:
        yield from tf.data.TFRecordDataset(path).as_numpy_iterator()
    except tf.errors.DataLossError as error:
        # The last record may be incomplete if the run was killed.
        if "truncated" not in error.message:
            print(f"Warning: dropping all entries after a damaged one in {path}.", file=sys.stderr)
