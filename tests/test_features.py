"""What images are compared by."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.data.source import ArraySource
from keras_gan.errors import UserError
from keras_gan.evaluation import classifier, make_extractor
from keras_gan.evaluation.shrinking import rgb, shrunk


def labelled(classes=2, count=120, shape=(8, 8, 1), seed=0):
    """Images that are bright in one of `classes` stripes, their label."""
    draw = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    images = draw.integers(0, 100, (count, *shape)).astype(np.uint8)
    width = shape[1] // classes
    for image, label in zip(images, labels, strict=True):
        image[:, label * width : (label + 1) * width] += 120
    return ArraySource("stripes", images, labels, tuple(f"stripe {i}" for i in range(classes)))


@pytest.fixture
def short(monkeypatch, tmp_path):
    """A classifier that is trained for some steps only, and kept in a directory of its own."""
    monkeypatch.setattr(classifier, "_STEPS", 30)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "keras_gan"


def test_pixels_are_the_numbers_themselves_or_smaller_images():
    draw = np.random.default_rng(0)
    points = draw.normal(size=(230, 2)).astype(np.float32)
    features, probabilities = make_extractor(None, (2,), None)(points)
    assert np.array_equal(features, points) and probabilities is None
    source = ArraySource("noise", draw.integers(0, 255, (4, 64, 32, 3)).astype(np.uint8))
    extractor = make_extractor(None, source.shape, source)  # There are no labels.
    assert extractor.name == "pixels" and "longer side 16" in extractor.resizer
    images = source.first(4)
    small = tf.image.resize(images, (16, 8), antialias=True).numpy()
    np.testing.assert_array_equal(extractor(images)[0], small.reshape(4, -1))


def test_images_are_shrunk_and_laid_over_white():
    images = tf.constant(np.random.default_rng(0).uniform(-1, 1, (2, 6, 9, 4)), tf.float32)
    assert np.array_equal(shrunk(images, 9), images)
    assert shrunk(images, 3).shape == (2, 2, 3, 4)
    color, alpha = images[..., :3], (images[..., 3:] + 1.0) / 2.0
    np.testing.assert_allclose(rgb(images), color * alpha + 1.0 - alpha, atol=1e-6)
    assert np.array_equal(rgb(images[..., :1]), np.repeat(images[..., :1], 3, axis=-1))


def test_a_classifier_is_trained_once_for_the_same_content(short, capsys):
    source = labelled()
    first = make_extractor(None, source.shape, source)  # The default where there are labels.
    assert first.name == "classifier" and "right on 100.0 % of 12 held-out" in first.about
    assert "Training a classifier on stripes (120 examples)" in capsys.readouterr().out
    images = source.first(120)
    features, probabilities = first(images)
    assert features.shape == (120, 64) and features.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    right = images[:, :, :4].mean(axis=(1, 2, 3)) < images[:, :, 4:].mean(axis=(1, 2, 3))
    assert np.array_equal(probabilities.argmax(axis=1), right)
    again = make_extractor("classifier", source.shape, labelled())
    assert again.digest == first.digest and not capsys.readouterr().out
    assert len(list(short.iterdir())) == 1
    other = labelled()
    other.tensors["label"] = 1 - other.tensors["label"]  # The same images, other labels.
    assert make_extractor("classifier", source.shape, other).digest != first.digest
    assert "Training" in capsys.readouterr().out and len(list(short.iterdir())) == 2


def test_a_classifier_is_judged_by_unseen_examples_and_draws_no_random_numbers(short, monkeypatch):
    seen = {}
    train, accuracy = classifier._train, classifier.accuracy

    def spied(name, function):
        def spy(network, images, labels):
            seen[name] = {image.tobytes() for image in images}
            return function(network, images, labels)

        return spy

    monkeypatch.setattr(classifier, "_train", spied("train", train))
    monkeypatch.setattr(classifier, "accuracy", spied("held out", accuracy))
    keras.utils.set_random_seed(3)
    expected = keras.random.uniform((3,)).numpy()
    keras.utils.set_random_seed(3)
    make_extractor("classifier", (8, 8, 1), labelled())
    assert np.array_equal(keras.random.uniform((3,)), expected)  # Training drew none of them.
    assert (len(seen["train"]), len(seen["held out"])) == (108, 12)
    assert not seen["train"] & seen["held out"]


def test_a_damaged_kept_classifier_is_trained_again(short, monkeypatch, capsys):
    source = labelled()
    digest = make_extractor("classifier", source.shape, source).digest
    (kept,) = short.iterdir()
    content = kept.read_bytes()
    middle = len(content) // 2  # There are weights.
    flipped = content[:middle] + bytes([content[middle] ^ 64]) + content[middle + 1 :]
    weights = classifier.classifier_for(source)[0].get_weights()
    for damaged in (flipped, b"", b"no archive", content[:-500]):
        kept.write_bytes(damaged)
        capsys.readouterr()
        assert make_extractor("classifier", source.shape, source).digest == digest
        assert "Training" in capsys.readouterr().out
        assert make_extractor("classifier", source.shape, source).digest == digest
        assert "Training" not in capsys.readouterr().out  # It was kept again.
        # Training takes time: once is enough.
        monkeypatch.setattr(classifier, "_train", lambda network, *_: network.set_weights(weights))


def test_a_cache_that_cannot_be_written_is_no_error(short, monkeypatch):
    short.write_text("a file in the way")
    assert make_extractor("classifier", (8, 8, 1), labelled()).accuracy == 1.0
    assert short.read_text() == "a file in the way"


def test_larger_images_are_shrunk_for_the_classifier(short):
    source = labelled(shape=(48, 64, 3))
    extractor = make_extractor("classifier", source.shape, source)
    assert extractor.resizer == "bilinear, antialiased, longer side 32"
    assert extractor(source.first(7))[0].shape == (7, 64)


def test_inception_sees_large_color_images_and_is_not_called_fid(monkeypatch):
    pooled = keras.layers.GlobalAveragePooling2D(name="avg_pool")
    inputs = keras.Input((299, 299, 3))
    answers = keras.layers.Dense(5, activation="softmax")(pooled(inputs))
    network = keras.Model(inputs, answers)
    monkeypatch.setattr(keras.applications, "InceptionV3", lambda weights: network)
    extractor = make_extractor("inception", (8, 8, 1), None)
    assert "no FID as published" in extractor.about
    images = np.random.default_rng(0).uniform(-1, 1, (2, 8, 8, 1)).astype(np.float32)
    large = tf.image.resize(images, (299, 299), antialias=True)
    features, probabilities = extractor(images)
    expected = np.repeat(np.mean(large, axis=(1, 2)), 3, axis=1)
    np.testing.assert_allclose(features, expected, atol=1e-5)
    assert probabilities.shape == (2, 5)


def test_inception_without_its_weights_is_one_clear_line(monkeypatch):
    def offline(weights):
        raise Exception("URL fetch failure on https://x/y.h5: None -- [Errno -2] Name not known")

    monkeypatch.setattr(keras.applications, "InceptionV3", offline)
    with pytest.raises(UserError, match=r"cannot be loaded: \[Errno -2\] Name not known. Connect"):
        make_extractor("inception", (8, 8, 1), None)


@pytest.fixture
def own_module(tmp_path, monkeypatch):
    """Writes a module of the user's and returns its name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return write


