"""How signals end the process while TensorFlow is at work."""

import contextlib
import signal


@contextlib.contextmanager
def interrupts_at_once():
    """Lets SIGINT end the process in the block.

    As an exception it may be lost in what a library catches, or wait for the end
    of a long call into TensorFlow.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
