"""One line that says how far training is, how fast, and how the game stands."""

import shutil
import sys
import time

from keras_gan.callbacks.steps import StepCallback

_BAR = 20
_SHOWN = (
    ("d_loss", "D loss"),
    ("g_loss", "G loss"),
    ("d_accuracy_real", "D right on real"),
    ("d_accuracy_fake", "on fake"),
)


class Progress(StepCallback):
    """Rewrites a line on a terminal twice a second; prints one every ten seconds elsewhere.

    Args:
        steps: Steps of the whole run.
        batch_size: Global batch of one update.
        first_step: Steps done before.
        stream: Where to write. Default: standard output.
    """

    def __init__(self, steps, batch_size, first_step=0, stream=None):
        super().__init__(first_step)
        self.steps, self.batch_size = steps, batch_size
        self.stream = stream or sys.stdout
        self.interval = 0.5 if self.stream.isatty() else 10.0
        self.shown = self.newest = None

    def on_train_begin(self, logs=None):
        self.start = None

    def at_step(self, logs):
        now, self.newest = time.perf_counter(), logs
        if self.start is None:  # The first step traces and compiles.
            self.start = self.shown = (now, self.step)
        elif now - self.shown[0] >= self.interval:
            self._show(now, logs)

    def at_end(self, logs):
        if self.start is not None:
            self._show(time.perf_counter(), self.newest)  # `logs` may just have been reset.
            self.stream.write("\n" if self.stream.isatty() else "")
            self.stream.flush()

    def _show(self, now, logs):
        seconds, done = now - self.start[0], self.step - self.start[1]
        self.shown = (now, self.step)
        filled = _BAR * self.step // self.steps
        parts = [f"[{'#' * filled}{'-' * (_BAR - filled)}] {self.step}/{self.steps}"]
        if done and seconds > 0:
            left = seconds / done * (self.steps - self.step)
            parts.append(f"ETA {clock(left)}" if left else f"took {clock(seconds)}")
            parts.append(f"{done * self.batch_size / seconds:,.0f} images/s")
        parts += [f"{name} {float(logs[key]):.2f}" for key, name in _SHOWN if key in logs]
        line = "  ".join(parts)
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self.stream.write("\r" + line[:width].ljust(width))
        else:
            self.stream.write(line + "\n")
        self.stream.flush()


def clock(seconds):
    """Formats a duration as M:SS or H:MM:SS."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
