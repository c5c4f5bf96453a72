"""Interpolation, arithmetic and intrinsic dimension compared with closed forms."""

import numpy as np
import pytest

from keras_gan.errors import UserError
from keras_gan.latent_space import arithmetic, interpolate, intrinsic_dimension, walk
from tests.conftest import build


def angles(path):
    unit = path / np.linalg.norm(path, axis=1, keepdims=True)
    return np.arccos(np.clip(np.sum(unit[1:] * unit[:-1], axis=1), -1.0, 1.0))


def test_orthogonal_unit_vectors():
    path = interpolate([1.0, 0.0], [0.0, 1.0], 5, spherical=True)
    turned = np.linspace(0.0, np.pi / 2.0, 5)
    np.testing.assert_allclose(path, np.stack([np.cos(turned), np.sin(turned)], 1), atol=1e-15)
    straight = interpolate([1.0, 0.0], [0.0, 1.0], 5)
    np.testing.assert_allclose(straight[:, 0], 1.0 - straight[:, 1])
    np.testing.assert_allclose(straight[2], [0.5, 0.5])


def test_equal_angles_and_even_lengths():
    start, end = np.random.default_rng(0).normal(size=(2, 100)) * [[1.0], [3.0]]
    path = interpolate(start, end, 9, spherical=True)
    np.testing.assert_allclose(angles(path), angles(path)[0], rtol=1e-6)
    assert angles(path).sum() == pytest.approx(angles(np.stack([start, end]))[0])
    lengths = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[0], lengths[-1], 9), rtol=1e-12)
    backwards = interpolate(end, start, 9, spherical=True)
    np.testing.assert_allclose(path, backwards[::-1], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("spherical", [False, True])
def test_ends_are_kept_to_the_bit(spherical):
    start, end = np.random.default_rng(1).normal(size=(2, 7)).astype(np.float32)
    path = interpolate(start, end, 2, spherical)
    assert path.dtype == np.float32
    assert np.array_equal(path, [start, end])


@pytest.mark.parametrize("turned", [0.0, 1e-9, 1e-5])
def test_almost_parallel_ends(turned):
    """For small angles spherical interpolation approaches the straight line."""
    path = interpolate([1.0, 0.0], [2.0, 2.0 * turned], 5, spherical=True)
    np.testing.assert_allclose(path[:, 0], np.linspace(1.0, 2.0, 5), rtol=1e-9)


def test_walk_passes_each_point_once():
    points = np.random.default_rng(2).normal(size=(4, 6))
    for spherical in (False, True):
        path = walk(points, 5, spherical)
        assert path.shape == (3 * 4 + 1, 6)
        np.testing.assert_array_equal(path[::4], points)
        np.testing.assert_array_equal(path[4:9], interpolate(*points[1:3], 5, spherical))


def test_arithmetic_of_rows():
    latents = np.arange(14.0).reshape(7, 2)
    expected = latents[[0, 1]].mean(0) - latents[3] + latents[[4, 5, 6]].mean(0)
    np.testing.assert_allclose(arithmetic(latents, [0, 1], [3], [4, 5, 6]), expected)


def test_arithmetic_of_seeds_uses_the_latents_of_generate():
    model = build("gan", (2,))
    seeds = [3, 5, 8]
    latents = model.seeded_latents([(seed, 0) for seed in seeds])
    result = arithmetic(model, [3], [5], [8])
    np.testing.assert_allclose(result, latents[0] - latents[1] + latents[2], rtol=1e-6)
    kept = arithmetic(model, [5], [8], [8])
    np.testing.assert_allclose(
        model(kept[np.newaxis]), model.sample_seeds([(5, 0)]), rtol=1e-5, atol=1e-6
    )


def test_means_of_three_latents_keep_the_scale_of_the_prior():
    latents = np.random.default_rng(3).normal(size=(9, 10_000))
    result = arithmetic(latents, [0, 1, 2], [3, 4, 5], [6, 7, 8])
    assert result.std() == pytest.approx(1.0, abs=0.03)


def embedded(dimension, count=3000):
    random = np.random.default_rng(dimension)
    basis = np.linalg.qr(random.normal(size=(20, dimension)))[0]
    return random.uniform(size=(count, dimension)) @ basis.T


@pytest.mark.parametrize("dimension, error", [(1, 0.1), (2, 0.1), (5, 0.12), (10, 0.15)])
def test_dimension_of_linear_subspaces(dimension, error):
    """With 10 dimensions the estimate is low, since points at the edge lack neighbours."""
    found = intrinsic_dimension(embedded(dimension))
    assert found.dimension == pytest.approx(dimension, rel=error)
    assert found.examples == 3000 and found.duplicates == 0


def test_dimension_of_curved_data():
    random = np.random.default_rng(0)
    angle = random.uniform(0.0, 2.0 * np.pi, 2000)
    circle = intrinsic_dimension(np.stack([np.cos(angle), np.sin(angle)], 1))
    assert abs(circle.dimension - 1.0) < 4.0 * circle.standard_error < 0.15
    turned = 1.5 * np.pi * (1.0 + 2.0 * random.uniform(size=2000))
    roll = [turned * np.cos(turned), 21.0 * random.uniform(size=2000), turned * np.sin(turned)]
    assert intrinsic_dimension(np.stack(roll, 1)).dimension == pytest.approx(2.0, rel=0.1)


def test_dimension_does_not_depend_on_scale_and_origin():
    points = embedded(2, 500)
    expected = intrinsic_dimension(points).dimension
    for changed in (points * 1e200, points * 1e-200, points + 1e3, points.reshape(500, 4, 5, 1)):
        assert intrinsic_dimension(changed).dimension == pytest.approx(expected, rel=1e-4)


def test_standard_error_matches_the_spread_of_estimates():
    draws = [np.random.default_rng(seed).uniform(size=(300, 2)) for seed in range(60)]
    found = [intrinsic_dimension(points) for points in draws]
    spread = np.std([one.dimension for one in found])
    assert spread == pytest.approx(np.mean([one.standard_error for one in found]), rel=0.35)


def test_duplicates_are_left_out_and_counted():
    points = embedded(2, 400)
    repeated = intrinsic_dimension(np.concatenate([points, points[:100], points[:50]]))
    assert repeated == intrinsic_dimension(points)._replace(duplicates=150)


BAD = [
    (lambda: interpolate([1.0, 2.0], [1.0], 3), "Expected two latents of the same size"),
    (lambda: interpolate([1.0, np.nan], [1.0, 2.0], 3), "Expected finite numbers for start"),
    (lambda: interpolate([1.0], [[2.0]], 3), "Expected end of shape"),
    (lambda: interpolate(["a"], [1.0], 3), "Expected numbers for start"),
    (lambda: interpolate([1.0], [2.0], 1), "Expected at least 2 steps"),
    (lambda: interpolate([1.0], [2.0], 2.5), "Expected at least 2 steps"),
    (lambda: interpolate([1.0, 2.0], [-2.0, -4.0], 3, True), "must not be opposite"),
    (lambda: interpolate([0.0, 0.0], [1.0, 0.0], 3, True), "one of length 0"),
    (lambda: walk([[1.0, 2.0]], 3), "Expected at least 2 points"),
    (lambda: walk([[1.0, 2.0], [3.0]], 3), "Expected numbers for points"),
    (lambda: arithmetic(np.ones((3, 2)), [0], [1], []), "Expected whole numbers for plus"),
    (lambda: arithmetic(np.ones((3, 2)), [0], [1.5], [2]), "Expected whole numbers for minus"),
    (lambda: arithmetic(np.ones((3, 2)), [3], [1], [2]), "Expected rows 0 to 2"),
    (lambda: intrinsic_dimension(np.ones((50, 3))), "49 equal another one"),
    (lambda: intrinsic_dimension(embedded(2, 10)), "at least 20 distinct"),
    (lambda: intrinsic_dimension(np.full((50, 3), np.inf)), "Expected finite numbers"),
    (lambda: intrinsic_dimension(np.zeros((0, 3, 3))), "Expected examples of shape"),
    (lambda: intrinsic_dimension(np.ones(50)), "Expected examples of shape"),
    (lambda: intrinsic_dimension(np.indices((9, 9)).reshape(2, -1).T), "on a lattice"),
    (lambda: intrinsic_dimension(embedded(2, 50), discard=1.0), "discard must be"),
]


@pytest.mark.parametrize("call, message", BAD)
def test_errors(call, message):
    with pytest.raises(UserError, match=message) as raised:
        call()
    assert "Received: " in str(raised.value)
