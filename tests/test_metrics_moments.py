"""Frechet distance, kernel distance and inception score against closed forms and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg

from keras_gan import metrics
from keras_gan.errors import UserError


def features(count=60, dimensions=4, seed=0, shift=0.0):
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(dimensions, dimensions))
    return random.normal(size=(count, dimensions)) @ mixing + shift


def known(mean, covariance):
    return metrics.Moments.known(np.array(mean, float), np.array(covariance, float), 1000)


def test_frechet_distance_of_gaussians():
    """In one dimension it is (m - m')^2 + (s - s')^2; diagonal covariances add up per axis."""
    assert metrics.frechet_distance(known([1.0], [[4.0]]), known([3.0], [[9.0]])) == pytest.approx(
        4.0 + 1.0, rel=1e-12
    )
    first = known([0.0, 0.0, 1.0], np.diag([1.0, 4.0, 0.0]))
    second = known([0.0, 2.0, 1.0], np.diag([9.0, 0.25, 0.0]))
    assert metrics.frechet_distance(first, second) == pytest.approx(4.0 + 4.0 + 2.25, rel=1e-12)


def test_frechet_distance_of_a_rotated_gaussian():
    """For 2x2 matrices tr (C C')^(1/2) is the root of tr(C C') + 2 det(C C')^(1/2)."""
    covariance = np.array([[3.0, 1.0], [1.0, 2.0]])
    other = np.array([[1.0, -0.4], [-0.4, 5.0]])
    product = covariance @ other
    overlap = math.sqrt(np.trace(product) + 2.0 * math.sqrt(np.linalg.det(product)))
    expected = np.trace(covariance) + np.trace(other) - 2.0 * overlap
    received = metrics.frechet_distance(known([0, 0], covariance), known([0, 0], other))
    assert received == pytest.approx(expected, rel=1e-12)


def test_frechet_distance_against_the_matrix_root():
    real, fake = features(seed=1), features(70, seed=2, shift=0.3)
    covariance, other = np.cov(real.T), np.cov(fake.T)
    expected = (
        np.sum((real.mean(0) - fake.mean(0)) ** 2)
        + np.trace(covariance + other)
        - 2.0 * np.trace(linalg.sqrtm(covariance @ other)).real
    )
    assert metrics.frechet_distance(real, fake) == pytest.approx(expected, rel=1e-6)
    assert metrics.frechet_distance(fake, real) == pytest.approx(expected, rel=1e-6)


def test_frechet_distance_of_equal_sets_is_zero():
    same = features(seed=3)
    assert metrics.frechet_distance(same, same) == pytest.approx(0.0, abs=1e-6)


def test_few_samples_give_a_warning_and_the_plain_formula():
    real, fake = features(200, 8), features(8, 8, seed=1)
    with pytest.warns(UserWarning, match="fake has 8 examples of 8 dimensions: .* fewer than 9"):
        received = metrics.frechet_distance(real, fake)
    covariance, other = np.cov(real.T), np.cov(fake.T)
    root = linalg.sqrtm(covariance).real
    values = np.linalg.eigvalsh(root @ other @ root)
    expected = np.sum((real.mean(0) - fake.mean(0)) ** 2) + np.trace(covariance + other)
    expected -= 2.0 * np.sqrt(np.maximum(values, 0.0)).sum()
    assert received == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("fixed", [False, True])
def test_extrapolation_removes_bias(fixed):
    # Both sets have the same distribution, so the distance between samples is only bias.
    real, fake = np.random.default_rng(5).normal(size=(2, 4000, 20))
    reference = metrics.Moments.known(np.zeros(20), np.eye(20), 10**6) if fixed else real
    plain = metrics.frechet_distance(reference, fake)
    received = metrics.frechet_distance(reference, fake, extrapolate=True, seed=3)
    assert received == metrics.frechet_distance(reference, fake, extrapolate=True, seed=3)
    assert abs(received) < plain / 2.0


def test_moments_from_known_mean_and_covariance():
    real, fake = features(seed=1), features(seed=2)
    given_moments = metrics.Moments.known(real.mean(0), np.cov(real.T), len(real))
    expected = metrics.frechet_distance(real, fake)
    assert metrics.frechet_distance(given_moments, fake) == pytest.approx(expected, rel=1e-12)
    assert given_moments.update(fake).count == 120
    np.testing.assert_allclose(given_moments.covariance, np.cov(np.vstack([real, fake]).T))


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(1, 59), max_size=6), shift=st.sampled_from([0.0, 1e6]))
def test_moments_in_batches_equal_moments_at_once(cuts, shift):
    data = features(shift=shift)
    batches = [part for part in np.split(data, sorted(set(cuts))) if len(part)]
    streamed, merged = metrics.Moments(), metrics.Moments()
    for batch in batches:
        streamed.update(batch)
        merged.merge(metrics.Moments().update(batch))
    merged.merge(metrics.Moments())
    for moments in (streamed, merged):
        assert moments.count == 60
        np.testing.assert_allclose(moments.mean, data.mean(0), rtol=1e-12)
        np.testing.assert_allclose(moments.covariance, np.cov(data.T), rtol=1e-8, atol=1e-8)


