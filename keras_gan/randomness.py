"""Stateless random draws: functions of (seed, step, draw, index in the global batch).

A resumed run, or a run on another number of replicas, draws the same numbers.
Values are drawn in float32, whatever the precision of the model.
"""

import contextlib
import math
import threading

import tensorflow as tf

PRIORS = ("normal", "uniform")
PURPOSES = {"latents": 1, "generator_layers": 4, "discriminator_layers": 5, "loss_latents": 6}
_active = threading.local()


def training_seed(seed, step, draw, purpose="latents"):
    """Returns the seed, an int64 tensor [2], of one draw in one step of a run.

    Args:
        seed: The run's seed.
        step: Number of generator steps done.
        draw: Index of the draw within the step.
        purpose: One of `PURPOSES`. Draws for different purposes are independent.
    """
    return _fold_in(_fold_in(tf.constant([seed, PURPOSES[purpose]], tf.int64), step), draw)


def _fold_in(key, number):
    number = tf.cast(number, tf.int64)
    return tf.random.experimental.stateless_fold_in(key, number, alg="philox")


class _Draws:
    """The source of draws in a block: seeds, how often they were used, the part of the batch."""

    def __init__(self, seed, part=0, parts=1, latents=None):
        self.seed, self.count, self.part, self.parts = seed, 0, part, parts
        self.latents, self.latents_count = latents, 0


@contextlib.contextmanager
def layer_draws(seed, part=0, parts=1, latents=None):
    """Sets the seed of random layers inside the block; each draw in it gets another number.

    Replicas run in separate threads, and each has its own block.

    Args:
        seed: Integer tensor of shape [2].
        part: Which sub-batch is drawn for: examples `part`, `part + parts`, and so on
            of the batch.
        parts: Number of sub-batches.
        latents: Seed of `batch_latents`, an integer tensor of shape [2].
    """
    outer = getattr(_active, "draws", None)
    _active.draws = _Draws(seed, part, parts, latents)
    try:
        yield
    finally:
        _active.draws = outer


def layer_uniform(inputs):
    """Draws from [0, 1) in the shape of `inputs`; see `batch_uniform`."""
    return batch_uniform(inputs.shape)


def batch_uniform(shape):
    """Draws uniformly from [0, 1), by index in the global batch.

    Args:
        shape: Shape of the result. The first axis is the number of this replica's
            examples.

    Raises:
        RuntimeError: If called outside of `layer_draws`.
    """
    draws = getattr(_active, "draws", None)
    if draws is None:
        raise RuntimeError(
            "A random layer, penalty or augmentation was called in training mode outside of a "
            "training step. Call networks with training=False, pass the draws as an argument, or "
            "call it within `randomness.layer_draws(seed)`."
        )
    draws.count += 1
    seed = _fold_in(draws.seed, draws.count)
    return _replica_rows(
        lambda shape: tf.random.stateless_uniform(shape, seed, alg="philox"), shape
    )


def common_uniform(shape):
    """Draws from [0, 1) in a training step, the same numbers on every replica.

    Args:
        shape: Shape of the result.

    Raises:
        RuntimeError: Outside of `layer_draws`.
    """
    draws = getattr(_active, "draws", None)
    if draws is None:
        raise RuntimeError("Numbers of a training step were drawn outside of one.")
    draws.count += 1
    seed = _fold_in(_fold_in(draws.seed, draws.count), draws.part)
    return tf.random.stateless_uniform(shape, seed, alg="philox")


def batch_latents(prior, count, size):
    """Draws latents [count, size] in a training step, by index in the global batch.

    Args:
        prior: See `latents`.
        count: Number of rows on this replica.
        size: Dimension of a latent.

    Raises:
        RuntimeError: Outside of `layer_draws` with a seed of latents.
    """
    draws = getattr(_active, "draws", None)
    if draws is None or draws.latents is None:
        raise RuntimeError("Latents of a batch were drawn outside of a training step.")
    seed = (
        draws.latents if not draws.latents_count else _fold_in(draws.latents, draws.latents_count)
    )
    draws.latents_count += 1
    return replica_latents(prior, count, size, seed)


