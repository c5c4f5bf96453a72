"""A progress line: steps, remaining time, losses, accuracy and speed."""

import contextlib
import io
import shutil
import sys
import time

from keras_gan.callbacks.steps import StepCallback
from keras_gan.game.long_runs import LongRuns

_BAR = 10
_NO_RUNS = LongRuns()
_TITLES = {"d": "D", "g": "G"}


class Progress(StepCallback):
    """Shows progress: updates a line on a terminal twice a second, or prints one every 10 seconds.

    Args:
        steps: Total steps of the run.
        batch_size: Global batch size of one update.
        first_step: Number of steps done before this call of `fit`.
        stream: Where to write. Default: standard output.
        runs: `LongRuns` of the model. The remaining time counts each of their calls as a step.
    """

    def __init__(self, steps, batch_size, first_step=0, stream=None, runs=_NO_RUNS):
        super().__init__(first_step)
        self.steps, self.batch_size, self.runs = steps, batch_size, runs
        self.stream = stream or sys.stdout or io.StringIO()  # There may be no standard output.
        self.interval = 0.5 if self.stream.isatty() else 10.0
        self.shown = self.newest = None

    def on_train_begin(self, logs=None):
        self.start = None

    def at_step(self, logs):
        now, self.newest = time.perf_counter(), logs
        if self.start is None:  # Do not time the first step, which traces and compiles.
            self.start = self.shown = (now, self.step)
        elif now - self.shown[0] >= self.interval:
            self._show(now, logs)

    def at_end(self, logs):
        if self.start is not None:
            self._show(time.perf_counter(), self.newest)  # `logs` may just have been reset.
            with contextlib.suppress(OSError):
                self.stream.write("\n" if self.stream.isatty() else "")
                self.stream.flush()

    def say(self, text):
        """Shows a message on separate lines."""
        with contextlib.suppress(OSError):  # The output may be closed.
            if self.stream.isatty():
                text = "\r" + text.ljust(shutil.get_terminal_size().columns - 1)
            self.stream.write(text + "\n")
            self.stream.flush()

    def _show(self, now, logs):
        with contextlib.suppress(OSError):  # The output may be closed; training must not stop.
            self._write(now, logs)

    def _write(self, now, logs):
        self.shown = (now, self.step)
        if not self.stream.isatty():
            self.stream.write("  ".join(self._fields(now, logs, brief=False)) + "\n")
        else:
            width = shutil.get_terminal_size().columns - 1
            line = "  ".join(self._fields(now, logs, brief=False))
            if len(line) > width:
                line, *rest = self._fields(now, logs, brief=True)
                for field in rest:
                    if len(line) + 2 + len(field) <= width:
                        line += "  " + field
            self.stream.write("\r" + line[:width].ljust(width))
        self.stream.flush()

    def _work(self, step):
        return step + self.runs.until(step)

    def _fields(self, now, logs, brief):
        """Returns the parts of the line, the most important first."""
        filled = _BAR * self.step // self.steps
        yield f"[{'#' * filled}{'-' * (_BAR - filled)}] {self.step}/{self.steps}"
        seconds, done = now - self.start[0], self.step - self.start[1]
        if done and seconds > 0:
            begun, reached, end = map(self._work, (self.start[1], self.step, self.steps))
            left = seconds / (reached - begun) * (end - reached)
            yield f"ETA {clock(left)}" if left else f"took {clock(seconds)}"
        stage = self._stage()
        if stage is not None:
            yield f"stage {stage.name}"
        told = {key: f"{float(value):.2f}" for key, value in logs.items()}
        losses = [f"{title} {told.get(key, 'nan')}" for title, key in self._losses(stage)]
        yield from losses if brief else [f"loss {' '.join(losses)}"]
        if "d_accuracy" in told:  # Of losses that see only differences between the two kinds.
            yield f"acc {told['d_accuracy']}" if brief else f"D accuracy {told['d_accuracy']}"
        elif "d_accuracy_real" in told:
            real, fake = (told.get(f"d_accuracy_{kind}", "nan") for kind in ("real", "fake"))
            yield f"acc {real} {fake}" if brief else f"D accuracy real {real} fake {fake}"
        if done and seconds > 0:
            yield f"{done * self.batch_size / seconds:,.0f} images/s"

    def _stage(self):
        """Returns the `Stage` of the last step, or `None` where a run has one stage only."""
        stages = getattr(self.model, "stages", ())
        return self.model.stage_at(max(self.step - 1, 0))[0] if len(stages) > 1 else None

    def _losses(self, stage):
        """Returns pairs (title, name of the loss) of the players that move."""
        if stage is not None:
            names = [player.name for player in stage.players]
        elif hasattr(self.model, "players"):
            names = [player.name for player in self.model.players]
        else:
            names = ["d", "g"]
        return [(_TITLES.get(name, name), f"{name}_loss") for name in names]


def clock(seconds):
    """Formats a duration as M:SS or H:MM:SS."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
