"""One process a run directory. Needs no TensorFlow, so a second one is refused at once."""

import contextlib
import os

from keras_gan.errors import UserError

try:
    import fcntl
except ImportError:  # Windows: runs are not protected from each other there.
    fcntl = None

_NAME = ".lock"
_held = set()


@contextlib.contextmanager
def hold(directory):
    """Holds a run directory for this process while the block runs; makes it if needed.

    The operating system releases the lock of a process that dies. If the block
    leaves nothing in the directory, what was made for it is removed again. A block
    inside another one for the same directory does nothing.

    Args:
        directory: The run directory.

    Raises:
        UserError: If another process holds it, or it cannot be written.
    """
    path = os.path.realpath(directory)
    if path in _held or fcntl is None:
        yield
        return
    if os.path.isfile(path):
        raise UserError(f"--run_dir must be a directory. Received the file {directory}.")
    made, name = _missing_parents(path), os.path.join(path, _NAME)
    new = not os.path.exists(name)
    try:
        os.makedirs(path, exist_ok=True)
        # A link would let the lock overwrite what it points at.
        file = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        _remove(made)
        raise UserError(f"Cannot write into --run_dir={directory}: {error.strerror}.") from None
    try:
        _lock(file, name, directory)
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
            if new and os.listdir(path) == [_NAME]:
                os.remove(name)
                _remove(made)
    finally:
        os.close(file)


def _lock(file, name, directory):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"{directory} is in use by process {os.read(file, 20).decode().strip()}. Wait for it "
            "to end, or give another --run_dir."
        ) from None
    except OSError as error:
        raise UserError(f"Cannot lock {name}: {error.strerror}.") from None
    with contextlib.suppress(OSError):  # The number only helps to find the process.
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())


def _remove(made):
    for path in made:
        with contextlib.suppress(OSError):
            os.rmdir(path)


def _missing_parents(path):
    """Returns the directories that making `path` will make, deepest first."""
    missing = []
    while path and not os.path.exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    return missing
