"""The folder of pictures, and how fast one is read."""

import os
import time

from benchmarks.worker import SECONDS

COUNT = 4096
SIDE = 64


def make_folder(directory):
    """Writes smooth random PNGs; there is nothing to measure."""
    import tensorflow as tf

    for number in range(COUNT):
        coarse = tf.random.stateless_uniform((8, 8, 3), (number, 0), 0.0, 255.0)
        smooth = tf.image.resize(coarse, (SIDE, SIDE), "bicubic")
        # A little noise, so that the files are about as large as those of photos.
        smooth += tf.random.stateless_normal(smooth.shape, (number, 1), stddev=2.0)
        png = tf.io.encode_png(tf.saturate_cast(smooth, tf.uint8))
        tf.io.write_file(os.path.join(directory, f"{number:05d}.png"), png)
    return None, {}


def consume(batches):
    """Reads an iterator to its end.

    Returns:
        (images read, `time.perf_counter()` when they were). tf.data can take
        long to end an iterator, and that is not reading.
    """
    count = 0
    for batch in batches:
        count += len(batch)
    return count, time.perf_counter()


def images_per_second(open_folder, epoch):
    """Returns a function that measures a round.

    Args:
        open_folder: Does all that comes before the first epoch, and returns a
            function that reads an epoch and returns what `consume` does.
        epoch: `"first"`: a round opens the folder and reads it once.
            `"later"`: a round reads it again and again.
    """

    def first():
        start = time.perf_counter()
        count, end = open_folder()()
        return count / (end - start)

    if epoch == "first":
        first()  # Fills the disk's cache, and loads what is loaded on first use.
        return first
    read = open_folder()
    read()

    def later():
        images = seconds = 0.0
        while seconds < SECONDS:
            start = time.perf_counter()
            count, end = read()
            images, seconds = images + count, seconds + end - start
        return images / seconds

    return later
