"""A lock on the run directory, so that only one process uses it.

It does not import TensorFlow, so a second process is refused without delay.
"""

import contextlib
import os

from keras_gan.errors import UserError

try:
    import fcntl
except ImportError:  # Windows has no fcntl; run directories are not locked there.
    fcntl = None

_NAME = ".lock"
_held = set()


@contextlib.contextmanager
def hold(directory):
    """Locks a run directory for this process while the block runs; creates it if needed.

    The operating system releases the lock if the process dies. If the block leaves
    the directory empty, the directories created here are removed again. A nested
    block for the same directory does nothing.

    Args:
        directory: The run directory.

    Raises:
        UserError: If another process has locked it, or it cannot be written.
    """
    path = os.path.realpath(directory)
    if path in _held or fcntl is None:
        yield
        return
    if os.path.isfile(path):
        raise UserError(f"--run_dir must be a directory. Received: the file {directory}.")
    made, name = _missing_parents(path), os.path.join(path, _NAME)
    new = not os.path.exists(name)
    try:
        os.makedirs(path, exist_ok=True)
        # Do not follow a link, since the lock would overwrite its target.
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
    with contextlib.suppress(OSError):  # The process id only helps to find the process.
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()}\n".encode())


def _remove(made):
    for path in made:
        with contextlib.suppress(OSError):
            os.rmdir(path)


def _missing_parents(path):
    """Returns the directories that must be created for `path`, deepest first."""
    missing = []
    while path and not os.path.exists(path):
        missing.append(path)
        path = os.path.dirname(path)
    return missing
