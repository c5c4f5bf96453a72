"""TensorBoard's event file of a run."""

import contextlib
import glob
import os
import struct

import tensorflow as tf

from keras_gan.files import written_by_tensorflow


class EventLog:
    """A `tf.summary` writer that raises an error if its file cannot be written.

    TensorFlow's own writer silently drops some entries when the disk is full.

    Args:
        directory: Directory of TensorBoard's logs.
    """

    def __init__(self, directory):
        self.pattern = os.path.join(glob.escape(directory), "events.out.tfevents.*")
        self.before = set(glob.glob(self.pattern))
        self.writer = tf.summary.create_file_writer(directory)
        self.end = 0

    @contextlib.contextmanager
    def at(self, step):
        """Returns a context in which `tf.summary` writes the entries of a step to this log.

        Raises:
            OSError: If not all entries reached the file.
        """
        with written_by_tensorflow():
            with self.writer.as_default(step=step):
                yield
            self.writer.flush()
        new = set(glob.glob(self.pattern)) - self.before
        end, size = self._end_of_records(new.pop()) if new else (0, 0)
        if not self.end < end == size:
            raise OSError("TensorBoard's event file could not be written completely")
        self.end = end

    def close(self):
        """Closes the file."""
        self.writer.close()

    def _end_of_records(self, path):
        """Returns the end of the records according to their headers, and the end of the file."""
        with open(path, "rb") as file:
            end = file.seek(self.end)
            while len(header := file.read(8)) == 8:
                (length,) = struct.unpack("<Q", header)
                end = file.seek(end + 8 + 4 + length + 4)  # Length, checksum, data, checksum.
            return end + len(header), os.fstat(file.fileno()).st_size
