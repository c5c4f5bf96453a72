"""Ports describe the inputs and outputs of functions: names, shapes, ranges, random draws.

A port is one input or output of a `functions.Function`, or one entry of a batch. Commands,
sample grids, exports and model cards use ports, so they work for any system.
"""

import dataclasses
import warnings

import keras
import numpy as np
import tensorflow as tf

from keras_gan import randomness
from keras_gan.data.source import floats
from keras_gan.errors import UserError

_TOLERANCE = 1e-3  # Of rounding, beyond the ends of [-1, 1].


@dataclasses.dataclass(frozen=True)
class Port:
    """Base class of the ports. A port describes rows by name, shape and dtype.

    Attributes:
        name: Name of the network's input and of the served tensor.
        shape: Shape of a row. A side of `None` may have any size.
        dtype: Dtype of the served tensor.
        key: Key of the batch entry that holds such rows, or `None`.
        words: Description of the values, for metadata and model cards.
        is_drawn: Whether a seed can draw rows when none are given.
        are_images: Whether the rows are images, rather than vectors, latents or tokens.
        scaling: What brings pixels from 0 to 255 into range, as Python text after their name.
    """

    dtype = "float32"
    key = None
    is_drawn = are_images = False
    scaling = ""

    @property
    def spec(self):
        """The `tf.TensorSpec` of a batch of rows of any size."""
        return tf.TensorSpec((None, *self.shape), self.dtype, self.name)

    def drawn(self, pairs, number=0):
        """Draws a row for each pair (seed, index). Different numbers give independent draws."""
        raise UserError(
            f"Expected {self.name}, {self.words}: they cannot be drawn from a seed. Received: "
            f"none. Give {self.name}."
        )

    def examples(self, seeds, number=0):
        """Returns example rows, one for each integer seed, to check exported files with."""
        return np.asarray(self.drawn(np.stack([seeds, np.zeros_like(seeds)], 1), number))

    def checked(self, rows, count=None):
        """Checks rows and returns them as an array of this dtype.

        Args:
            rows: Array-like [N, *shape].
            count: Expected N. Default: any.

        Raises:
            UserError: If the shape, number or values do not fit.
        """
        rows = np.asarray(rows)
        count = len(rows) if count is None and rows.ndim else count
        fits = rows.ndim == 1 + len(self.shape) and len(rows) == count
        fits = fits and all(b is None or a == b for a, b in zip(rows.shape[1:], self.shape))  # noqa: B905
        if not (fits and self._holds(rows)):
            shape = (count, *("any" if side is None else side for side in self.shape))
            raise UserError(
                f"Expected {self.name} of shape {shape}, {self.words}. Received: shape "
                f"{rows.shape}, {np.array2string(rows, threshold=8)}."
            )
        return rows.astype(self.dtype)

    def _holds(self, rows):
        return rows.dtype.kind in "iuf" and bool(np.isfinite(rows).all())

    def prepared(self, rows, key):
        """Returns the entry `key` of a training batch, a tensor, as the networks take it.

        Raises:
            UserError: If its dtype does not fit.
        """
        del key
        return rows

    def check_examples(self, rows, key):
        """Checks the values of real examples, an array, that a user gives for training.

        Raises:
            UserError: If they do not fit.
        """

    def faults(self, rows):
        """Returns the checks of a served tensor: triples (condition, expected, received)."""
        if not rows.dtype.is_floating:
            return []
        return [(tf.reduce_all(tf.math.is_finite(rows)), "finite numbers", rows)]


@dataclasses.dataclass(frozen=True)
class Latents(Port):
    """Latent vectors, drawn from a prior.

    Attributes:
        dim: Dimension of a latent vector.
        prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
    """

    dim: int
    prior: str = "normal"
    name: str = "latents"
    is_drawn = True

    @property
    def shape(self):
        return (self.dim,)

    @property
    def words(self):
        return {"normal": "N(0, I)", "uniform": "U(-1, 1)"}[self.prior]

    def drawn(self, pairs, number=0):
        pairs = tf.cast(tf.convert_to_tensor(pairs), tf.int64)
        return randomness.seeded_latents(self.prior, pairs, self.dim)

    def truncated(self, latents, threshold):
        """Truncates latents at a threshold; see `randomness.truncated`.

        Raises:
            UserError: If the threshold is not positive or the prior is not normal.
        """
        if not (threshold > 0 and self.prior == "normal"):
            raise UserError(
                "truncation must be positive and needs latent_prior=normal. Received: "
                f"{threshold} for {self.prior} latents."
            )
        return randomness.truncated(latents, threshold)