def latents(prior, shape, seed):
    """Draws latents from a prior.

    Args:
        prior: `"normal"` for the standard normal distribution, or `"uniform"` on
            [-1, 1) in each dimension.
        shape: Shape of the result.
        seed: Integer tensor of shape [2].
    """
    if prior == "uniform":
        return tf.random.stateless_uniform(shape, seed, -1.0, 1.0, alg="philox")
    return tf.random.stateless_normal(shape, seed, alg="philox")


def truncated(latents, threshold):
    """Maps standard normal latents to the normal distribution truncated to +-threshold.

    This is the truncation trick of Brock et al. 2019, section 3.1. The paper draws values beyond
    the threshold again. Here each value keeps its quantile, which gives the same distribution;
    the image of a seed then changes smoothly with the threshold.

    Args:
        latents: Float tensor from N(0, 1).
        threshold: The largest absolute value, above 0.
    """
    latents = tf.cast(latents, tf.float64)
    below = lambda x: 0.5 * tf.math.erfc(-x / math.sqrt(2.0))  # noqa: E731
    least = below(tf.constant(-threshold, tf.float64))
    quantile = least + below(latents) * (1.0 - 2.0 * least)
    return tf.cast(tf.clip_by_value(tf.math.ndtri(quantile), -threshold, threshold), tf.float32)


def replica_latents(prior, count, size, seed):
    """Draws latents for the global batch and returns this replica's rows of them.

    Args:
        prior: See `latents`.
        count: Number of rows on this replica.
        size: Dimension of a latent.
        seed: Integer tensor of shape [2].

    Returns:
        A float32 tensor of shape [count, size]. Replica r gets rows r * count to
        (r + 1) * count of what a single device would draw.
    """
    return _replica_rows(lambda shape: latents(prior, shape, seed), [count, size])


def _replica_rows(draw, shape):
    """Calls `draw` for the global batch and returns this replica's rows, of `shape`."""
    replica = tf.distribute.get_replica_context()
    draws = getattr(_active, "draws", None) or _Draws(None)
    rows, *rest = shape
    count = rows * draws.parts
    everyone = draw([count * replica.num_replicas_in_sync, *rest])
    start = [replica.replica_id_in_sync_group * count, *[0] * len(rest)]
    own = tf.slice(everyone, start, [count, *rest])
    if draws.parts == 1:
        return own
    return tf.gather(tf.reshape(own, [rows, draws.parts, *rest]), draws.part, axis=1)


@tf.function
def seeded_uniform(seeds, shape, number):
    """Draws from [0, 1) for each seed, independently of other seeds and of the seed's latent.

    Args:
        seeds: int64 tensor [N, 2], as for `seeded_latents`.
        shape: Shape of the draws for one seed.
        number: Index of the draw, from 0. Different indices give independent draws.

    Returns:
        A float32 tensor of shape [N, *shape].
    """

    def draw(seed):
        return tf.random.stateless_uniform(shape, _fold_in(seed, number), alg="philox")

    spec = tf.TensorSpec(shape, tf.float32)
    return tf.map_fn(draw, seeds, fn_output_signature=spec)


@tf.function
def seeded_latents(prior, seeds, size):
    """Draws one latent for each seed, independently of the other seeds.

    Args:
        prior: See `latents`.
        seeds: int64 tensor [N, 2], a pair (seed, index) for each latent.
        size: Dimension of a latent.

    Returns:
        A float32 tensor of shape [N, size].
    """
    spec = tf.TensorSpec([size], tf.float32)
    return tf.map_fn(lambda seed: latents(prior, [size], seed), seeds, fn_output_signature=spec)
