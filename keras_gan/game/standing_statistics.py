"""Statistics of batch norm from samples: the standing statistics of BigGAN.

Brock et al. 2019, appendix A: averages over many batches of samples, in place of the moving
averages of training, which lag behind the weights and are not those of averaged weights.
"""

import contextlib

import keras

from keras_gan.checks import check_arguments

_BATCH = 64
_SEED = 2  # Other samples than those that are looked at or judged.


def restate(model, batches):
    """Gives batch norms of a model's averaged generator the means over so many batches of samples.

    Networks without batch norm stay as they are, which is said.

    Args:
        model: An `AdversarialModel`.
        batches: Number of batches of 64, at least 1; the paper takes 100.

    Raises:
        UserError: For another number of batches.
    """
    check_arguments(batches=batches)
    network = model.averaged_generator
    layers = [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not layers:
        print(f"{type(model).__name__}'s generator has no batch norm, so no standing statistics.")
        return
    variables = [v for layer in layers for v in (layer.moving_mean, layer.moving_variance)]
    sums = [0.0] * len(variables)
    with _keeping_the_last_batch(network, layers):
        for number in range(batches):
            pairs = [(_SEED, number * _BATCH + i) for i in range(_BATCH)]
            (latents,) = model.seeded_latents(pairs, _BATCH)
            conditions = model.seeded_conditions(pairs)
            with keras.StatelessScope() as scope:
                model.from_latents(network, latents, training=True, **conditions)
            found = map(scope.get_current_value, variables)
            sums = [total + own for total, own in zip(sums, found, strict=True)]
    for variable, total in zip(variables, sums, strict=True):
        variable.assign(total / batches)


@contextlib.contextmanager
def _keeping_the_last_batch(network, layers):
    """Makes batch norms take the statistics of a batch over as they are, inside the block."""
    momenta = [layer.momentum for layer in layers]
    network.trainable = True  # Batch norm learns nothing otherwise.
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        network.trainable = False
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
