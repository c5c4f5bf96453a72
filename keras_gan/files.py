"""Files that are whole or not there: written beside their place, then renamed into it.

What is renamed has reached the disk before, so that a loss of power leaves the
old file or the new one.
"""

import contextlib
import glob
import os
import shutil
import tempfile
import time

import tensorflow as tf

from keras_gan.errors import first_line

TEMPORARY = ".tmp-"  # TensorBoard does not take such a name for an event file.


@contextlib.contextmanager
def written_by_tensorflow():
    """Turns what TensorFlow raises in the block when it cannot write into an `OSError`."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(first_line(error)) from None


def write_text(path, text):
    """Writes a text file atomically, making its directory."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def write_bytes(path, data):
    """Writes a file of bytes atomically, making its directory."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path beside `path` that replaces it if the block succeeds."""
    directory = os.path.dirname(path) or "."
    os.makedirs(directory, exist_ok=True)
    temporary = os.path.join(directory, f"{TEMPORARY}{os.getpid()}")
    try:
        yield temporary
        sync(temporary)
        os.replace(temporary, path)
        sync(directory)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


@contextlib.contextmanager
def new_directory(path):
    """Yields a temporary directory that becomes `path` if the block succeeds.

    Raises:
        FileExistsError: If `path` exists; it is never overwritten.
    """
    parent = os.path.dirname(path)
    os.makedirs(parent, exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=TEMPORARY, dir=parent)
    try:
        yield temporary
        os.chmod(temporary, 0o755)
        for inside, _, names in os.walk(temporary):
            for name in (*names, "."):
                sync(os.path.join(inside, name))
        if os.path.exists(path):
            raise FileExistsError(path)
        os.rename(temporary, path)
        sync(parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sync(path):
    """Waits until a file or the entries of a directory have reached the disk."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except PermissionError:  # Windows opens no directories.
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(directory, seconds=0):
    """Removes what writers that were killed have left in a directory.

    Args:
        directory: Where to look.
        seconds: Leave alone what is younger: its writer may still be at work.
    """
    for path in glob.glob(os.path.join(glob.escape(directory), f"{TEMPORARY}*")):
        if os.path.getmtime(path) > time.time() - seconds:
            continue
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.remove(path)
