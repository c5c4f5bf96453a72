"""Layers for any network that Keras does not have."""

from keras_gan.layers.core import ArgumentsAreConfig, Dropout, Maxout, OneHot, dtype_policy

__all__ = ["ArgumentsAreConfig", "Dropout", "Maxout", "OneHot", "dtype_policy"]
