"""Sources of training examples, and the pipeline that serves them in batches.

If examples can be fetched by index, batch number s depends only on (seed, s): a pseudo-random
permutation of each epoch gives the examples of the batch. So a resumed run can start at any
batch at no cost.
"""

import abc
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from keras_gan.data import threads
from keras_gan.errors import UserError

IN_MEMORY_BYTES = 4 * 2**30  # Larger datasets are read while training.
_SHUFFLE, _FLIP = 2, 3
_SHUFFLE_BLOCK = 10_000


class _Rows(NamedTuple):
    """The rows of each batch that one process gets: `count` rows from row `first` on."""

    batch_size: int
    first: int
    count: int

    def of(self, batch):
        """Selects these rows of a batch."""
        return batch[self.first : self.first + self.count]


def floats(images, dtype=tf.float32):
    """Returns uint8 images in [-1, 1], as networks take them."""
    return tf.cast(images, dtype) / 127.5 - 1.0


class Source(abc.ABC):
    """Base class of the datasets. A source serves prepared examples in batches.

    Attributes:
        name: Name of the dataset, for messages.
        key: Key of the batch entry that holds the examples.
        shape: Shape of an example, (height, width, channels), (dimensions,) or (tokens,).
        num_examples: Number of examples.
        class_names: Names of the classes in order of their labels, or `None`.
        vocabulary: Text of each token in order of the token numbers, or `None` for images.
        contents: `Contents` of the dataset, to notice changes, or `None` if they are unknown.
        bit_depth: Bits that the samples of 16-bit images are scaled by, or `None` if there are
            no such images.
        label_hint: Where labels may be found that were not asked for, a sentence, or "".
    """

    key = "image"
    vocabulary = contents = None
    bit_depth = None
    label_hint = ""

    def __init__(self, name, shape, num_examples, class_names=None):
        self.name = name
        self.shape = tuple(int(side) for side in shape)
        self.num_examples = int(num_examples)
        self.class_names = class_names

    @property
    def shapes(self):
        """Shapes of an example by batch key, a dict of tuples."""
        return {self.key: self.shape}

    @property
    def counts(self):
        """Numbers of examples by batch key, a dict."""
        return {self.key: self.num_examples}

    @property
    def bit_depths(self):
        """`bit_depth` by batch key, a dict without those that are `None`."""
        return {self.key: self.bit_depth} if self.bit_depth else {}

    def part(self, key):
        """Returns the `Source` of one batch key, such as side `a` of two domains.

        The returned source serves images under the key `image`.

        Raises:
            UserError: If `key` is not in `shapes`.
        """
        if key not in self.shapes:
            raise UserError(
                f"{self.name} has batches with {', '.join(self.shapes)}. Received: key {key!r}."
            )
        return self

    @property
    def num_classes(self):
        """Number of classes, or `None` without labels."""
        return len(self.class_names) if self.class_names else None

    @property
    def labels(self):
        """Labels of all examples, int64 [N], or `None` if they are unknown before training."""
        return None

    @abc.abstractmethod
    def _examples(self, positions, rows, seed, start):
        """Returns a dataset of batched raw examples: dicts with `self.key` and maybe `label`.

        Args:
            positions: Dataset of the positions [rows.count] to serve.
            rows: `_Rows` of this process.
            seed: Seed of the order of the examples.
            start: Position of the first example in the first batch.
        """

    def batches(self, batch_size, *, seed=0, start=0, flip=False, share=(0, 1)):
        """Returns an endless dataset of batches.

        Args:
            batch_size: Number of examples in a batch.
            seed: Seed of the order of the examples and of the flips.
            start: Number of examples to skip.
            flip: Whether to mirror a random half of the images left to right.
            share: (index, count) splits each batch into `count` equal parts and serves part
                `index`. Each process of a cluster gets its own part.

        Returns:
            A `tf.data.Dataset` of dicts: `image` float32 [B, *shape], in [-1, 1] for images, or
            `tokens` int32 [B, T]; and `label` int64 [B] if there are labels. B is `batch_size`,
            or the size of the part. Every example is served once in an epoch. A batch may span
            two epochs.
        """
        index, count = share
        rows = _Rows(batch_size, index * (batch_size // count), batch_size // count)
        positions = tf.data.Dataset.range(start, np.iinfo(np.int64).max)
        positions = positions.batch(batch_size, drop_remainder=True).map(rows.of)
        examples = self._examples(positions, rows, seed, start)

        def finish(positions, example):
            own = example[self.key]
            if own.dtype == tf.uint8:  # Images; vectors and tokens stay as they are.
                own = floats(own)
            own = tf.ensure_shape(own, [rows.count, *self.shape])
            if flip:
                own = _flip(own, seed, positions[0] - rows.first, rows)
            return {**example, self.key: own}

        batches = tf.data.Dataset.zip(positions, examples).map(
            finish, num_parallel_calls=threads.count()
        )
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.OFF
        endless = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)
        batches = batches.apply(endless).prefetch(threads.AHEAD).with_options(options)
        return threads.prepared(batches)

    def first_batch(self, count):
        """Returns the first `count` examples in serving order, a dict of arrays as in `batches`.

        There are fewer if the dataset is smaller. No example appears twice.
        """
        count = min(count, *self.counts.values())
        return {key: rows.numpy() for key, rows in next(iter(self.batches(count))).items()}

    def first(self, count):
        """Returns the array of `first_batch` under the first key of `shapes`."""
        return self.first_batch(count)[self.key]


class ArraySource(Source):
    """Examples in memory: images as uint8, vectors as float32 or tokens as int32.

    Args:
        name: Name of the dataset, for messages.
        examples: Array [N, *shape].
        labels: Integers [N], or `None`.
        class_names: Names of the classes, or `None`.
    """

    def __init__(self, name, examples, labels=None, class_names=None):
        super().__init__(name, examples.shape[1:], len(examples), class_names)
        with tf.device("CPU:0"):  # Not on the GPU, where a tensor goes by default.
            self.tensors = {self.key: tf.constant(examples)}
        if labels is not None:
            self.labels = labels

    @property
    def labels(self):
        return self.tensors["label"].numpy() if "label" in self.tensors else None

    @labels.setter
    def labels(self, labels):
        with tf.device("CPU:0"):  # Not on the GPU, where a tensor goes by default.
            self.tensors["label"] = tf.constant(np.asarray(labels, np.int64))

    def _examples(self, positions, rows, seed, start):
        def fetch(positions):
            index = shuffled_index(positions, self.num_examples, seed)
            return {key: tf.gather(tensor, index) for key, tensor in self.tensors.items()}

        return positions.map(fetch, num_parallel_calls=threads.count())


class FileSource(Source):
    """Image files that do not fit into memory. They are decoded when they are served.

    Args:
        name: Name of the dataset, for messages.
        shape: Shape of a prepared example.
        files: Paths of the N files.
        load: Function from a path, as bytes, to a prepared uint8 image.
        labels: Integers [N], or `None`.
        class_names: Names of the classes, or `None`.
    """

    labels = None

    def __init__(self, name, shape, files, load, labels=None, class_names=None):
        super().__init__(name, shape, len(files), class_names)
        self.files, self.load = files, load
        self.labels = None if labels is None else np.asarray(labels, np.int64)

    def _examples(self, positions, rows, seed, start):
        files = tf.constant(self.files)

        def fetch(positions):
            index = shuffled_index(positions, self.num_examples, seed)
            images = threads.in_graph(self.load, tf.gather(files, index), self.shape)
            if self.labels is None:
                return {"image": images}
            return {"image": images, "label": tf.gather(tf.constant(self.labels), index)}

        return positions.map(fetch)


class StreamSource(Source):
    """Examples that do not fit into memory and can only be read in order.

    Each epoch shuffles them within blocks of 10,000. To start in the middle of an epoch, it
    reads and drops the examples before. This takes time but gives the same batches.

    Args:
        name: Name of the dataset, for messages.
        shape: Shape of a prepared example.
        num_examples: Number of examples.
        read: Function that returns a dataset of encoded examples (scalars) in fixed order.
        decode: Function from a batch of encoded examples to the prepared ones.
        class_names: Names of the classes, or `None`.
    """

    def __init__(self, name, shape, num_examples, read, decode, class_names=None):
        super().__init__(name, shape, num_examples, class_names)
        self.read, self.decode = read, decode

    def _examples(self, positions, rows, seed, start):
        def one_epoch(epoch):
            def shuffle(number, block):
                key = tf.random.experimental.stateless_fold_in([seed, epoch], number)
                size = tf.shape(tf.nest.flatten(block)[0])[0]
                order = tf.random.experimental.stateless_shuffle(tf.range(size), key)
                return tf.nest.map_structure(lambda part: tf.gather(part, order), block)

            blocks = self.read().batch(_SHUFFLE_BLOCK).enumerate()
            return blocks.map(shuffle).unbatch()

        first_epoch, offset = divmod(start, self.num_examples)
        epochs = tf.data.Dataset.range(first_epoch, np.iinfo(np.int64).max)
        examples = epochs.flat_map(one_epoch).skip(offset)
        batches = examples.batch(rows.batch_size, drop_remainder=True)
        own = batches.map(lambda batch: tf.nest.map_structure(rows.of, batch))
        return own.map(self.decode)


def shuffled_index(positions, num_examples, seed):
    """Maps positions in the endless stream of epochs to example numbers.

    Args:
        positions: int64 tensor [B].
        num_examples: Number of examples in an epoch.
        seed: Seed of the permutation of each epoch.

    Returns:
        int64 tensor [B]. The positions of an epoch give each example once.
    """
    epoch = positions // num_examples
    key = tf.stack([tf.fill(tf.shape(epoch), tf.constant(k, tf.int64)) for k in (seed, _SHUFFLE)])
    return tf.raw_ops.RandomIndexShuffle(
        index=positions % num_examples,
        seed=tf.transpose(tf.concat([key, [epoch]], axis=0)),
        max_index=tf.constant(num_examples - 1, tf.int64),
        rounds=4,
    )


def _flip(image, seed, position, rows):
    key = tf.constant([seed, _FLIP], tf.int64)
    key = tf.random.experimental.stateless_fold_in(key, position)
    mirrored = rows.of(tf.random.stateless_uniform([rows.batch_size, 1, 1, 1], key) < 0.5)
    return tf.where(mirrored, tf.reverse(image, axis=[2]), image)
