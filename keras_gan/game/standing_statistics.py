"""Standing statistics of BigGAN: batch-norm statistics recomputed from samples.

Brock et al. 2019, appendix A. The statistics are averages over many batches of samples. The
moving averages of training lag behind the weights and do not belong to the averaged weights.
"""

import contextlib

import keras

from keras_gan.checks import check_arguments
from keras_gan.errors import UserError

_BATCH = 64
_SEED = 2  # Differs from the seeds of sample grids and evaluations.


def recompute_statistics(model, batches):
    """Recomputes the batch-norm statistics of the averaged generator from samples.

    It prints a line and changes nothing if the network has no batch norm.

    Args:
        model: An `AdversarialModel` whose first function can draw all its inputs.
        batches: Number of batches of 64 samples, at least 1. The paper uses 100.

    Raises:
        UserError: If `batches` is below 1 or an input cannot be drawn.
    """
    check_arguments(batches=batches)
    function = model.function()
    if function.given:
        raise UserError(
            "standing_statistics needs a function whose inputs are all drawn from seeds. Received: "
            f"a function of {function.given[0].name}. Leave standing_statistics at 0."
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
    with _statistics_of_one_batch(network, layers):
        for number in range(batches):
            rows = function.rows([(_SEED, number * _BATCH + i) for i in range(_BATCH)])
            with keras.StatelessScope() as scope:
                function.apply(network, rows, training=True)
            found = map(scope.get_current_value, variables)
            sums = [total + own for total, own in zip(sums, found, strict=True)]
    for variable, total in zip(variables, sums, strict=True):
        variable.assign(total / batches)


@contextlib.contextmanager
def _statistics_of_one_batch(network, layers):
    """Inside the block, batch norm stores the statistics of the last batch, not an average."""
    momenta = [layer.momentum for layer in layers]
    network.trainable = True  # Otherwise batch norm does not update its statistics.
    try:
        for layer in layers:
            layer.momentum = 0.0
        yield
    finally:
        network.trainable = False
        for layer, momentum in zip(layers, momenta, strict=True):
            layer.momentum = momentum
