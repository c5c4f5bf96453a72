"""Stops training on SIGINT or SIGTERM: finishes the step, so that the state can be saved."""

import contextlib
import os
import signal
import sys
import threading

from keras_gan.callbacks.steps import StepCallback
from keras_gan.distribution.workers import Workers


class Interruption(StepCallback):
    """Ends training after the current step when SIGINT or SIGTERM arrives.

    A second signal ends the process at once, even in the middle of a long step. Python
    runs signal handlers only between calls into TensorFlow, so a thread reads the file
    descriptor to which Python writes each signal immediately. Outside of the main
    thread, where Python receives no signals, this does nothing.

    Args:
        steps: Total steps of the run; the last one needs no interruption.
        first_step: Number of steps done before this call of `fit`.
        workers: `Workers` of the run. If any of several processes gets a signal, all
            stop together within ten steps.

    Attributes:
        signal: The signal received, or `None`.
        stopped: Whether a signal ended training early.
    """

    def __init__(self, steps, first_step=0, workers=None):
        workers = workers or Workers()
        # With several workers, asking the others takes a few milliseconds: do it less often.
        super().__init__(first_step, every=1 if workers.cluster.size == 1 else 10)
        self.steps, self.workers = steps, workers
        self.signal = None
        self.stopped = False

    @contextlib.contextmanager
    def handling(self):
        """Handles the signals inside the block."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        read, write = os.pipe()
        os.set_blocking(write, False)
        listener = threading.Thread(target=self._listen, args=(read, numbers), daemon=True)
        listener.start()
        listened = signal.set_wakeup_fd(write)
        before = {number: signal.signal(number, self._ask_to_stop) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(listened)
            os.close(write)
            listener.join()
            os.close(read)

    def _ask_to_stop(self, number, frame):
        self.signal = number

    def _listen(self, read, numbers):
        asked = False
        while byte := os.read(read, 1):
            if byte[0] not in numbers:
                continue
            if asked:
                os._exit(128 + byte[0])
            asked = True
            with contextlib.suppress(OSError):  # The output may be closed.
                steps = max(self.every, self.model.steps_per_execution if self.model else 1)
                when = "after this step" if steps == 1 else f"within {steps} steps"
                print(f"\nStopping {when}. Send the signal again to stop at once.", file=sys.stderr)

    def at_step(self, logs):
        if self.step < self.steps and self.workers.count(self.signal is not None):
            self.stopped = self.model.stop_training = True

    def leave(self):
        """Raises the exception of the signal, for an exit status of 128 + signal."""
        if self.signal == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + (self.signal or signal.SIGTERM))
