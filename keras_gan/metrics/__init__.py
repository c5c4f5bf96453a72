"""Measures of samples against real examples, on arrays: no model and no TensorFlow needed.

All but `sliced_wasserstein` and `ms_ssim` take features, from any network. The
numbers of papers hold for the network of those papers only.
"""

from keras_gan.metrics.contingency import Contingency, contingency
from keras_gan.metrics.density import DensityCoverage, density_coverage
from keras_gan.metrics.diversity import (
    PairwiseSimilarity,
    feature_variance,
    ms_ssim,
    pairwise_similarity,
)
from keras_gan.metrics.frechet import frechet_distance
from keras_gan.metrics.inception import InceptionScore, inception_score
from keras_gan.metrics.kernel import KernelDistance, kernel_distance
from keras_gan.metrics.modes import (
    ClassCoverage,
    ModeCoverage,
    class_coverage,
    mode_coverage,
    stacked_labels,
)
from keras_gan.metrics.moments import Moments
from keras_gan.metrics.nearest import (
    Memorisation,
    NearestNeighbours,
    memorisation,
    nearest_neighbours,
)
from keras_gan.metrics.precision import PrecisionRecall, precision_recall
from keras_gan.metrics.sliced import SlicedWasserstein, sliced_wasserstein

__all__ = [
    "ClassCoverage",
    "Contingency",
    "DensityCoverage",
    "InceptionScore",
    "KernelDistance",
    "Memorisation",
    "ModeCoverage",
    "Moments",
    "NearestNeighbours",
    "PairwiseSimilarity",
    "PrecisionRecall",
    "SlicedWasserstein",
    "class_coverage",
    "contingency",
    "density_coverage",
    "feature_variance",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "memorisation",
    "mode_coverage",
    "ms_ssim",
    "nearest_neighbours",
    "pairwise_similarity",
    "precision_recall",
    "sliced_wasserstein",
    "stacked_labels",
]
