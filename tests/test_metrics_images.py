"""Measures of images (patches, similarity) and of mode coverage (mixtures, classes)."""

import math

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import metrics
from keras_gan.data import mixtures
from keras_gan.errors import UserError
from keras_gan.metrics import sliced


def images(count=6, height=32, width=48, channels=2, seed=0):
    random = np.random.default_rng(seed)
    smooth = random.uniform(-1, 1, (count, 1, width, channels))
    return 0.5 * (random.uniform(-1, 1, (count, height, width, channels)) + smooth)


def mirrored(i, size):
    i = abs(i)
    return i if i < size else 2 * (size - 1) - i


def loops_blur(image):
    weights = np.array([1, 4, 6, 4, 1]) / 16
    height, width = image.shape
    out = np.zeros_like(image)
    for y in range(height):
        for x in range(width):
            for j in range(5):
                for i in range(5):
                    value = image[mirrored(y + j - 2, height), mirrored(x + i - 2, width)]
                    out[y, x] += weights[j] * weights[i] * value
    return out


def loops_pyramid(image, levels):
    pyramid = [image]
    for _ in range(levels - 1):
        coarse = loops_blur(pyramid[-1])[::2, ::2]
        spread = np.zeros_like(pyramid[-1])
        spread[::2, ::2] = coarse
        pyramid[-1] = pyramid[-1] - 4 * loops_blur(spread)
        pyramid.append(coarse)
    return pyramid


@pytest.mark.parametrize("size", [(32, 48), (33, 31), (16, 40), (7, 9)])
def test_laplacian_pyramid_against_loops(size):
    batch = images(2, *size)
    sizes = sliced.level_sizes(*size)
    assert len(sizes) == {16: 1, 7: 1}.get(size[0], 2)
    for channel in range(2):
        expected = loops_pyramid(batch[1, :, :, channel], len(sizes))
        for level, shape in enumerate(sizes):
            received = sliced.laplacian_level(batch, level, level == len(sizes) - 1)
            assert received.shape == (2, *shape, 2)
            np.testing.assert_allclose(received[1, :, :, channel], expected[level], atol=1e-12)


def test_sliced_wasserstein_by_hand():
    """Patches of single pixels are scalars, so each direction is 1 or -1."""
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 30, 1, 1, 1))
    a, b = (np.sort((x - x.mean()) / x.std(), axis=0) for x in (real, fake))
    flipped = np.abs(np.sort(-a, axis=0) - np.sort(-b, axis=0))
    assert flipped.mean() == pytest.approx(np.abs(a - b).mean())
    received = metrics.sliced_wasserstein(real, fake, patches=1, patch_size=1, directions=8)
    assert received.levels == {(1, 1): pytest.approx(1000 * np.abs(a - b).mean(), rel=1e-6)}


def test_sliced_wasserstein_against_loops():
    """Images are as large as a patch, so positions are not random."""
    real, fake = images(5, 7, 7), images(5, 7, 7, seed=1) * 3.0 + 1.0
    directions = np.random.default_rng([4, 0])
    directions.integers(1, size=(5, 3))
    directions.integers(1, size=(5, 3))
    directions = directions.standard_normal((20, 98))
    patches = []
    for batch in (real, fake):
        by_channel = [batch[..., c] for c in range(2)]
        normal = [(x - x.mean()) / x.std() for x in by_channel]
        rows = [np.concatenate([x[i].ravel() for x in normal]) for i in range(5) for _ in range(3)]
        patches.append(np.array(rows))
    total = 0.0
    for direction in directions:
        unit = direction / math.sqrt(sum(direction**2))
        a, b = (sorted(float(unit @ row) for row in rows) for rows in patches)
        total += np.mean(np.abs(np.subtract(a, b)))
    received = metrics.sliced_wasserstein(real, fake, patches=3, directions=20, seed=4)
    assert received.mean == pytest.approx(1000 * total / 20, rel=1e-5)


