"""Networks: classes around a functional graph, sized from the image shape."""

from keras_gan.networks import dcgan, mlp, plain

__all__ = ["dcgan", "mlp", "plain"]
