"""Scores while training: cheap, and always against the same real examples."""

import numpy as np

from keras_gan.data import mixtures
from keras_gan.errors import UserError
from keras_gan.evaluation.examples import gather, generated_parts, real_parts
from keras_gan.evaluation.features import make_extractor
from keras_gan.evaluation.measures import measure_features, measure_modes

FEWEST = 10  # Examples on either side, below which the measures mean nothing.
_EXAMPLES = 1000
_SUBSETS = 10
_SEED = 1  # Other samples than those of the grids.


class Judge:
    """Measures samples of a model that trains.

    Args:
        source: The `Source` that it trains on.
        features: See `make_extractor`.

    Attributes:
        extractor: The `Extractor`.

    Raises:
        UserError: As `make_extractor`, and for too few examples.
    """

    def __init__(self, source, features=None):
        check_enough(source, source.num_examples)
        self.extractor = make_extractor(features, source.shape, source)
        self.count = min(source.num_examples, _EXAMPLES)
        self.real = gather(real_parts(source, self.count), self.extractor)
        self.mixture = mixture_of(source)

    def __call__(self, model):
        """Returns finite values by name, of 1,000 samples or as many as there are real examples."""
        parts = list(generated_parts(model, self.count, _SEED))
        if not all(np.isfinite(part).all() for part in parts):
            return {}  # The run will end by itself.
        fake = gather(parts, self.extractor)
        values, _ = measure_features(self.real, fake, _SUBSETS)
        if self.mixture:
            values |= measure_modes(fake.images, *self.mixture)
        return {name: float(value) for name, value in values.items() if np.isfinite(value)}


def mixture_of(source):
    """Returns (centers, standard deviation) of a built-in mixture, or `None` for other sources."""
    return mixtures.centers(source.name) if source.name in ("ring", "grid") else None


def check_enough(source, count):
    """Raises `UserError` if there are too few examples to measure anything."""
    if count < FEWEST:
        raise UserError(
            f"Judging samples needs at least {FEWEST} examples; some thousand are better. "
            f"Received: {count} in {source.name}."
        )
