"""Layers that Keras does not have, for any network."""

from keras_gan.layers.core import ArgumentsAreConfig, Dropout, Maxout, OneHot, dtype_policy

__all__ = ["ArgumentsAreConfig", "Dropout", "Maxout", "OneHot", "dtype_policy"]