def test_a_function_of_the_users(own_module):
    text = (
        "import numpy as np\nfactor = 2.0\ndef embed(x):\n    return factor * x.mean(axis=(1, 2))"
    )
    name = own_module("my_features", text)
    extractor = make_extractor(f"{name}:embed", (8, 8, 3), None)
    images = np.random.default_rng(0).uniform(-1, 1, (130, 8, 8, 3)).astype(np.float32)
    np.testing.assert_allclose(extractor(images)[0], 2.0 * images.mean(axis=(1, 2)), rtol=1e-5)
    __import__(name).factor = 3.0  # Other weights in the same code are another extractor.
    assert make_extractor(f"{name}:embed", (8, 8, 3), None).digest != extractor.digest


def test_a_function_that_works_in_place_or_changes_its_mind(own_module):
    name = own_module(
        "odd_features",
        "def inplace(x):\n    x *= 0\n    return x[:, 0, 0]\n"
        "def widths(x):\n    return x[:, 0, :, 0][:, : 4 if len(x) == 4 else 3]\n",
    )
    images = np.ones((6, 8, 8, 1), np.float32)
    assert not make_extractor(f"{name}:inplace", (8, 8, 1), None)(images)[0].any()
    assert images.all()
    with pytest.raises(UserError, match="as many dimensions each time. Received: 3 and 4"):
        make_extractor(f"{name}:widths", (8, 8, 1), None)(images)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("vgg", "--features must be inception, classifier, pixels or module:function. Received"),
        ("no_such_module:f", "cannot be imported: ModuleNotFoundError"),
        ("bad_features:nothing", "cannot be imported: AttributeError"),
        ("bad_features:fails", r"failed on examples of shape \(4, 8, 8, 1\): ZeroDivisionError"),
        ("bad_features:nan", "returned NaN or infinite features"),
        ("bad_features:noise", "gave two answers for the same examples"),
        ("pixel", "Did you mean 'pixels'"),
        ("bad_features:one", r"must return numbers of shape \[4, dimensions\].* Received: float32"),
    ],
)
def test_features_that_cannot_be_used(own_module, features, message):
    text = """
import numpy
def fails(x):
    1 / 0
def one(x):
    return x[0, 0]
def nan(x):
    return x[:, 0, 0] * numpy.nan
def noise(x):
    return numpy.random.normal(size=(len(x), 3))
"""
    own_module("bad_features", text)
    with pytest.raises(UserError, match=message):
        make_extractor(features, (8, 8, 1), None)


def test_the_classifier_needs_images_of_two_classes():
    with pytest.raises(UserError, match="needs labels, and plain has none"):
        plain = ArraySource("plain", np.zeros((20, 8, 8, 1), np.uint8))
        make_extractor("classifier", plain.shape, plain)
    with pytest.raises(UserError, match="at least two classes. Received: stripes with one"):
        make_extractor("classifier", (8, 8, 1), labelled(classes=1))
    with pytest.raises(UserError, match="some examples of stripes have none"):
        unlabelled = labelled()
        unlabelled.tensors["label"] = unlabelled.tensors["label"] - 1
        make_extractor("classifier", unlabelled.shape, unlabelled)
    with pytest.raises(UserError, match="is for images; these examples are vectors"):
        make_extractor("classifier", (2,), None)
