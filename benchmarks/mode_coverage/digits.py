"""Quality of recipes on handwritten digits, at the pixels that were scanned."""

import functools

import numpy as np

from benchmarks.mode_coverage.protocol import Protocol, Row
from keras_gan import metrics
from keras_gan.data import load_dataset
from keras_gan.drawing import pictures
from keras_gan.metrics.distances import nearest_others

SAMPLES, SIDE, LEVELS, NEIGHBOURS, CHUNK = 2000, 8, 16, 5, 500
COLUMNS = ("frechet_distance", "precision", "recall", "class_variation", "memorised")
_RECIPES = ("recipes/r3gan.flags", "dcgan.flags")
_NOTE = f"""\
Recipes train on the split `train` of the digits that scikit-learn ships, at the size that they
name. {SAMPLES:,} samples of the averaged generator are compared with all 1,797 digits, which are
enlarged as for training. Both are reduced to 8x8 pixels by box averages, in grey levels of
0 to {LEVELS}, and compared pixel by pixel:

- the Frechet distance;
- precision and recall, with the {NEIGHBOURS} nearest neighbours;
- class variation: the total variation between the shares of the classes, where a sample has the
  class of the nearest real digit;
- memorised: the share of samples nearer to a training digit than 99 of 100 training digits are to
  any other one.

(Bicubic interpolation and box averages soften the digits. Against the digits as scanned, even a
perfect sampler at 16 pixels would have a Frechet distance of 50.)

Between two halves of the real digits at 16 pixels the distance is
{{half_frechet_distance:.1f}}, the precision {{half_precision:.2f}} and the recall
{{half_recall:.2f}}. At 32 pixels, the size of `dcgan.flags`, the distance is 11.7."""


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
    found = numbers(grey_levels(images), images.shape[1:3])
    return {**found, **halves((16, 16))}, pictures.grid(images[:64])


def numbers(samples, size):
    """Returns the numbers of `COLUMNS` for samples [N, 64] of digits of a size, in grey levels."""
    (real, labels), (training, _) = everything("all", size), everything("train", size)
    precision, recall = metrics.precision_recall(real, samples, k=NEIGHBOURS)
    classes = labels[metrics.nearest_neighbours(samples, real).indices]
    shares = [np.bincount(x, minlength=10) / len(x) for x in (classes, labels)]
    distances = metrics.nearest_neighbours(samples, training).distances
    limit = np.quantile(np.sqrt(nearest_others(training, np.arange(len(training)))), 0.01)
    return {
        "frechet_distance": float(metrics.frechet_distance(real, samples)),
        "precision": float(precision),
        "recall": float(recall),
        "class_variation": float(0.5 * np.abs(shares[0] - shares[1]).sum()),
        "memorised": float(np.mean(distances < limit)),
    }


@functools.cache
def halves(size):
    """Returns how far one half of the real digits is from the other, by these measures."""
    real, _ = everything("all", size)
    order = np.random.default_rng(0).permutation(len(real))
    first, second = real[order[: len(real) // 2]], real[order[len(real) // 2 :]]
    precision, recall = metrics.precision_recall(first, second, k=NEIGHBOURS)
    distance = metrics.frechet_distance(first, second)
    found = {"frechet_distance": distance, "precision": precision, "recall": recall}
    return {f"half_{name}": float(value) for name, value in found.items()}


@functools.cache
def everything(split, size):
    """Returns (digits [N, 64], which were made as large as `size`, in grey levels; labels [N])."""
    source = load_dataset("digits", split=split, image_size="x".join(map(str, size)))
    batch = next(iter(source.batches(source.num_examples)))
    return grey_levels(batch["image"].numpy()), batch["label"].numpy()


def grey_levels(images):
    """Returns images [N, H, W, 1] in [-1, 1] as [N, 64] in grey levels, by box averages."""
    count, height, width, _ = images.shape
    boxes = images.reshape(count, SIDE, height // SIDE, SIDE, width // SIDE).astype(np.float64)
    return (boxes.mean(axis=(2, 4)).reshape(count, -1) + 1.0) * (LEVELS / 2)