def test_sliced_wasserstein_properties(monkeypatch):
    real, fake = images(8), images(8, seed=1)[:, ::-1]
    received = metrics.sliced_wasserstein(real, fake)
    assert list(received.levels) == [(32, 48), (16, 24)]
    assert received.mean == pytest.approx(np.mean(list(received.levels.values())))
    assert received == metrics.sliced_wasserstein(real, fake)
    assert metrics.sliced_wasserstein(fake, real).mean == pytest.approx(received.mean, rel=1e-6)
    assert metrics.sliced_wasserstein(real, real).mean == 0.0
    # Patches are normalised per channel, so contrast and brightness do not matter.
    same = metrics.sliced_wasserstein(real, (fake * [2.0, 0.5] + 1.0).astype(np.float32))
    assert same.mean == pytest.approx(received.mean, rel=1e-3)
    monkeypatch.setattr(sliced, "_IMAGES", 3)
    monkeypatch.setattr(sliced, "_PROJECTIONS", 100_000)
    assert metrics.sliced_wasserstein(real, fake).mean == pytest.approx(received.mean, rel=1e-6)


def test_constant_channels_count_as_zero():
    real, flat = images(4), np.full((4, 32, 48, 2), 0.3)
    assert metrics.sliced_wasserstein(flat, flat * 2.0).mean == 0.0
    assert 0.0 < metrics.sliced_wasserstein(real, flat).mean < 2000.0


@pytest.mark.parametrize("shape", [(176, 192), (203, 161)])
def test_ms_ssim_against_tensorflow(shape):
    first = images(3, *shape, 3).astype(np.float32)
    second = (0.7 * first + 0.3 * images(3, *shape, 3, seed=1)).astype(np.float32)
    expected = tf.image.ssim_multiscale(first + 1.0, second + 1.0, 2.0)
    np.testing.assert_allclose(metrics.ms_ssim(first, second), expected, rtol=1e-4)
    expected = tf.image.ssim(first + 1.0, second + 1.0, 2.0)
    np.testing.assert_allclose(metrics.ms_ssim(first, second, scales=1), expected, rtol=1e-4)


def test_similarity_of_pairs():
    small = images(6)
    assert metrics.ms_ssim(small, small, scales=2) == pytest.approx(1.0)
    every = [(i, j) for j in range(6) for i in range(j)]
    values = [metrics.ms_ssim(small[[i]], small[[j]], scales=2)[0] for i, j in every]
    received = metrics.pairwise_similarity(small, scales=2)
    assert received.mean == pytest.approx(np.mean(values))
    assert received.standard_error == pytest.approx(np.std(values, ddof=1) / math.sqrt(15))
    some = metrics.pairwise_similarity(small, pairs=4, scales=2, seed=1)
    assert some == metrics.pairwise_similarity(small, pairs=4, scales=2, seed=1)
    assert min(values) <= some.mean <= max(values)
    assert math.isnan(metrics.pairwise_similarity(small[:2], scales=2).standard_error)
    collapsed = np.repeat(small[:1], 6, axis=0)
    assert metrics.pairwise_similarity(collapsed, scales=2).mean == pytest.approx(1.0)
    pixels = np.uint8(127.5 * small + 127.5)
    received = metrics.ms_ssim(pixels[:3], pixels[3:], value_range=(0, 255), scales=2)
    np.testing.assert_allclose(received, metrics.ms_ssim(small[:3], small[3:], scales=2), atol=0.02)


def test_feature_variance():
    features = np.random.default_rng(0).normal(1e3, 2.0, (9000, 3))
    expected = features.var(axis=0, ddof=1).mean()
    assert metrics.feature_variance(features) == pytest.approx(expected, rel=1e-9)
    assert metrics.feature_variance(np.ones((5, 2), np.uint8)) == 0.0


@pytest.mark.parametrize("name, floor", [("ring", 0.0014), ("grid", 0.0048)])
def test_mode_coverage_of_a_perfect_sampler(name, floor):
    """The share of high quality is 1 - exp(-9/2), the KL about (K - 1) / 2N."""
    centers, std = mixtures.centers(name)
    received = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        points = centers[random.integers(len(centers), size=2500)]
        points = points + std * random.normal(size=points.shape)
        received.append(metrics.mode_coverage(points.astype(np.float32), centers, std))
    modes, quality, divergence = np.mean(received, axis=0)
    assert modes == len(centers)
    assert quality == pytest.approx(1.0 - math.exp(-4.5), abs=0.002)
    assert divergence == pytest.approx(floor, rel=0.25)


