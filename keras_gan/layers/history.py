"""A pool of past samples, from which the discriminator of a CycleGAN learns."""

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import all_gather, own_rows


@keras.saving.register_keras_serializable(package="keras_gan")
class History(keras.layers.Layer):
    """Returns half of the images as they are, and past ones in place of the others.

    Shrivastava et al. 2017, as in the code of CycleGAN: until the pool is full each image is
    kept and returned. Then an image is returned with probability 1/2; otherwise a random image
    of the pool is, and the new one takes its place. Here all images of a batch look at the pool
    as it was before the batch, at different places of it; of a batch larger than the pool the
    others are returned as they are.

    The pool is state: it is saved, and the same on any number of replicas, as it sees the global
    batch. Nothing is differentiated.

    Args:
        size: Images that are kept.
        shape: Shape of an image.

    Call arguments:
        images: Tensor [N, *shape].

    Returns:
        Tensor [N, *shape].
    """

    synchronized = True

    def __init__(self, size, shape, **kwargs):
        super().__init__(**kwargs)
        check_arguments(size=size)
        self.size, self.shape = size, tuple(shape)
        state = {"trainable": False, "initializer": "zeros", "aggregation": "only_first_replica"}
        self.kept = self.add_weight(name="kept", shape=(size, *self.shape), **state)
        self.count = self.add_weight(name="count", shape=(), dtype="int64", **state)
        self.built = True

    def call(self, images):
        everyone = tf.cast(tf.stop_gradient(all_gather(images)), self.kept.dtype)
        number = min(everyone.shape[0], self.size)
        considered, others = everyone[:number], everyone[number:]
        kept, count = self.kept.value, self.count.value
        is_full = count >= self.size
        draws = randomness.common_uniform([2, self.size])
        swapped = is_full & (draws[0, :number] < 0.5)
        filled = count + tf.range(number, dtype=tf.int64)
        places = tf.cast(tf.argsort(draws[1])[:number], tf.int64)
        places = tf.where(is_full, places, filled % self.size)
        past = tf.gather(kept, places)
        result = tf.where(self._rows(swapped), past, considered)
        stored = tf.where(self._rows(swapped | (filled < self.size)), considered, past)
        self.kept.assign(tf.tensor_scatter_nd_update(kept, places[:, None], stored))
        self.count.assign(tf.minimum(count + number, self.size))
        result = tf.gather(tf.concat([result, others], 0), own_rows(images.shape[0]))
        return tf.cast(result, images.dtype)

    def _rows(self, flags):
        return tf.reshape(flags, [-1, *[1] * len(self.shape)])

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "size": self.size, "shape": self.shape}