def test_merging_does_not_change_the_other():
    first, second = metrics.Moments(), metrics.Moments().update(features())
    first.merge(second).update(features(seed=8))
    np.testing.assert_allclose(second.covariance, np.cov(features().T), rtol=1e-12)
    second.merge(second)
    np.testing.assert_allclose(second.covariance, np.cov(np.tile(features(), (2, 1)).T))


def loops_kernel_distance(real, fake):
    def kernel(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1.0) ** 3

    def within(set_):
        values = [kernel(x, y) for i, x in enumerate(set_) for j, y in enumerate(set_) if i != j]
        return sum(values) / len(values)

    across = [kernel(x, y) for x in real for y in fake]
    return within(real) + within(fake) - 2.0 * sum(across) / len(across)


def test_kernel_distance_against_loops():
    real, fake = features(12, 3), features(12, 3, seed=1, shift=0.2)
    received = metrics.kernel_distance(real, fake, subsets=1, subset_size=12)
    assert received.mean == pytest.approx(loops_kernel_distance(real, fake), rel=1e-6)
    assert math.isnan(received.standard_error)
    swapped = metrics.kernel_distance(fake, real, subsets=1, subset_size=12)
    assert swapped.mean == pytest.approx(received.mean, rel=1e-9)


def test_kernel_distance_is_zero_in_expectation_for_one_distribution():
    # Real and generated subsets come from separate pools, so they never overlap.
    values = [
        metrics.kernel_distance(
            features(400, 6, seed=2 * i), features(400, 6, seed=2 * i + 1), 1, 400
        ).mean
        for i in range(40)
    ]
    assert abs(np.mean(values)) < 4.0 * np.std(values) / math.sqrt(len(values))
    assert min(values) < 0.0 < max(values)


def test_kernel_distance_of_subsets():
    real, fake = features(300, 6), features(300, 6, seed=1, shift=1.0)
    whole = metrics.kernel_distance(real, fake, 1, 300).mean
    received = metrics.kernel_distance(real, fake, subsets=200, subset_size=100, seed=4)
    assert abs(received.mean - whole) < 4.0 * received.standard_error
    assert received == metrics.kernel_distance(real, fake, 200, 100, seed=4)


def test_inception_score_of_extremes():
    assert metrics.inception_score(np.full((50, 7), 1.0 / 7)) == pytest.approx((1.0, 0.0))
    one_hot = np.tile(np.eye(7), (20, 1))
    assert metrics.inception_score(one_hot, splits=1) == pytest.approx((7.0, 0.0))
    assert metrics.inception_score(one_hot, splits=10) == pytest.approx((7.0, 0.0))
    assert metrics.inception_score(np.tile(np.eye(7)[2], (20, 1))) == pytest.approx((1.0, 0.0))


def test_inception_score_against_loops():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), size=23)
    scores = []
    for i in range(3):
        part = probabilities[i * 23 // 3 : (i + 1) * 23 // 3]
        marginal = part.mean(axis=0)
        divergences = [sum(p * math.log(p / q) for p, q in zip(row, marginal)) for row in part]  # noqa: B905
        scores.append(math.exp(sum(divergences) / len(part)))
    received = metrics.inception_score(probabilities, splits=3)
    assert received == pytest.approx((np.mean(scores), np.std(scores)), rel=1e-9)


def test_order_does_not_matter():
    real, fake = features(40), features(50, seed=1)
    order = np.random.default_rng(1).permutation
    mixed = real[order(40)], fake[order(50)]
    expected = metrics.frechet_distance(real, fake)
    assert metrics.frechet_distance(*mixed) == pytest.approx(expected, rel=1e-9)
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), size=40)
    expected = metrics.inception_score(probabilities, splits=1).mean
    assert metrics.inception_score(probabilities[order(40)], 1).mean == pytest.approx(expected)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: metrics.Moments().covariance, "at least 2 examples. Received: 0"),
        (lambda: metrics.Moments().update(features()).update(features(5, 3)), "Received: 4 and 3"),
        (lambda: metrics.Moments().merge(features()), "Expected Moments"),
        (lambda: metrics.Moments.known([0.0], np.eye(2), 9), r"D = 1 is .*Received: \(2, 2"),
        (lambda: known([0, 0], [[1, 2], [0, 1]]), "must be symmetric"),
        (lambda: metrics.Moments.known([0.0], [[1.0]], 1), "count must be"),
        (lambda: metrics.frechet_distance(metrics.Moments(), features()), "real must have at le"),
        (lambda: metrics.frechet_distance(features(1), features()), "real must have at least 2"),
        (lambda: metrics.frechet_distance(features(), known([0.0], [[1.0]])), "Received: 4 and 1"),
        (lambda: metrics.frechet_distance(features(), features(15), True), "16 .*Received: 15"),
        (lambda: metrics.frechet_distance(features(), known([0.0], [[1.0]]), True), "an array"),
        (lambda: metrics.kernel_distance(features(), features()), "subset_size=60 or less"),
        (lambda: metrics.kernel_distance(features(), features(), 0), "subsets must be"),
        (lambda: metrics.inception_score(features()), "Apply a softmax"),
        (lambda: metrics.inception_score(np.eye(4)), "splits=10 with 4 samples"),
    ],
)
def test_errors(call, message):
    with pytest.raises(UserError, match=message):
        call()
