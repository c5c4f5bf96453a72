"""What a served generator answers: the functions behind the signatures of a SavedModel."""

import tensorflow as tf

from keras_gan import randomness

_PNG_CHANNELS = (1, 2, 3, 4)


class Endpoints:
    """A generator as graph functions that trust no input.

    Rows are independent and share one first dimension in all inputs and outputs, so
    that a server may merge requests. Before anything is computed each function
    checks, with an `INVALID_ARGUMENT` for the caller: the number and shape of
    the rows, that floats are finite, that labels are in range.

    Args:
        generator: A `ServedGenerator`.
    """

    def __init__(self, generator):
        self.generator = generator

    def signatures(self):
        """Returns functions and the specs of their inputs, by the signature's name.

        `serving_default` and `from_seeds` return `images`, the model's samples;
        `png` and `from_seeds_png` return `image_bytes`, a PNG file a row, where
        samples are images that PNG can hold.
        """
        latents = self.generator.specs
        seeds = [tf.TensorSpec((None,), tf.int64, name="seeds"), *latents[1:]]
        found = {
            "serving_default": (self.from_latents, latents),
            "from_seeds": (self.from_seeds, seeds),
        }
        shape = self.generator.model.image_shape
        if len(shape) == 3 and shape[-1] in _PNG_CHANNELS:
            found["png"] = (_as_png(self.from_latents), latents)
            found["from_seeds_png"] = (_as_png(self.from_seeds), seeds)
        return found

    def from_latents(self, latents, *conditions):
        """Returns `images` for `latents` [N, latent_dim] and conditions [N, ...]."""
        return self._images(*self._checked(latents, *conditions))

    def from_seeds(self, seeds, *conditions):
        """Returns `images` for `seeds` [N]: those of `python -m keras_gan.generate --seeds`."""
        seeds, *conditions = self._checked(seeds, *conditions)
        model, pairs = self.generator.model, tf.stack([seeds, tf.zeros_like(seeds)], axis=1)
        latents = randomness.seeded_latents(model.latent_prior, pairs, model.latent_dim)
        return self._images(latents, *conditions)

    def _images(self, *inputs):
        # TensorFlow's convolutions of no examples have a wrong shape, so there is at least one.
        count = tf.shape(inputs[0])[0]
        added = tf.cast(count == 0, tf.int32)
        inputs = [tf.pad(x, [[0, added], *[[0, 0]] * (x.shape.rank - 1)]) for x in inputs]
        return {"images": self.generator.images(*inputs)["images"][:count]}

    def _checked(self, first, *conditions):
        """Returns the inputs, to be computed with only after they were checked."""
        first, *conditions = [tf.ensure_shape(x, x.shape) for x in (first, *conditions)]
        count, most = tf.shape(first)[0], self.generator.max_batch
        checks = [_check(count <= most, f"at most {most} rows", count)]
        for condition, x in zip(self.generator.model.conditions, conditions, strict=True):
            rows, name = tf.shape(x)[0], condition.name
            checks.append(_check(rows == count, f"as many {name} as other rows", rows))
            if condition.count is not None:
                inside = tf.reduce_all((x >= 0) & (x < condition.count))
                checks.append(_check(inside, f"{name} from 0 to {condition.count - 1}", x))
        inputs = [first, *conditions]
        for x in inputs:
            if x.dtype.is_floating:
                checks.append(_check(tf.reduce_all(tf.math.is_finite(x)), "finite numbers", x))
        with tf.control_dependencies(checks):
            return [tf.identity(x) for x in inputs]


def _check(condition, expected, received):
    """Returns an operation that fails with `INVALID_ARGUMENT` unless the condition holds."""
    message = f"Expected {expected}. Received:"
    return tf.raw_ops.Assert(condition=condition, data=[message, received], summarize=8)


def to_bytes(images):
    """Brings images from [-1, 1] to uint8 in the graph, as `pictures.to_bytes` does."""
    return tf.cast(tf.round((tf.clip_by_value(images, -1.0, 1.0) + 1.0) * 127.5), tf.uint8)


def _as_png(function):
    def png(*inputs):
        pixels = to_bytes(function(*inputs)["images"])
        # Files up to a tenth larger than by default, in less than half of the time for photos.
        return {"image_bytes": tf.io.encode_png(pixels, compression=1)}

    return png
