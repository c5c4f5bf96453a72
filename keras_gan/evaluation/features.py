"""Turns examples into features: those of a network, pixels, or n-grams of tokens."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from keras_gan.errors import UserError, did_you_mean, first_line
from keras_gan.evaluation.classifier import SIDE, classifier_for
from keras_gan.evaluation.digests import digest_of
from keras_gan.evaluation.sequences import ngram_features
from keras_gan.evaluation.shrinking import rgb, shrunk

CHOICES = "inception, classifier, pixels or module:function"
CHOICES_OF_TOKENS = "ngrams or module:function"
_PIXELS_SIDE = 16  # As features: more dimensions would need more examples than there are.
_BATCH = 100
_INCEPTION_SIDE = 299
_WEIGHTS = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"


class Extractor(NamedTuple):
    """Turns examples into features.

    Attributes:
        name: As on the command line.
        about: What a reader of the numbers should know of it.
        resizer: How images are brought to its size, in words.
        digest: 12 hexadecimal digits that tell two of them apart.
        accuracy: Of its probabilities of the dataset's own classes, if they are that.
        network: Function from examples [N, *shape], float32 or tokens, to (features
            [N, D], probabilities of classes [N, K] or `None`).
    """

    name: str
    about: str
    resizer: str
    digest: str
    network: Callable
    accuracy: float | None = None

    @property
    def knows_classes(self):
        """Whether its probabilities are of the dataset's own classes."""
        return self.accuracy is not None

    def __call__(self, examples):
        """Returns (features [N, D] float32, probabilities [N, K] or `None`) of an array."""
        parts = [
            self.network(examples[start : start + _BATCH])
            for start in range(0, len(examples), _BATCH)
        ]
        features, probabilities = zip(*parts, strict=True)
        known = probabilities[0] is not None
        return np.concatenate(features), np.concatenate(probabilities) if known else None


def make_extractor(name, shape, labelled, vocabulary=None):
    """Returns the `Extractor` of a name.

    Args:
        name: `"inception"`, `"classifier"`, `"pixels"`, `"module:function"`; of tokens
            `"ngrams"` or `"module:function"`. `None` for ngrams of tokens, the classifier where
            there are labels, and else pixels.
        shape: Shape of the examples.
        labelled: A `Source` that the classifier is trained on.
        vocabulary: The texts of the tokens if the examples are sequences, or `None`.

    Raises:
        UserError: For another name, examples that it does not take, weights that
            cannot be downloaded, or a function that cannot be called.
    """
    are_images = len(shape) == 3
    if vocabulary:
        return _of_tokens(name, shape, vocabulary)
    if name == "ngrams":
        raise UserError(
            "--features=ngrams is for sequences of tokens; these examples are "
            f"{'images' if are_images else 'vectors'}. Use --features=pixels."
        )
    if name is None:
        name = "classifier" if are_images and (labelled.num_classes or 0) > 1 else "pixels"
    if name == "pixels":
        return _pixels(shape)
    if ":" in name:
        return _of_function(name, shape)
    if name not in ("inception", "classifier"):
        meant = did_you_mean(name, ("inception", "classifier", "pixels"))
        raise UserError(f"--features must be {CHOICES}.{meant} Received: {name!r}.")
    if not are_images:
        raise UserError(
            f"--features={name} is for images; these examples are vectors {tuple(shape)}. Use "
            "--features=pixels, which takes their numbers as they are."
        )
    return _inception() if name == "inception" else _classifier(labelled)


def _of_tokens(name, shape, vocabulary):
    """Returns the extractor of a name for sequences of tokens."""
    size = len(vocabulary)
    if name is not None and ":" in name:
        return _of_function(name, shape, size)
    if name not in (None, "ngrams"):
        raise UserError(f"--features of tokens must be {CHOICES_OF_TOKENS}. Received: {name!r}.")

    def network(tokens):
        return ngram_features(tokens, size), None

    about = "counts of tokens and of pairs of neighbours"
    digest = digest_of(b"ngrams", *(text.encode() + b"\0" for text in vocabulary))[:12]
    return Extractor("ngrams", about, "none", digest, network)


def _pixels(shape):
    resizer = _resizer(shape, _PIXELS_SIDE) if len(shape) == 3 else "none"

    def network(examples):
        if len(examples.shape) == 4:
            examples = shrunk(examples, _PIXELS_SIDE)
        return np.reshape(np.asarray(examples, np.float32), (len(examples), -1)), None

    about = "the numbers themselves" if resizer == "none" else f"pixels at {_PIXELS_SIDE} a side"
    return Extractor("pixels", about, resizer, digest_of(b"pixels", resizer.encode())[:12], network)


