"""Random draws: distributions, independence, and rows of the global batch."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import make_strategy


@pytest.mark.parametrize(("prior", "deviation"), [("normal", 1.0), ("uniform", 3**-0.5)])
def test_priors(prior, deviation):
    draws = randomness.latents(prior, [20_000, 2], [1, 2]).numpy()
    assert abs(draws.mean()) < 0.02
    assert draws.std() == pytest.approx(deviation, rel=0.02)
    if prior == "uniform":
        assert draws.min() >= -1.0 and draws.max() < 1.0


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_draw_rows_of_the_global_batch(replicas):
    strategy = make_strategy(cpu_replicas=replicas)
    seed = randomness.training_seed(3, 10, 1)
    parts = strategy.run(lambda: randomness.replica_latents("normal", 8 // replicas, 5, seed))
    together = np.concatenate([part.numpy() for part in strategy.experimental_local_results(parts)])
    np.testing.assert_array_equal(together, randomness.replica_latents("normal", 8, 5, seed))


def test_draws_differ_by_seed_step_and_draw():
    draws = {
        tuple(randomness.latents("normal", [3], randomness.training_seed(*key)).numpy())
        for key in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    }
    assert len(draws) == 4


def test_latents_of_a_seed_do_not_depend_on_other_seeds():
    together = randomness.seeded_latents("normal", tf.constant([[5, 0], [9, 1]], tf.int64), 4)
    alone = randomness.seeded_latents("normal", tf.constant([[9, 1]], tf.int64), 4)
    np.testing.assert_array_equal(together[1], alone[0])
    assert not np.array_equal(together[0], together[1])


def test_draws_of_seeds_run_as_a_graph():
    """A Python loop over seeds would take a hundred times as long."""
    for function in (randomness.seeded_latents, randomness.seeded_uniform):
        assert isinstance(function, tf.types.experimental.PolymorphicFunction)


def test_common_draws_are_new_for_each_call_and_part():
    """A pool of past samples draws by them: the same on all replicas, others in each part."""
    drawn = []
    for part in (0, 1):
        with randomness.layer_draws(tf.constant([1, 2], tf.int64), part, 2):
            drawn += [randomness.common_uniform([3]).numpy() for _ in range(2)]
    assert len({tuple(x) for x in drawn}) == 4
    with randomness.layer_draws(tf.constant([1, 2], tf.int64), 0, 2):
        np.testing.assert_array_equal(randomness.common_uniform([3]), drawn[0])
    with pytest.raises(RuntimeError, match="outside of"):
        randomness.common_uniform([3])
