"""Measures of generated samples, most of them against real examples; numpy and scipy only.

Most measures take features from any network; `sliced_wasserstein`, `ms_ssim` and
`pairwise_similarity` take images. Published numbers compare only with features of
the network that the paper used.
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
