"""Three digits as the channels of one image: 1,000 modes of equal weight."""

import tensorflow as tf

from keras_gan import metrics
from keras_gan.data import threads
from keras_gan.data.source import Source

DIGITS = 3


class StackedDigits(Source):
    """Triples drawn on the fly from a source of single digits, as in Metz et al. 2017.

    Three independent draws, with replacement, are a function of the seed and the position.
    An example is labelled 100 a + 10 b + c.

    Args:
        digits: `ArraySource` of images of one channel, labelled 0 to 9.
    """

    def __init__(self, digits):
        classes = len(digits.class_names) ** DIGITS
        super().__init__(
            f"stacked {digits.name}",
            (*digits.shape[:2], DIGITS),
            digits.num_examples**DIGITS,
            tuple(f"{mode:0{DIGITS}}" for mode in range(classes)),
        )
        self.digits = digits

    def _examples(self, positions, rows, seed, start):
        images, labels = self.digits.tensors["image"], self.digits.tensors["label"]

        def fetch(positions):
            drawn = _draws(positions, seed) % self.digits.num_examples
            chosen = tf.unstack(drawn[:, :DIGITS], axis=1)
            mode = sum(
                tf.gather(labels, index) * 10 ** (DIGITS - 1 - channel)
                for channel, index in enumerate(chosen)
            )
            stacked = tf.concat([tf.gather(images, index) for index in chosen], axis=-1)
            return {"image": stacked, "label": mode}

        return positions.map(fetch, num_parallel_calls=threads.count())


def _draws(positions, seed):
    """Returns 4 integers of 32 bits, as int64, for each of successive positions [B], as [B, 4].

    They are Philox' block of the position: its counter goes up by one each 4 integers.
    """
    drawn = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=[tf.size(positions), 4],
        key=tf.constant([seed], tf.uint64),
        counter=tf.cast(tf.stack([positions[0], 0]), tf.uint64),
        alg=tf.random.Algorithm.PHILOX.value,
        dtype=tf.uint32,
    )
    return tf.cast(drawn, tf.int64)


class RealSampler:
    """Samples real triples as a model samples its own.

    Args:
        source: `StackedDigits`.
        seed: Decides which triples.
    """

    def __init__(self, source, seed):
        self.source, self.seed = source, seed

    def sample(self, count, seed=0):
        """Returns `count` triples, others for each seed."""
        batches = self.source.batches(count, seed=self.seed, start=count * seed)
        return next(iter(batches))["image"].numpy()


def coverage(sampler, classify, samples, chunk):
    """Returns the `metrics.ClassCoverage` of samples, with their digits told one by one.

    Args:
        sampler: Has `sample(count, seed=...)`.
        classify: Function from images of one channel [N, H, W, 1] to labels [N].
        samples: Number of samples.
        chunk: As many are sampled and judged at a time.
    """
    modes = []
    for number, start in enumerate(range(0, samples, chunk)):
        images = sampler.sample(min(chunk, samples - start), seed=number + 1)
        count, height, width, _ = images.shape
        single = tf.reshape(tf.transpose(images, [0, 3, 1, 2]), [count * DIGITS, height, width, 1])
        digits = tf.reshape(classify(single), [count, DIGITS])
        modes.append(metrics.stacked_labels(digits))
    return metrics.class_coverage(tf.concat(modes, axis=0), 10**DIGITS)
