"""Random draws as functions of (seed, step, draw, index in the global batch).

Nothing here has state: a run that is resumed, or trained on another number of
replicas, draws the same numbers. Values are drawn in float32 whatever the
precision of the model.
"""

import tensorflow as tf

PRIORS = ("normal", "uniform")
_LATENTS = 1


def training_seed(seed, step, draw):
    """Returns the seed [2] of draw number `draw` in step `step` of a run."""
    key = tf.constant([seed, _LATENTS], tf.int64)
    key = tf.random.experimental.stateless_fold_in(key, tf.cast(step, tf.int64), alg="philox")
    return tf.random.experimental.stateless_fold_in(key, tf.cast(draw, tf.int64), alg="philox")


def latents(prior, shape, seed):
    """Draws from a latent prior.

    Args:
        prior: `"normal"`, the standard normal distribution, or `"uniform"`, on
            [-1, 1) in each dimension.
        shape: Shape of the result.
        seed: Integer tensor of shape [2].
    """
    if prior == "uniform":
        return tf.random.stateless_uniform(shape, seed, -1.0, 1.0, alg="philox")
    return tf.random.stateless_normal(shape, seed, alg="philox")


def replica_latents(prior, count, size, seed):
    """Draws latents for the global batch and returns this replica's rows of them.

    Args:
        prior: See `latents`.
        count: Number of rows on this replica.
        size: Dimension of a latent.
        seed: Integer tensor of shape [2].

    Returns:
        A float32 tensor of shape [count, size]. Replica r of R gets rows
        r * count to (r + 1) * count of what a single device would draw.
    """
    replica = tf.distribute.get_replica_context()
    everyone = latents(prior, [count * replica.num_replicas_in_sync, size], seed)
    return tf.slice(everyone, [replica.replica_id_in_sync_group * count, 0], [count, size])


@tf.function
def seeded_latents(prior, seeds, size):
    """Draws one latent from each seed, independent of the other seeds.

    Args:
        prior: See `latents`.
        seeds: int64 tensor [N, 2], a pair (seed, index) for each row.
        size: Dimension of a latent.

    Returns:
        A float32 tensor of shape [N, size].
    """
    spec = tf.TensorSpec([size], tf.float32)
    return tf.map_fn(lambda seed: latents(prior, [size], seed), seeds, fn_output_signature=spec)
