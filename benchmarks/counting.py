"""Counts the multiply-adds that a training step cannot do without."""

import math

import keras


def layer_multiply_adds(layer):
    """Returns the multiply-adds of one example through a layer; 0 unless it has a kernel.

    Products with the zeros of padding count, as is usual for convolutions.
    """
    if isinstance(layer, keras.layers.Dense):
        return math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv2DTranspose):  # Each input pixel meets the kernel once.
        return math.prod(layer.input.shape[1:3]) * math.prod(layer.kernel.shape)
    if isinstance(layer, keras.layers.Conv2D):  # Each output pixel does.
        return math.prod(layer.output.shape[1:3]) * math.prod(layer.kernel.shape)
    if layer.weights and not isinstance(layer, keras.layers.BatchNormalization):
        raise ValueError(f"Cannot count the multiply-adds of a {type(layer).__name__}.")
    return 0


def forward(network):
    """Returns the multiply-adds of one example forward through a network, layer by layer.

    The gradients for a layer's inputs, and those for its kernel, take as many again each.
    """
    counts = [layer_multiply_adds(layer) for layer in network.layers]
    return [count for count in counts if count]


def dcgan_step_multiply_adds(generator, discriminator):
    """Returns the multiply-adds of a training step per example of the batch.

    D's update: D forward on a real and a fake example, gradients for its kernels,
    and for the inputs of all layers but the first. G's update: the fake, made
    once, forward through the new D and gradients back through all of D's layers, none
    for its kernels, then G's kernels, and the inputs of all its layers but the first.
    """
    g, d = forward(generator), forward(discriminator)
    discriminator_update = 2 * (sum(d) + sum(d) + sum(d[1:]))
    generator_update = sum(d) + sum(d) + sum(g) + sum(g) + sum(g[1:])
    return discriminator_update + generator_update
