"""Interrupting the process while TensorFlow is running."""

import contextlib
import signal


@contextlib.contextmanager
def interrupts_at_once():
    """Lets SIGINT end the process at once, inside the block.

    Python's KeyboardInterrupt would wait for the end of a long call into TensorFlow,
    and a library could catch it.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
