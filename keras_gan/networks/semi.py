"""The discriminator of semi-supervised learning: a classifier with a class more, "generated"."""

import keras

from keras_gan.layers.core import ArgumentsAreConfig, Dropout
from keras_gan.networks import dcgan
from keras_gan.networks.normalization import Normalization


@keras.saving.register_keras_serializable(package="keras_gan.semi")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """An image to logits of its classes; their log-sum-exp is that of being real.

    A softmax over K + 1 logits is the same if all are shifted: that of "generated" is held
    at 0, so that D(x) = Z / (Z + 1) with Z the sum of exp(class logits), section 5 of
    Salimans et al. 2016.

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: Number of classes, K.
        width: As of `dcgan.Discriminator`.
        kernel_size: As of `dcgan.Discriminator`.
        normalization: See `normalization.Normalization`.
        dropout: Share of the features before the last layer that are dropped in training.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        Dict of `logits` [N], `classes`, logits [N, K], and `features` [N, D], from which a
        dense layer reads the classes.
    """

    def __init__(
        self, image_shape, *, num_classes, width, kernel_size, normalization="none", dropout=0.0
    ):
        normalise = Normalization(normalization)
        images = keras.Input(tuple(image_shape), name="images")
        features = dcgan.features_of(
            images, width=width, kernel_size=kernel_size, normalise=normalise
        )
        x = Dropout(dropout)(features)
        classes = normalise.dense(num_classes, kernel_initializer=dcgan.weights())(x)
        summed = keras.ops.logsumexp(classes, axis=1, keepdims=True)
        answers = {
            "logits": keras.layers.Reshape((), name="logits")(summed),
            "classes": classes,
            "features": features,
        }
        super().__init__(images, answers, name="discriminator")
