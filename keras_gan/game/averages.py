"""The averaged generator: an exponential moving average of the weights."""

import keras
import tensorflow as tf

from keras_gan.layers.core import dtype_policy


def twin(network):
    """Returns a copy of `network` with the same weights, never trained itself.

    It computes in full precision, as what is exported does.
    """
    with dtype_policy(keras.config.floatx()):
        copy = type(network).from_config(network.get_config())
    copy.trainable = False
    copy.set_weights(network.get_weights())
    return copy


def decay(half_life, batch_size, images_seen):
    """Returns the share of the old average that is kept by one update.

    The half-life is at most 5% of the images seen, so that the average does not
    drag the untrained weights along (Karras et al. 2020, StyleGAN2-ADA).

    Args:
        half_life: Half-life in images, a number or scalar tensor; 0 keeps nothing.
        batch_size: Images in one update, over all replicas.
        images_seen: Scalar tensor, images before this update.
    """
    most = 0.05 * tf.cast(images_seen, tf.float32)
    half_life = tf.minimum(tf.cast(half_life, tf.float32), most)
    return tf.where(half_life > 0.0, 0.5 ** (batch_size / tf.maximum(half_life, 1e-6)), 0.0)


def update(average, network, kept):
    """Moves `average` towards `network`.

    Weights are averaged; buffers such as batch-norm statistics are copied.

    Args:
        average: What `twin(network)` returned.
        network: The network in training.
        kept: Result of `decay`.
    """
    for mean, variable in zip(average.variables, network.variables, strict=True):
        if variable.trainable:
            mean.assign_add((variable - mean) * tf.cast(1.0 - kept, variable.dtype))
        else:
            mean.assign(variable)
