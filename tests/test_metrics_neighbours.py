"""Measures from distances between examples, compared with plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import distance

from keras_gan import metrics
from keras_gan.errors import UserError
from keras_gan.metrics import nearest


def sets(real=40, fake=50, dimensions=3, seed=0):
    random = np.random.default_rng(seed)
    return random.normal(size=(real, dimensions)), random.normal(0.3, 0.9, (fake, dimensions))


def radii(features, k):
    return [
        sorted(np.delete(row, i))[k - 1] for i, row in enumerate(distance.cdist(*[features] * 2))
    ]


@pytest.mark.parametrize("dimensions", [3, 40])
@pytest.mark.parametrize("k", [1, 4])
def test_balls_against_loops(dimensions, k):
    real, fake = sets(dimensions=dimensions)
    across = distance.cdist(real, fake)
    balls, others = radii(real, k), radii(fake, k)
    precise = [any(across[i, j] < balls[i] for i in range(40)) for j in range(50)]
    reached = [any(across[i, j] < others[j] for j in range(50)) for i in range(40)]
    inside = [sum(across[i, j] < balls[i] for i in range(40)) for j in range(50)]
    covered = [min(across[i]) < balls[i] for i in range(40)]
    received = metrics.precision_recall(real, fake, k)
    assert received == pytest.approx((np.mean(precise), np.mean(reached)), abs=1e-6)
    received = metrics.density_coverage(real, fake, k)
    assert received == pytest.approx((np.mean(inside) / k, np.mean(covered)), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    tile=st.integers(1, 70),
    dimensions=st.sampled_from([2, 30]),
    grid=st.booleans(),
    seed=st.integers(0, 9),
)
def test_blocks_and_order_do_not_matter(tile, dimensions, grid, seed):
    """On a grid most distances are ties; they must count the same in blocks of any size."""
    real, fake = sets(dimensions=dimensions, seed=seed)
    if grid:
        real, fake = np.round(real) + 0.1, np.round(fake) + 0.1
    order = np.random.default_rng(seed).permutation
    mixed = real[order(40)], fake[order(50)]
    for measure in (metrics.precision_recall, metrics.density_coverage):
        expected = measure(real, fake)
        assert measure(real, fake, tile=tile) == expected
        assert measure(*mixed, tile=tile) == expected
    expected = metrics.precision_recall(real, fake)
    assert metrics.precision_recall(fake, real) == expected[::-1]
    nearest, blocks = (metrics.nearest_neighbours(fake, real, t) for t in (2048, tile))
    np.testing.assert_allclose(blocks.distances, nearest.distances, rtol=1e-7)
    if not grid:
        np.testing.assert_array_equal(blocks.indices, nearest.indices)


@pytest.mark.parametrize("dimensions", [2, 100])
def test_far_from_the_origin(dimensions):
    real, fake = sets(dimensions=dimensions)
    moved = real + 1e5, fake + 1e5
    assert metrics.precision_recall(*moved) == metrics.precision_recall(real, fake)
    assert metrics.density_coverage(*moved) == metrics.density_coverage(real, fake)


@pytest.mark.parametrize("dimensions", [2, 100])
def test_ties_are_outside(dimensions):
    # With k = 1 the radius of each ball is exactly the distance to copies of another example.
    corners = np.zeros((4, dimensions), np.float32)
    corners[1, 0] = corners[2, 1] = corners[3, :2] = 1.0
    assert metrics.density_coverage(corners, corners, k=1) == (1.0, 1.0)
    twice = np.repeat(corners, 2, axis=0)
    assert metrics.density_coverage(twice, twice, k=1) == (0.0, 0.0)
    assert metrics.precision_recall(twice, twice, k=1) == (0.0, 0.0)


def test_density_and_coverage_of_one_distribution():
    """Naeem et al., lemmas 1 and 2: expected are 1 and 1 - prod (N - i) / (2N - i)."""
    random = np.random.default_rng(0)
    received = metrics.density_coverage(*random.normal(size=(2, 2000, 4)), k=5)
    i = np.arange(1, 6)
    expected = 1.0 - np.prod((2000 - i) / (4000 - i))
    assert received == pytest.approx((1.0, expected), abs=0.05)


def test_nearest_against_all_distances():
    samples, training = sets(dimensions=30)
    across = distance.cdist(samples, training)
    received = metrics.nearest_neighbours(samples, training)
    np.testing.assert_allclose(received.distances, across.min(axis=1), rtol=1e-9)
    np.testing.assert_array_equal(received.indices, across.argmin(axis=1))


def test_memorisation_of_copies_and_of_new_samples():
    random = np.random.default_rng(0)
    training = random.uniform(-1, 1, (60, 5, 4, 2)).astype(np.float32)
    new = random.uniform(-1, 1, (60, 5, 4, 2)).astype(np.float32)
    copies = metrics.memorisation(training[::-1], training)
    assert (copies.sample_distance, copies.ratio) == (0.0, 0.0)
    assert (copies.copies, copies.authenticity) == (1.0, 0.0)
    np.testing.assert_array_equal(
        metrics.nearest_neighbours(training[::-1], training).indices, np.arange(60)[::-1]
    )
    received = metrics.memorisation(new, training)
    assert received.ratio == pytest.approx(1.0, abs=0.1)
    assert received.copies == 0.0
    assert received.authenticity > 0.4
    across = distance.cdist(new.reshape(60, -1), training.reshape(60, -1))
    own, nearest = np.array(radii(training.reshape(60, -1), 1)), across.argmin(axis=1)
    assert received.authenticity == np.mean(across.min(axis=1) > own[nearest])
    assert received.training_distance == pytest.approx(np.median(own))


def test_repeated_training_examples_have_distance_zero():
    random = np.random.default_rng(0)
    twice = np.repeat(random.normal(size=(20, 3)), 2, axis=0)
    received = metrics.memorisation(random.normal(size=(10, 3)), twice)
    assert received.training_distance == 0.0 and received.ratio == np.inf
    assert received.authenticity == 1.0


def test_training_distance_uses_a_subset_of_large_sets(monkeypatch):
    random = np.random.default_rng(0)
    samples, training = random.normal(size=(15, 3)), random.normal(size=(200, 3))
    own = np.sqrt(distance.cdist(training, training, "sqeuclidean") + np.diag([np.inf] * 200))
    monkeypatch.setattr(nearest, "_DRAWN", 40)
    received = metrics.memorisation(samples, training, tile=7)
    drawn = np.random.default_rng(0).permutation(200)[:40]
    assert received.training_distance == pytest.approx(np.median(own.min(axis=1)[drawn]))
    across = distance.cdist(samples, training)
    farther = across.min(axis=1) > own.min(axis=1)[across.argmin(axis=1)]
    assert received.authenticity == farther.mean()


MEASURES = (
    metrics.frechet_distance,
    lambda real, fake: metrics.kernel_distance(real, fake, 2, 2),
    metrics.precision_recall,
    metrics.density_coverage,
    metrics.nearest_neighbours,
    metrics.memorisation,
    lambda real, fake: metrics.mode_coverage(real, fake, 1.0),
)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    "spoil, message",
    [
        (lambda x: np.where(np.arange(len(x))[:, None] == 7, np.nan, x), "finite.*example 7"),
        (lambda x: np.where(np.arange(len(x))[:, None] == 7, np.inf, x), "finite.*example 7"),
        (lambda x: x[:, 0], "shape"),
        (lambda x: x[:, :2], "same (dimension|shape)"),
        (lambda x: x[:0], "at least"),
        (lambda x: x[:, :0], "1 dimension|same shape"),
        (lambda x: x.astype(complex), "real numbers"),
        (lambda x: x.astype(str), "real numbers"),
    ],
)
def test_bad_features_are_refused(measure, spoil, message):
    real, fake = sets()
    for pair in ((spoil(real), fake), (real, spoil(fake))):
        with pytest.raises(UserError, match=message) as raised:
            measure(*pair)
        assert "Received: " in str(raised.value)


@pytest.mark.parametrize("dtype", ["float16", "float32", "uint8", "bool", "bfloat16"])
def test_types_of_features(dtype):
    real, fake = (np.abs(x * 3).astype(np.uint8) for x in sets(100, 100, 8))
    if dtype == "bool":
        real, fake = real % 2, fake % 2
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    for measure in MEASURES[:-1]:
        plain = measure(real.astype(np.float64), fake.astype(np.float64))
        for a, b in zip(
            np.atleast_1d(plain),
            np.atleast_1d(measure(real.astype(dtype), fake.astype(dtype))),
            strict=True,
        ):
            np.testing.assert_allclose(b, a)


def test_k_must_leave_a_neighbour():
    real, fake = sets(5, 4)
    assert metrics.density_coverage(real, fake, k=4)
    for measure, k, message in (
        (metrics.density_coverage, 5, "in real. Received: k=5 with 5"),
        (metrics.precision_recall, 4, "in fake. Received: k=4 with 4"),
        (metrics.precision_recall, 0, "k must be a whole number of at least 1. Received: 0"),
        (metrics.precision_recall, 2.0, "Received: 2.0"),
    ):
        with pytest.raises(UserError, match=message):
            measure(real, fake, k=k)
    with pytest.raises(UserError, match="k=1 with 1 examples"):
        metrics.memorisation(real, real[:1])


@pytest.mark.soak
def test_published_self_test():
    """github.com/clovaai/generative-evaluation-prdc, README: two draws of N(0, I_1000)."""
    real, fake = np.random.default_rng(0).normal(size=(2, 10_000, 1000))
    assert metrics.precision_recall(real, fake, k=5) == pytest.approx((0.4772, 0.4705), abs=0.03)
    density, coverage = metrics.density_coverage(real, fake, k=5)
    assert density == pytest.approx(1.0555, abs=0.2)
    assert coverage == pytest.approx(0.9735, abs=0.03)