def _classifier(labelled):
    network, about, accuracy = classifier_for(labelled)
    resizer = _resizer(labelled.shape, SIDE)
    prepare = lambda images: shrunk(images, SIDE)  # noqa: E731
    found = _of_network("classifier", network, about, resizer, prepare)
    return found._replace(accuracy=accuracy)


def _resizer(shape, side):
    return "none" if max(shape[:2]) <= side else f"bilinear, antialiased, longer side {side}"


def _inception():
    if not (sys.stdout and sys.stdout.isatty()):
        keras.config.disable_interactive_logging()  # Its progress bar would spoil a log file.
    try:
        whole = keras.applications.InceptionV3(weights="imagenet")
    except Exception as error:  # Keras raises a plain one for a failed download.
        home = os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")
        folder = os.path.join(home, "models")
        reason = first_line(error).rpartition(" -- ")[2]
        raise UserError(
            "--features=inception needs the weights of Keras' InceptionV3 (96 MB), which cannot be "
            f"loaded: {reason}. Connect to the internet, or put {_WEIGHTS} into "
            f"{folder}, or use --features=classifier or pixels."
        ) from None
    pooled = whole.get_layer("avg_pool").output
    network = keras.Model(whole.inputs, [pooled, whole.output])
    about = "Keras' InceptionV3, not the network of 2015: no FID as published"
    resizer = f"bilinear, antialiased, to {_INCEPTION_SIDE}x{_INCEPTION_SIDE}"

    def prepare(images):
        return tf.image.resize(rgb(images), (_INCEPTION_SIDE, _INCEPTION_SIDE), antialias=True)

    return _of_network("inception", network, about, resizer, prepare)


def _of_network(name, network, about, resizer, prepare):
    """Returns the extractor of a network with two outputs, features and probabilities."""

    @tf.function(reduce_retracing=True)
    def run(images):
        return network(prepare(images), training=False)

    def call(images):
        return tuple(np.asarray(values) for values in run(tf.constant(images, tf.float32)))

    digest = digest_of(resizer.encode(), *network.get_weights())[:12]
    return Extractor(name, about, resizer, digest, call)


def _of_function(name, shape, tokens=None):
    """Returns the extractor of a user's own function, given as `module:function`.

    It is tried on random examples of a shape: on whole numbers below `tokens` if that is given.
    """
    module_name, _, function_name = name.partition(":")
    if os.getcwd() not in sys.path:  # As for `python -m`, where that is the first place.
        sys.path.append(os.getcwd())
    try:
        module = importlib.import_module(module_name)
        function = getattr(module, function_name)
    except Exception as error:  # It is the user's own code.
        raise UserError(
            f"--features={name} cannot be imported: {type(error).__name__}: {first_line(error)}. "
            "Expected module:function, such as my_features:embed for embed in ./my_features.py."
        ) from None

    widths = set()

    def call(examples):
        try:
            features = np.asarray(function(examples.copy()))  # It may work in place.
        except Exception as error:
            raise UserError(
                f"--features={name} failed on examples of shape {examples.shape}: "
                f"{type(error).__name__}: {first_line(error)}"
            ) from error
        if features.ndim != 2 or len(features) != len(examples) or features.dtype.kind not in "fiu":
            raise UserError(
                f"--features={name} must return numbers of shape [{len(examples)}, dimensions] for "
                f"examples {examples.shape}. Received: {features.dtype} of shape {features.shape}."
            )
        widths.add(features.shape[1])
        if len(widths) > 1:
            raise UserError(
                f"--features={name} must return as many dimensions each time. Received: "
                f"{' and '.join(map(str, sorted(widths)))}."
            )
        if not np.isfinite(features).all():
            raise UserError(f"--features={name} returned NaN or infinite features.")
        return features, None

    draws = np.random.default_rng(0)
    if tokens is None:
        tried = draws.uniform(-1.0, 1.0, (4, *shape)).astype(np.float32)
    else:
        tried = draws.integers(tokens, size=(4, *shape)).astype(np.int32)
    source = getattr(module, "__file__", None)
    text = b""
    if source:
        with open(source, "rb") as file:
            text = file.read()
    features, again = (call(tried)[0].astype(np.float64) for _ in range(2))
    if not np.array_equal(features, again):
        raise UserError(
            f"--features={name} gave two answers for the same examples, so that nothing could be "
            "compared. Fix its seeds, or switch dropout and augmentation off."
        )
    digest = digest_of(text, features)[:12]
    return Extractor(name, "a function of yours", "as the function does", digest, call)
