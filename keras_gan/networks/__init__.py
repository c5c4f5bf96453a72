"""Networks as Keras functional models; their sizes follow from the image shape."""

from keras_gan.networks import dcgan, mlp, perceptrons, plain, r3gan, resnet

__all__ = ["dcgan", "mlp", "perceptrons", "plain", "r3gan", "resnet"]
