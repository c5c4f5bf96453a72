"""Statistics of batch norm from samples: the standing statistics of BigGAN.

Brock et al. 2019, appendix A: averages over many batches of samples, in place of the moving
averages of training, which lag behind the weights and are not those of averaged weights.
"""

import contextlib

import keras

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError

_BATCH = 64
_SEED = 2  # Other samples than those that are looked at or judged.


def recompute_statistics(model, batches):
    """Sets the batch-norm statistics of the main function's averaged network from samples.

    Networks without batch norm stay as they are, and a line says so.

    Args:
        model: An `AdversarialModel` whose first function draws all its inputs.
        batches: Number of batches of 64 samples, at least 1; the paper takes 100.

    Raises:
        UserError: For another number of batches; where the inputs cannot be drawn.
    """
    check_arguments(batches=batches)
    function = model.function()
    if function.given:
        raise UserError(
            "standing_statistics are taken from samples of seeds. Received: a function of "
            f"{function.given[0].name}. Leave standing_statistics at 0."
        )
    network = function.averaged
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
            rows = function.rows([(_SEED, number * _BATCH + i) for i in range(_BATCH)])
            with keras.StatelessScope() as scope:
                function.apply(network, rows, training=True)
            found = map(scope.get_current_value, variables)
            sums = [total + own for total, own in zip(sums, found, strict=True)]
    for variable, total in zip(variables, sums, strict=True):
        variable.assign(total / batches)


@contextlib.contextmanager
def _keeping_the_last_batch(network, layers):
    """Makes batch norms keep the statistics of the last batch alone inside the block."""
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