def test_mode_coverage_by_hand():
    centers = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    samples = [[0, 0.1], [0, 2.9], [0, 3.1], [5, 5.1], [10, 9], [0.5, 0.5]]
    received = metrics.mode_coverage(samples, centers, std=1.0)
    expected = 0.75 * math.log(0.75 * 4) + 0.25 * math.log(0.25 * 4)
    assert received == pytest.approx((2, 4 / 6, expected))
    assert metrics.mode_coverage([[3.0, 0.0]], centers, 1.0)[:2] == (0, 0.0)
    assert math.isnan(metrics.mode_coverage([[3.0, 0.0]], centers, 1.0).reverse_kl)
    assert metrics.mode_coverage(centers, centers, 1.0) == (4, 1.0, 0.0)


def test_class_coverage():
    assert metrics.class_coverage(np.arange(1000), 1000) == (1000, 0.0)
    assert metrics.class_coverage([7, 7], 1000) == (1, pytest.approx(math.log(1000)))
    digits = np.random.default_rng(0).integers(10, size=(26_000, 3))
    received = metrics.class_coverage(metrics.stacked_labels(digits), 1000)
    assert received == (1000, pytest.approx(0.0192, rel=0.1))
    assert metrics.stacked_labels(np.array([[1, 2, 3], [0, 0, 9]], np.uint8)).tolist() == [123, 9]


LARGE = np.zeros((2, 176, 176, 1))
LABELS = np.zeros(3, int)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: metrics.sliced_wasserstein(images(2), images(3)), "the same shape. Received"),
        (lambda: metrics.sliced_wasserstein(images(2)[0], images(2)), r"shape \[examples, heig"),
        (lambda: metrics.sliced_wasserstein(images(2)[:0], images(2)), "no axis empty"),
        (lambda: metrics.sliced_wasserstein(images(2) * np.nan, images(2)), "finite"),
        (lambda: metrics.sliced_wasserstein(*[images(2, 6, 9)] * 2), "7 pixels .*Received: 6x9"),
        (lambda: metrics.sliced_wasserstein(*[images(2)] * 2, patches=0), "patches must be"),
        (lambda: metrics.ms_ssim(*[images(2)] * 2), "at least 161 .*: 32x48 .*Use scales=2"),
        (
            lambda: metrics.ms_ssim(*[images(2, 10, 10)] * 2, scales=1),
            "at least 11 pixels.*No number of scales fits",
        ),
        (lambda: metrics.ms_ssim(LARGE, LARGE, scales=6), "at most 5 scales"),
        (lambda: metrics.ms_ssim(LARGE, LARGE[:1]), "must have the same shape"),
        (lambda: metrics.ms_ssim(LARGE, LARGE + 2.0), "from -1 to 1. Received: 2 to 2"),
        (lambda: metrics.ms_ssim(LARGE, LARGE, value_range=(1, 1)), "value_range must be"),
        (lambda: metrics.ms_ssim(LARGE, LARGE, value_range=255), "Received: 255"),
        (lambda: metrics.pairwise_similarity(LARGE[:1]), "at least 2"),
        (lambda: metrics.pairwise_similarity(LARGE, pairs=0), "pairs must be"),
        (lambda: metrics.feature_variance(np.ones((1, 3))), "at least 2 examples"),
        (lambda: metrics.mode_coverage(np.ones((3, 2)), np.ones((3, 2)), 0.0), "above 0"),
        (lambda: metrics.mode_coverage(np.ones((3, 2)), np.ones((3, 2)), None), "Received: None"),
        (lambda: metrics.class_coverage(LABELS, 0), "classes must be"),
        (lambda: metrics.class_coverage(LABELS + 3, 3), "from 0 to 2. Received: 3 to 3"),
        (lambda: metrics.class_coverage(LABELS / 2, 3), "probabilities.argmax"),
        (lambda: metrics.class_coverage(LABELS[:0], 3), "must be integers"),
        (lambda: metrics.stacked_labels(LABELS), r"\[examples, 3\]"),
        (lambda: metrics.stacked_labels([[1, 2, 10]]), "0 to 9. Received: 1 to 10"),
    ],
)
def test_errors(call, message):
    with pytest.raises(UserError, match=message):
        call()
