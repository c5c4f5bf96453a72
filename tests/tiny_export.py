"""An export with tiny images and all signatures, made without a run."""

import os

import numpy as np
import tensorflow as tf

LATENT_DIM = 4
SHAPE = (8, 8, 1)
CAP = 40  # rows in one request


class Tiny(tf.Module):
    """A generator that is one matrix; each version has another one."""

    def __init__(self, version):
        super().__init__()
        self.matrix = tf.Variable(
            tf.random.stateless_normal((LATENT_DIM, np.prod(SHAPE)), (version, 0))
        )

    def images(self, latents, labels=None):
        """Returns images in [-1, 1]; refuses what an export refuses."""
        rows = tf.shape(latents)[0]
        few = tf.debugging.Assert(rows <= CAP, [f"Expected at most {CAP} rows. Received:", rows])
        finite = tf.debugging.assert_all_finite(latents, "latents must be finite")
        with tf.control_dependencies([few, finite]):
            products = tf.identity(latents) @ self.matrix
        if labels is not None:
            products += tf.cast(labels, tf.float32)[:, None]
        return tf.reshape(tf.tanh(products), (-1, *SHAPE))


def latents_of(seeds):
    """Returns the latents that `from_seeds` draws."""
    draw = lambda seed: tf.random.stateless_normal((LATENT_DIM,), tf.stack([seed, 0]))  # noqa: E731
    return tf.map_fn(draw, seeds, fn_output_signature=tf.float32)


def pngs_of(images):
    """Returns the PNG files of images, as strings."""
    return tf.io.encode_png(tf.cast(tf.round((images + 1.0) * 127.5), tf.uint8))


def write_export(export_dir, version=1, labels=False):
    """Writes a version of an export of the tiny generator.

    Args:
        export_dir: Where `saved_model/<version>` is to be.
        version: Its number.
        labels: Whether every signature also takes labels.
    """
    tiny = Tiny(version)
    sources = {
        "latents": tf.TensorSpec((None, LATENT_DIM), tf.float32, "latents"),
        "seeds": tf.TensorSpec((None,), tf.int64, "seeds"),
    }
    extra = [tf.TensorSpec((None,), tf.int64, "labels")] if labels else []

    def endpoint(source, output, convert):
        def call(given, labels=None):
            latents = latents_of(given) if source == "seeds" else given
            return {output: convert(tiny.images(latents, labels))}

        return tf.function(call, input_signature=[sources[source], *extra])

    ends = {
        "serving_default": endpoint("latents", "images", tf.identity),
        "from_seeds": endpoint("seeds", "images", tf.identity),
        "png": endpoint("latents", "image_bytes", pngs_of),
        "from_seeds_png": endpoint("seeds", "image_bytes", pngs_of),
    }
    path = os.path.join(export_dir, "saved_model", str(version))
    tf.saved_model.save(tiny, path, signatures=ends)
