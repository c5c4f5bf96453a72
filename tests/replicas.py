"""Values and gradients of functions of a batch that one or more replicas share."""

import numpy as np
import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import make_strategy, sum_over_replicas

SEED = (7, 11)


def shared(make, rows, replicas):
    """Runs a function of examples as a training step does, each replica on its own.

    Args:
        make: Called in the strategy's scope; returns a function from rows to
            values [N, ...], whose mean over the global batch is differentiated,
            and the variables it depends on.
        rows: Arrays [N, ...]; each replica gets its part of all.
        replicas: Number of replicas.

    Returns:
        Arrays: the values, the gradients by the rows, the summed ones by the
        variables, the variables after it.
    """
    strategy = make_strategy(cpu_replicas=replicas)
    with strategy.scope():
        function, variables = make()

    def of_replica():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        count = len(rows[0]) // replicas
        own = [tf.gather(x, index * count + tf.range(count)) for x in map(tf.constant, rows)]
        weights = [v.value for v in variables if v.trainable]
        seed = tf.constant(SEED, tf.int64)
        with randomness.layer_draws(seed), tf.GradientTape() as tape:
            tape.watch([own, weights])
            values = function(*own)
            loss = tf.reduce_mean(values) / replicas
        by_rows, by_weights = tape.gradient(loss, [own, weights])
        by_rows = [x for x in by_rows if x is not None]
        return values, by_rows, sum_over_replicas(by_weights) if weights else []

    local = strategy.experimental_local_results
    values, by_rows, by_weights = tf.function(lambda: strategy.run(of_replica), autograph=False)()
    for variable in variables:
        first, *others = (copy.numpy() for copy in local(variable.value))
        assert all(np.array_equal(first, other) for other in others), variable.path
    return [
        *(np.concatenate([part.numpy() for part in local(x)]) for x in (values, *by_rows)),
        *(local(x)[0].numpy() for x in by_weights),
        *(v.numpy() for v in variables),
    ]


def assert_same_on_two_replicas(make, *rows):
    """Asserts that one replica and two give the same values, gradients and variables."""
    one, two = (shared(make, rows, replicas) for replicas in (1, 2))
    assert len(one) > 1
    assert all(np.isfinite(x).all() for x in one)
    assert any(x.any() for x in one[1:])
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12)


def slope(function, x, direction, step=1e-6):
    """Returns the derivative of a scalar function at `x` along `direction`, by differences."""
    return (float(function(x + step * direction)) - float(function(x - step * direction))) / (
        2.0 * step
    )
