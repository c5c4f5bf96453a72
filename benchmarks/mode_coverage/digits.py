"""Quality of recipes on handwritten digits, at the pixels that were scanned."""

import functools

import numpy as np

from benchmarks.mode_coverage.protocol import Protocol, Row
from keras_gan import metrics, pictures
from keras_gan.data import digits, load_dataset

SAMPLES, SIDE, LEVELS, NEIGHBOURS, CHUNK = 2000, 8, 16, 5, 500
COLUMNS = ("frechet_distance", "precision", "recall", "class_variation", "memorised")
_RECIPES = ("recipes/r3gan.flags", "dcgan.flags")
_NOTE = f"""\
Recipes trained on the split `train` of the digits that scikit-learn ships, at the size that they
name. {SAMPLES:,} samples of the averaged generator are brought back to {SIDE}x{SIDE} pixels by box
averages, in grey levels of 0 to {LEVELS}, and compared pixel by pixel with all 1,797 digits: the
Frechet distance; precision and recall with the {NEIGHBOURS} nearest neighbours; the total variation
between the shares of the classes, a sample classed as the nearest real digit is. A sample is
memorised if it is nearer to a training digit than 99 of 100 training digits are to any other one.
One half of the real digits has against the other a distance of {{half_frechet_distance:.1f}}, a
precision of {{half_precision:.2f}} and a recall of {{half_recall:.2f}}."""


def protocol():
    """Returns the protocol of single digits."""
    return Protocol(
        name="digits",
        rows=lambda: [Row.by_recipe(path) for path in _RECIPES],
        source=functools.partial(load_dataset, "digits"),
        judge=judge,
        columns=COLUMNS,
        note=_NOTE,
        published="nothing by this measure.",
        batch=64,
        seeds=3,
        seconds=180.0,
    )


def judge(model):
    """Returns the numbers of `COLUMNS` for the averaged generator, and a picture."""
    images = np.concatenate([model.sample(CHUNK, seed=i) for i in range(SAMPLES // CHUNK)])
    return {**numbers(grey_levels(images)), **halves()}, pictures.grid(images[:64])


def numbers(samples):
    """Returns the numbers of `COLUMNS` for samples [N, 64] in grey levels."""
    real, labels = everything("all")
    precision, recall = metrics.precision_recall(real, samples, k=NEIGHBOURS)
    classes = labels[metrics.nearest_neighbours(samples, real).indices]
    shares = [np.bincount(x, minlength=10) / len(x) for x in (classes, labels)]
    training, _ = everything("train")
    limit = np.quantile(_to_others(training), 0.01)
    return {
        "frechet_distance": float(metrics.frechet_distance(real, samples)),
        "precision": float(precision),
        "recall": float(recall),
        "class_variation": float(0.5 * np.abs(shares[0] - shares[1]).sum()),
        "memorised": float(
            np.mean(metrics.nearest_neighbours(samples, training).distances < limit)
        ),
    }


@functools.cache
def halves():
    """Returns how far one half of the real digits is from the other, by these measures."""
    real, _ = everything("all")
    order = np.random.default_rng(0).permutation(len(real))
    first, second = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
    precision, recall = metrics.precision_recall(first, second, k=NEIGHBOURS)
    distance = metrics.frechet_distance(first, second)
    found = {"frechet_distance": distance, "precision": precision, "recall": recall}
    return {f"half_{name}": float(value) for name, value in found.items()}


def everything(split):
    """Returns (digits [N, 64] in grey levels of 0 to 16, labels [N])."""
    images, labels = digits.arrays(split)
    return images.reshape(len(images), -1) * (LEVELS / 255.0), labels


def grey_levels(images):
    """Returns images [N, H, W, 1] in [-1, 1] as [N, 64] in grey levels, by box averages."""
    count, height, width, _ = images.shape
    boxes = images.reshape(count, SIDE, height // SIDE, SIDE, width // SIDE).astype(np.float64)
    return (boxes.mean(axis=(2, 4)).reshape(count, -1) + 1.0) * (LEVELS / 2)


def _to_others(examples):
    """Returns the distance of each example to the nearest other one."""
    squares = (examples**2).sum(axis=1)
    squared = squares[:, None] + squares - 2.0 * examples @ examples.T
    np.fill_diagonal(squared, np.inf)
    return np.sqrt(np.maximum(squared.min(axis=1), 0.0))
