"""The discriminator of semi-supervised learning: a classifier with an extra class "generated"."""

import keras

from keras_gan.layers.core import ArgumentsAreConfig, Dropout
from keras_gan.networks import dcgan
from keras_gan.networks.normalization import Normalization


@keras.saving.register_keras_serializable(package="keras_gan.semi")
class Discriminator(ArgumentsAreConfig, keras.Model):
    """DCGAN discriminator with K class logits; their log-sum-exp is the real/fake logit.

    Shifting all logits does not change a softmax over K + 1 classes, so the logit of "generated"
    is fixed at 0. Then D(x) = Z / (Z + 1), where Z is the sum of exp(class logits): Salimans et
    al. 2016, section 5.

    Args:
        image_shape: (height, width, channels) of the images.
        num_classes: Number of classes, K.
        width: See `dcgan.Discriminator`.
        kernel_size: See `dcgan.Discriminator`.
        normalization: See `normalization.Normalization`.
        dropout: Dropout rate of the features before the last layer.

    Call arguments:
        images: Tensor [N, *image_shape].

    Returns:
        A dict of `logits` [N], the class logits `classes` [N, K], and `features` [N, D], the
        input of the last layer before dropout.
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
