"""Scores while training: cheap, and always against the same real examples."""

import sys

import numpy as np

from keras_gan.data import mixtures
from keras_gan.errors import UserError
from keras_gan.evaluation.conditions import given_to
from keras_gan.evaluation.examples import gather, generated_parts, real_parts
from keras_gan.evaluation.features import make_extractor
from keras_gan.evaluation.measures import BETTER, measure_classes, measure_features, measure_modes

FEWEST = 10  # Examples on either side, below which the measures mean nothing.
_EXAMPLES = 1000
_SUBSETS = 10
_SEED = 1  # Other samples than those of the grids.
_ROOM = 2**20  # For points in the plane.


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
        self.real = gather(real_parts(source, self.count), self.extractor, room=0)
        self.mixture = mixture_of(source)
        self.warned = False

    def __call__(self, model):
        """Returns finite values by name, of 1,000 samples or as many as there are real examples.

        None, with a warning, if they cannot be measured: training goes on.
        """
        parts = generated_parts(model, self.count, _SEED)
        try:
            fake = gather(parts, self.extractor, room=_ROOM if self.mixture else 0)
            values, _ = measure_features(self.real, fake, _SUBSETS)
        except UserError as error:
            if not self.warned:
                print(f"Warning: samples cannot be evaluated: {error}", file=sys.stderr)
            self.warned = True
            return {}
        if self.extractor.knows_classes:
            values |= measure_classes(self.real, fake)
            given = given_to(model, self.count, _SEED)
            if "labels" in given:
                values["class_agreement"] = np.mean(fake.labels == given["labels"])
        if self.mixture:
            values |= measure_modes(fake.images, *self.mixture)
        return {name: float(value) for name, value in values.items() if np.isfinite(value)}

    def check_keeps(self, measure):
        """Raises `UserError` if a measure is no ground to keep a checkpoint on."""
        dimensions = self.real.features.shape[1]
        if measure == "frechet_distance" and self.count <= dimensions:
            raise UserError(
                f"--keep_best=fid needs more examples than features have dimensions. Received: "
                f"{self.count:,} examples of {dimensions:,} dimensions. Use --keep_best=kid."
            )

    @staticmethod
    def lower_is_better(measure):
        """Tells in which direction a measure of `BETTER` gets better."""
        return BETTER[measure] == "lower"


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
