"""Measures of samples, by name."""

import warnings

import numpy as np

from keras_gan import metrics

_SUBSET = 1000  # Examples in a subset of the kernel distance, at most.
_SLICED = 4096  # Images of the sliced Wasserstein distance, at most.
_PATCH = 7
_MIXTURE = 2500  # Samples that modes are counted with, as published.
_BLOCKS = 10  # That the error of the kernel distance comes from.
_FEW_COMPARED = 1000  # Samples whose nearest training example is looked for, where all are many.
_MANY = 1e11  # Products that looking for them may take.

# Which value is better, for the table; "" where that depends on the data.
BETTER = {
    "frechet_distance": "lower",
    "kernel_distance": "lower",
    "precision": "higher",
    "recall": "higher",
    "density": "1",
    "coverage": "higher",
    "inception_score": "higher",
    "variance_ratio": "1",
    "sliced_wasserstein": "lower",
    "classes_found": "all",
    "class_variation": "lower",
    "class_agreement": "higher",
    "discriminator_accuracy": "higher",
    "accuracy_score": "higher",
    "accuracy_score_of_real": "higher",
    "code_agreement": "higher",
    "code_purity": "higher",
    "code_information": "higher",
    "code_bound": "higher",
    "modes_found": "all",
    "high_quality": "higher",
    "reverse_kl": "lower",
    "nearest_ratio": "1",
    "copies": "0",
    "authenticity": "",
    "distinct": "as in real",
    "distinct_of_real": "",
    "bigram_distance": "lower",
}
ERRORS = {
    "kernel_distance": "kernel_distance_error",
    "inception_score": "inception_score_deviation",
}


def measure_features(real, fake, subsets=100, seed=0):
    """Measures two sets of examples by their features.

    Args:
        real: `Examples`.
        fake: `Examples`, as many.
        subsets: Subsets of the kernel distance.
        seed: Of the subsets.

    Returns:
        (values by name, warnings as a list of texts).
    """
    equal = real.features, fake.features
    count = min(map(len, equal))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        values = {"frechet_distance": metrics.frechet_distance(real.features, fake.features)}
    # Subsets of all examples would all be the same one.
    size = min(_SUBSET, max(2, count // 2))
    kernel = metrics.kernel_distance(*equal, subsets, size, seed)
    values["kernel_distance"] = kernel.mean
    values["kernel_distance_error"] = _kernel_error(*equal)
    precision = metrics.precision_recall(*equal)
    values |= {"precision": precision.precision, "recall": precision.recall}
    density = metrics.density_coverage(*equal)
    values |= {"density": density.density, "coverage": density.coverage}
    spread = metrics.feature_variance(real.features)
    if spread:
        values["variance_ratio"] = metrics.feature_variance(fake.features) / spread
    if fake.probabilities is not None:
        score = metrics.inception_score(fake.probabilities)
        values["inception_score"] = score.mean
        values["inception_score_deviation"] = score.standard_deviation
    return values, [str(warning.message) for warning in caught]


def _kernel_error(real, fake):
    """Returns the standard error of the kernel distance, from disjoint blocks of the examples.

    Subsets of the same examples, by which papers give it, differ much less than examples do.
    """
    size = min(len(real), len(fake)) // _BLOCKS
    if size < 2:
        return float("nan")
    size = min(size, _SUBSET)
    blocks = [slice(i * size, (i + 1) * size) for i in range(_BLOCKS)]
    values = [metrics.kernel_distance(real[b], fake[b], 1, size).mean for b in blocks]
    return float(np.std(values, ddof=1) / np.sqrt(_BLOCKS))


def measure_classes(real, fake):
    """Measures two sets of examples by which of the dataset's classes they are taken for."""
    count = fake.probabilities.shape[1]
    shares = [class_shares(examples) for examples in (real, fake)]
    return {
        "classes_found": metrics.class_coverage(fake.labels, count).modes,
        "class_variation": float(np.abs(shares[0] - shares[1]).sum() / 2.0),
    }


def class_shares(examples):
    """Returns the share [K] of examples whose most likely class is each."""
    counts = np.bincount(examples.labels, minlength=examples.probabilities.shape[1])
    return counts / len(examples.labels)


def measure_images(real, fake, seed=0):
    """Measures two sets of examples by their pixels, where that is defined."""
    shape = fake.images.shape[1:]
    if len(shape) != 3 or min(shape[:2]) < _PATCH:
        return {}
    count = min(len(real.images), len(fake.images), _SLICED)
    sliced = metrics.sliced_wasserstein(real.images[:count], fake.images[:count], seed=seed)
    return {"sliced_wasserstein": sliced.mean}


def compared(samples, training):
    """Returns the samples whose nearest training examples are searched for: all, or the first."""
    many = samples.size * len(training) > _MANY
    return samples[:_FEW_COMPARED] if many else samples


def measure_memorisation(samples, training):
    """Measures how near samples come to training examples, pixel by pixel.

    Args:
        samples: What `compared` returned.
        training: Array of the same kind.
    """
    found = metrics.memorisation(samples, training)
    values = {"copies": found.copies, "authenticity": found.authenticity}
    return {"nearest_ratio": found.ratio, **values} if np.isfinite(found.ratio) else values


def measure_modes(samples, centers, deviation):
    """Counts the modes of a mixture of Gaussians that samples reach."""
    found = metrics.mode_coverage(samples[:_MIXTURE], centers, deviation)
    values = {"modes_found": found.modes, "high_quality": found.high_quality}
    return values | ({"reverse_kl": found.reverse_kl} if found.modes else {})
