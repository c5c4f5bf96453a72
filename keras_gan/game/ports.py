"""Ports: what a function takes or returns, how it is drawn, checked, described and served.

A port is one input or output of a `functions.Function`, or one entry of a batch. Commands,
grids, exports and model cards ask ports and know no system.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_gan import randomness
from keras_gan.errors import UserError


@dataclasses.dataclass(frozen=True)
class Port:
    """Base of the ports; rows of `shape`, of a `dtype`, under a `name`.

    Attributes:
        name: Name of the network's input and of the served tensor.
        shape: Shape of a row; `None` where a side may have any size.
        dtype: Of the served tensor.
        key: The key of a batch that holds such rows, or `None`.
        words: What it holds, for metadata and model cards.
        is_drawn: Whether rows are drawn from a seed where none are given.
    """

    dtype = "float32"
    key = None
    is_drawn = False

    @property
    def spec(self):
        """The `tf.TensorSpec` of any number of rows."""
        return tf.TensorSpec((None, *self.shape), self.dtype, self.name)

    def drawn(self, pairs, number=0):
        """Returns a row for each pair (seed, index); other numbers give independent draws."""
        raise UserError(f"{self.name} cannot be drawn from a seed. Give {self.words}.")

    def examples(self, seeds, number=0):
        """Returns rows that show a written file to be right, as an array, for whole numbers."""
        return np.asarray(self.drawn(np.stack([seeds, np.zeros_like(seeds)], 1), number))

    def checked(self, rows, count=None):
        """Returns rows as an array of this dtype.

        Raises:
            UserError: Unless they fit, and are `count` if that is given.
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

    def faults(self, rows):
        """Returns what a server checks of a tensor: triples (condition, expected, received)."""
        if not rows.dtype.is_floating:
            return []
        return [(tf.reduce_all(tf.math.is_finite(rows)), "finite numbers", rows)]


@dataclasses.dataclass(frozen=True)
class Latents(Port):
    """Latent vectors, drawn from a prior.

    Attributes:
        dim: Dimension of a latent.
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
        """Returns latents cut off at a threshold; see `randomness.truncated`.

        Raises:
            UserError: For a threshold that is not positive, and for another prior.
        """
        if not (threshold > 0 and self.prior == "normal"):
            raise UserError(
                "truncation must be positive and needs latent_prior=normal. Received: "
                f"{threshold} for {self.prior} latents."
            )
        return randomness.truncated(latents, threshold)


@dataclasses.dataclass(frozen=True)
class Condition(Port):
    """What a generator takes beside the latents: labels, categories or continuous codes.

    Attributes:
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
        """Returns rows from uniform draws on [0, 1) of their shape: labels all as likely."""
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
    """Images in [-1, 1], [height, width, channels], or vectors [dimensions] of any range.

    Attributes:
        shape: Height and width may be `None`: images of any size.
        key: The key of a batch that holds such images.
    """

    shape: tuple
    key: str = "image"
    name: str = "images"

    @property
    def are_images(self):
        """Whether these are images, not vectors."""
        return len(self.shape) == 3

    @property
    def words(self):
        return "[-1, 1]" if self.are_images else "unbounded"

    def examples(self, seeds, number=0):
        shape = tuple(side or 12 for side in self.shape)
        draws = [np.random.default_rng([abs(int(s)), number]).uniform(-1, 1, shape) for s in seeds]
        return np.asarray(draws, "float32").reshape(len(seeds), *shape)


@dataclasses.dataclass(frozen=True)
class Tokens(Port):
    """Sequences of whole numbers below the size of a vocabulary.

    Attributes:
        length: Tokens in a sequence.
        vocabulary: The texts of the tokens, in the order of their numbers.
        key: The key of a batch that holds such sequences.
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

    def examples(self, seeds, number=0):
        draws = [
            np.random.default_rng([abs(int(s)), number]).integers(
                len(self.vocabulary), size=self.length
            )
            for s in seeds
        ]
        return np.asarray(draws, "int32").reshape(len(seeds), self.length)

    def text(self, rows):
        """Returns the text of each sequence [N, length], tokens side by side."""
        words = len(max(self.vocabulary, key=len)) > 1
        between = " " if words else ""
        return [between.join(self.vocabulary[token] for token in row) for row in rows]

    def faults(self, rows):
        inside = tf.reduce_all((rows >= 0) & (rows < len(self.vocabulary)))
        return [(inside, f"{self.name} from 0 to {len(self.vocabulary) - 1}", rows)]
