"""Keeps an exponential moving average of a network's weights, as in the averaged generator."""

import keras
import tensorflow as tf

from keras_gan.layers.core import dtype_policy

_MOST = 0.05  # The longest half-life, as a share of the images seen.


def twin(network):
    """Copies a network and its weights. The copy holds an average and is never trained.

    It computes in full precision, as exported networks do.
    """
    with dtype_policy(keras.config.floatx()):
        copy = type(network).from_config(network.get_config())
    copy.trainable = False
    copy.set_weights(network.get_weights())
    return copy


def decay(half_life, batch_size, images_seen):
    """Returns the decay of the average for one update, from 0 to 1.

    The half-life is capped at 5% of the images seen, so that early in training the average
    forgets the untrained weights (Karras et al. 2020, StyleGAN2-ADA).

    Args:
        half_life: Half-life in images, a number or scalar tensor. With 0 the decay is 0.
        batch_size: Images in one update, over all replicas.
        images_seen: Scalar tensor: the images seen before this update.
    """
    most = _MOST * tf.cast(images_seen, tf.float32)
    half_life = tf.minimum(tf.cast(half_life, tf.float32), most)
    return tf.where(half_life > 0.0, 0.5 ** (batch_size / tf.maximum(half_life, 1e-6)), 0.0)


def warm_up_images(half_life):
    """Returns the number of images after which the cap of `decay` no longer applies."""
    return half_life / _MOST


def update(average, network, kept):
    """Moves the averaged weights towards the weights in training.

    Trainable weights are averaged. Other variables, such as batch-norm statistics, are copied.

    Args:
        average: The network that `twin(network)` returned.
        network: The network in training.
        kept: The decay, from the function `decay`.
    """
    for mean, variable in zip(average.variables, network.variables, strict=True):
        if variable.trainable:
            mean.assign_add((variable - mean) * tf.cast(1.0 - kept, variable.dtype))
        else:
            mean.assign(variable)