@dataclasses.dataclass(frozen=True)
class Condition(Port):
    """Labels, categories or continuous codes, which a generator takes beside the latents.

    Attributes:
        name: As in `Port`.
        dtype: As in `Port`.
        shape: As in `Port`.
        count: Labels are 0 to count - 1. `None` for continuous codes: any finite value is
            accepted; training draws from [-1, 1).
    """

    name: str
    dtype: str
    shape: tuple = ()
    count: int | None = None
    is_drawn = True

    @property
    def words(self):
        return "finite numbers" if self.count is None else f"whole numbers 0 to {self.count - 1}"

    def from_uniform(self, draws):
        """Turns uniform draws on [0, 1) into rows. All labels are equally likely."""
        if self.count is None:
            return tf.cast(2.0 * draws - 1.0, self.dtype)
        return tf.cast(tf.floor(draws * self.count), self.dtype)

    def drawn(self, pairs, number=0):
        pairs = tf.cast(tf.convert_to_tensor(pairs), tf.int64)
        return self.from_uniform(randomness.seeded_uniform(pairs, self.shape, number))

    def examples(self, seeds, number=0):
        if self.count is None:
            return super().examples(seeds, number)
        return np.arange(len(seeds)) % self.count

    def _holds(self, rows):
        if self.count is None:
            return super()._holds(rows)
        return rows.dtype.kind in "iu" and bool(((rows >= 0) & (rows < self.count)).all())

    def faults(self, rows):
        if self.count is None:
            return super().faults(rows)
        inside = tf.reduce_all((rows >= 0) & (rows < self.count))
        return [(inside, f"{self.name} from 0 to {self.count - 1}", rows)]


@dataclasses.dataclass(frozen=True)
class Images(Port):
    """Images [height, width, channels] in [-1, 1], or vectors [dimensions] of any range.

    Attributes:
        shape: Shape of an image. Height and width are `None` for images of any size.
        key: Key of the batch entry that holds such images.
    """

    shape: tuple
    key: str = "image"
    name: str = "images"

    @property
    def are_images(self):
        return len(self.shape) == 3

    @property
    def words(self):
        return "[-1, 1]" if self.are_images else "unbounded"

    @property
    def scaling(self):
        return " / 127.5 - 1" if self.are_images else ""

    def prepared(self, rows, key):
        """Scales images in uint8 from 0 to 255 to [-1, 1]. Floating-point images stay."""
        if self.are_images and rows.dtype == tf.uint8:
            return floats(rows, keras.config.floatx())
        if not rows.dtype.is_floating:
            kinds = "uint8 from 0 to 255 or floats in [-1, 1]" if self.are_images else "floats"
            cast = "uint8" if self.are_images else "float32"
            raise UserError(
                f"Expected {key!r} to be {kinds}. Received: {rows.dtype.name}. Convert them, as by "
                f"tf.cast(x, {cast!r})."
            )
        return tf.cast(rows, keras.config.floatx())

    def check_examples(self, rows, key):
        if not (self.are_images and rows.size and rows.ndim) or rows.dtype.kind in "ib":
            return
        given, low, high = rows.dtype.name, float(rows.min()), float(rows.max())
        received = f"Received: {given} from {low:.4g} to {high:.4g}."
        if rows.dtype == np.uint8:
            if low < high <= 1:
                warnings.warn(
                    f"Expected {key!r} in uint8 to be from 0 to 255. {received} That is nearly "
                    "black. If 1 is white, multiply by 255.",
                    stacklevel=2,
                )
        elif not (low >= -1 - _TOLERANCE and high <= 1 + _TOLERANCE):
            pixels = low >= 0 and 1 < high <= 255
            fix = "x / 127.5 - 1, or give uint8" if pixels else "2 * (x - low) / (high - low) - 1"
            raise UserError(f"Expected {key!r} in [-1, 1]. {received} Scale them: {fix}.")
        elif 0 <= low < high:
            warnings.warn(
                f"Expected {key!r} in [-1, 1]. {received} If 0 is black, scale them: 2 * x - 1.",
                stacklevel=2,
            )

    def examples(self, seeds, number=0):
        shape = tuple(side or 12 for side in self.shape)
        draws = [np.random.default_rng([abs(int(s)), number]).uniform(-1, 1, shape) for s in seeds]
        return np.asarray(draws, "float32").reshape(len(seeds), *shape)


@dataclasses.dataclass(frozen=True)
class Tokens(Port):
    """Sequences of tokens, integers from 0 to the size of the vocabulary minus 1.

    Attributes:
        length: Number of tokens in a sequence.
        vocabulary: Text of each token, in order of the token numbers.
        key: Key of the batch entry that holds such sequences.
    """

    length: int
    vocabulary: tuple
    key: str = "tokens"
    name: str = "tokens"
    dtype = "int32"

    @property
    def shape(self):
        return (self.length,)

    @property
    def words(self):
        return f"whole numbers 0 to {len(self.vocabulary) - 1}"

    def _holds(self, rows):
        return rows.dtype.kind in "iu" and bool(((rows >= 0) & (rows < len(self.vocabulary))).all())

    def check_examples(self, rows, key):
        if not self._holds(rows):
            raise UserError(
                f"Expected {key!r}: {self.words}. Received: {rows.dtype.name} from {rows.min()} to "
                f"{rows.max()}. Give the numbers of the tokens."
            )

    def examples(self, seeds, number=0):
        draws = [
            np.random.default_rng([abs(int(s)), number]).integers(
                len(self.vocabulary), size=self.length
            )
            for s in seeds
        ]
        return np.asarray(draws, "int32").reshape(len(seeds), self.length)

    def text(self, rows):
        """Returns the text of each sequence in rows [N, length].

        It puts spaces between the tokens if any of them is longer than one character.
        """
        words = len(max(self.vocabulary, key=len)) > 1
        between = " " if words else ""
        return [between.join(self.vocabulary[token] for token in row) for row in rows]

    def faults(self, rows):
        inside = tf.reduce_all((rows >= 0) & (rows < len(self.vocabulary)))
        return [(inside, f"{self.name} from 0 to {len(self.vocabulary) - 1}", rows)]
