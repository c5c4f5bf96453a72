"""Networks: classes around a functional graph, sized from the image shape."""

from keras_gan.networks import dcgan, mlp, perceptrons, plain, r3gan, resnet

__all__ = ["dcgan", "mlp", "perceptrons", "plain", "r3gan", "resnet"]
