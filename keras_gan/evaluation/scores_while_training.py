"""Scores of samples while a model trains: cheap, and always against the same real examples."""

import sys

import numpy as np

from keras_gan.errors import UserError
from keras_gan.evaluation.conditions import given_to
from keras_gan.evaluation.examples import gather, generated_parts, real_parts
from keras_gan.evaluation.features import make_extractor
from keras_gan.evaluation.measures import BETTER, measure_classes, measure_features, measure_modes
from keras_gan.evaluation.real_data import check_enough, mixture_of
from keras_gan.evaluation.sequences import measure_sequences

_EXAMPLES = 1000
_SUBSETS = 10
_SEED = 1  # Other samples than those of the grids.
_ROOM = 2**20  # Bytes, for points in the plane and tokens.


class SampleScores:
    """Measures what the main function of a model in training makes.

    Args:
        source: The `Source` that it trains on.
        features: See `make_extractor`.
        function: The main `Function`. Default: one that draws its inputs and makes examples such
            as those of the source.

    Attributes:
        extractor: The `Extractor`.

    Raises:
        UserError: As `make_extractor`, and for too few examples.
    """

    def __init__(self, source, features=None, function=None):
        own = source.part(function.output.key) if function else source
        self.inputs = {p.name: source.part(p.key) for p in (function.given if function else ())}
        counts = [part.num_examples for part in (own, *self.inputs.values())]
        check_enough(own, min(counts))
        self.vocabulary = own.vocabulary
        self.extractor = make_extractor(features, own.shape, own, self.vocabulary)
        self.count = min(*counts, _EXAMPLES)
        self.mixture = mixture_of(own)
        self.room = _ROOM if self.mixture or self.vocabulary else 0
        self.real = gather(real_parts(own, self.count), self.extractor, self.room)
        self.warned = False

    def __call__(self, model):
        """Returns finite values by name, of 1,000 samples or as many as there are real examples.

        None, with a warning, if they cannot be measured: training goes on.
        """
        function = model.function()
        parts = generated_parts(function, self.count, _SEED, self.inputs)
        try:
            fake = gather(parts, self.extractor, self.room)
            values, _ = measure_features(self.real, fake, _SUBSETS)
        except UserError as error:
            if not self.warned:
                print(f"Warning: samples cannot be evaluated: {error}", file=sys.stderr)
            self.warned = True
            return {}
        if self.extractor.knows_classes:
            values |= measure_classes(self.real, fake)
            if any(port.name == "labels" for port in function.conditions):
                given = given_to(function, self.count, _SEED)["labels"]
                values["class_agreement"] = np.mean(fake.labels == given)
        if self.mixture:
            values |= measure_modes(fake.images, *self.mixture)
        if self.vocabulary:
            values |= measure_sequences(self.real.images, fake.images, len(self.vocabulary))
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
