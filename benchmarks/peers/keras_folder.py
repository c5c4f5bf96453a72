"""A folder of images by Keras' own utility, scaled to [-1, 1]."""

import keras
import tensorflow as tf

from benchmarks.reading import SIDE, consume, images_per_second


def read(directory, batch, epoch, cache=False):
    """Measures images per second.

    Args:
        directory: The folder.
        batch: Images in a batch.
        epoch: See `images_per_second`.
        cache: Keep the batches in memory. They are then the same ones in every
            epoch, and only their order changes.
    """

    def open_folder():
        images = keras.utils.image_dataset_from_directory(
            directory, labels=None, image_size=(SIDE, SIDE), batch_size=batch, verbose=False
        )
        if cache:
            images = images.cache().shuffle(100)
        images = images.map(lambda x: x / 127.5 - 1.0, num_parallel_calls=tf.data.AUTOTUNE)
        images = images.prefetch(tf.data.AUTOTUNE)
        return lambda: consume(iter(images))

    return images_per_second(open_folder, epoch), {}
