"""SIGINT and SIGTERM: finish the step, save, leave."""

import contextlib
import signal
import sys
import threading

from keras_gan.callbacks.steps import StepCallback


class Interruption(StepCallback):
    """Ends training after the current step when the process is asked to stop.

    A second signal ends the process at once. Outside of the main thread, where
    Python delivers no signals, it does nothing.

    Args:
        steps: Steps of the whole run; after the last one it ends anyway.
        first_step: Steps done before.

    Attributes:
        signal: The signal that came, or `None`.
        stopped: Whether it ended training early.
    """

    def __init__(self, steps, first_step=0):
        super().__init__(first_step)
        self.steps = steps
        self.signal = None
        self.stopped = False
        self.before = {}

    @contextlib.contextmanager
    def handling(self):
        """Handles the signals inside the block."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self._ask_to_stop)
        try:
            yield
        finally:
            self._restore()

    def _ask_to_stop(self, number, frame):
        self.signal = number
        self._restore()
        with contextlib.suppress(OSError):  # The reader of our output may be gone.
            print("\nStopping after this step; once more to stop at once.", file=sys.stderr)

    def _restore(self):
        while self.before:
            signal.signal(*self.before.popitem())

    def at_step(self, logs):
        if self.signal is not None and self.step < self.steps:
            self.stopped = self.model.stop_training = True

    def leave(self):
        """Raises what the signal would have raised, for an exit status of 128 + signal."""
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + self.signal)
