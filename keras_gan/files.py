"""Atomic writes: write to a temporary file in the same directory, then rename it.

The data is synced to disk before the rename, so after a loss of power there is
either the old file or the complete new one.
"""

import contextlib
import glob
import os
import shutil
import tempfile
import time

import tensorflow as tf

from keras_gan.errors import first_line

TEMPORARY = ".tmp-"  # Prefix of temporary names; TensorBoard does not read such files.


@contextlib.contextmanager
def written_by_tensorflow():
    """Turns TensorFlow's errors about failed writes, raised in the block, into an `OSError`."""
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(first_line(error)) from None


def write_text(path, text):
    """Writes a text file atomically; creates its directory if needed."""
    with replacing(path) as temporary, open(temporary, "w", encoding="utf-8") as file:
        file.write(text)


def write_bytes(path, data):
    """Writes a binary file atomically; creates its directory if needed."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(data)


@contextlib.contextmanager
def replacing(path):
    """Yields a temporary path; the file there replaces `path` if the block succeeds."""
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
    except PermissionError:  # Windows cannot open directories.
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(directory, seconds=0):
    """Removes the temporary files of killed processes from a directory.

    Args:
        directory: The directory.
        seconds: Keep files younger than this; another process may still be writing them.
    """
    for path in glob.glob(os.path.join(glob.escape(directory), f"{TEMPORARY}*")):
        if os.path.getmtime(path) > time.time() - seconds:
            continue
        if os.path.isdir(path):
            shutil.rmtree(path, ignore_errors=True)
        else:
            os.remove(path)
