"""SIGINT and SIGTERM: finish the step, save, leave."""

import signal
import sys
import threading

import keras


class Interruption(keras.callbacks.Callback):
    """Ends training after the current step when the process is asked to stop.

    A second signal ends the process at once. Outside of the main thread, where
    Python delivers no signals, it does nothing.

    Attributes:
        signal: The signal that came, or `None`.
    """

    def __init__(self):
        super().__init__()
        self.signal = None
        self.before = {}

    def on_train_begin(self, logs=None):
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self.before[number] = signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number, frame):
        self.signal = number
        self._restore()
        print("\nStopping after this step; once more to stop at once.", file=sys.stderr)

    def on_train_batch_end(self, batch, logs=None):
        if self.signal is not None:
            self.model.stop_training = True

    def on_train_end(self, logs=None):
        self._restore()

    def _restore(self):
        while self.before:
            signal.signal(*self.before.popitem())

    def leave(self):
        """Raises what the signal would have raised, for an exit status of 128 + signal."""
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + self.signal)
