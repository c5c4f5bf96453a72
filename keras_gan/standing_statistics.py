"""Statistics of batch norm from samples: the standing statistics of BigGAN.

Brock et al. 2019, appendix A: averages over many batches of samples, in place of the moving
averages of training, which lag behind the weights and are not those of averaged weights.
"""

import keras

_BATCH = 64
_SEED = 2  # Other samples than those that are looked at or judged.


def restate(model, batches):
    """Gives batch norms of a model's averaged generator the means over so many batches of samples.

    Networks without batch norm stay as they are.

    Args:
        model: An `AdversarialModel`.
        batches: Number of batches of 64; the paper takes 100.
    """
    network = model.averaged_generator
    layers = [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    if not layers:
        return
    network.trainable = True  # Batch norm learns nothing otherwise.
    sums = [0.0] * (2 * len(layers))
    for number in range(batches):
        pairs = [(_SEED, number * _BATCH + i) for i in range(_BATCH)]
        (latents,) = model.seeded_latents(pairs, _BATCH)
        conditions = model.seeded_conditions(pairs)
        with keras.StatelessScope() as scope:
            model.from_latents(network, latents, training=True, **conditions)
        found = [own for layer in layers for own in _of_batch(layer, scope)]
        sums = [total + own for total, own in zip(sums, found, strict=True)]
    network.trainable = False
    variables = [v for layer in layers for v in (layer.moving_mean, layer.moving_variance)]
    for variable, total in zip(variables, sums, strict=True):
        variable.assign(total / batches)


def _of_batch(layer, scope):
    """Returns mean and variance of the batch, by which a scope would move a layer's averages."""
    for variable in (layer.moving_mean, layer.moving_variance):
        moved = scope.get_current_value(variable)
        yield variable + (moved - variable) / (1.0 - layer.momentum)
