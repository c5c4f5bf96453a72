"""Features of TensorFlow Datasets sets: images by their own type, labels by their key."""

import io

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from keras_gan import train
from keras_gan.data import load_dataset, source
from keras_gan.errors import UserError
from keras_gan.runs.config import Config

F = tfds.features
SHAPE = (4, 6, 1)
NOISE = np.random.default_rng(0)
BYTES = NOISE.integers(0, 256, (5, 4, 6, 3), np.uint8)
GREY = BYTES[..., :1]


class OwnFeatures(tfds.core.GeneratorBasedBuilder):
    """A set whose features and examples are those of the test."""

    VERSION = tfds.core.Version("1.0.0")
    features, examples = None, None

    def _info(self):
        return self.dataset_info_from_configs(features=F.FeaturesDict(self.features))

    def _split_generators(self, dl_manager):
        return {"train": enumerate(self.examples)}

    def _generate_examples(self):
        raise NotImplementedError


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Loads a set of features by key, each with the values of all examples."""

    def load(features, values, **options):
        examples = [
            dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)
        ]
        monkeypatch.setattr(OwnFeatures, "features", features)
        monkeypatch.setattr(OwnFeatures, "examples", examples)
        return load_dataset("own_features", data_dir=str(tmp_path), **options)

    return load


def images_of(found):
    """Returns the images of a `Source` in the order of their bytes."""
    batch = found.first_batch(found.num_examples)
    return in_order(np.round((batch["image"] + 1.0) * 127.5).astype(int))


def in_order(images):
    return np.array(sorted(np.asarray(images, int).tolist()))


FLOATS = {"[0, 1]": GREY / 255.0, "[-1, 1]": GREY / 127.5 - 1.0}


@pytest.mark.parametrize(
    ("kind", "values", "limit"),
    [("Image", "[0, 1]", 10**6), ("Image", "[-1, 1]", 0), ("Tensor", "[0, 1]", 0)],
)
def test_floats_become_the_images_that_were_stored(kind, values, limit, load, capsys, monkeypatch):
    monkeypatch.setattr(source, "IN_MEMORY_BYTES", limit)
    feature = getattr(F, kind)(shape=SHAPE, dtype=np.float32)
    found = load({"image": feature}, {"image": FLOATS[values].astype(np.float32)})
    np.testing.assert_array_equal(images_of(found), in_order(GREY))
    told = f"own_features: its float32 images are read as values in {values}."
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(("factor", "told"), [(1.0, "from 1 to 254"), (np.nan, "from nan to nan")])
def test_floats_of_another_range_are_refused(factor, told, load):
    depth = F.Image(shape=SHAPE, dtype=np.float32)
    with pytest.raises(UserError) as error:
        load({"depth": depth}, {"depth": (GREY * factor).astype(np.float32)})
    message = "float32 images of own_features in [0, 1] or [-1, 1]. Received: "
    assert message + told in str(error.value)


DEEP = NOISE.integers(0, 65536, (5, *SHAPE), np.uint16)


@pytest.mark.parametrize("kind", ["Image", "Tensor"])
@pytest.mark.parametrize(("bits", "asked"), [(16, None), (12, None), (12, 16)])
def test_sixteen_bits_are_scaled_by_the_bits_that_are_used(kind, bits, asked, load, capsys):
    deep = DEEP >> (16 - bits)
    feature = getattr(F, kind)(shape=SHAPE, dtype=np.uint16)
    found = load({"image": feature}, {"image": deep}, bit_depth=asked)
    expected = deep >> ((asked or bits) - 8)
    np.testing.assert_array_equal(images_of(found), in_order(expected))
    assert found.bit_depths == {"image": asked or bits}
    announced = "its 16-bit images use 12 bits" in capsys.readouterr().out
    assert announced == (bits == 12 and not asked)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("channels", [None, 2, 3])
def test_bytes_are_read_by_the_channels_of_the_feature(channels, load):
    """Of grey and alpha, alpha goes over white; unknown channels are read as colors."""
    pixels = BYTES[..., :2] if channels == 2 else BYTES
    feature = F.Image(shape=(4, 6, channels))
    found = load({"image": feature}, {"image": [png(x) for x in pixels]})
    expected = BYTES
    if channels == 2:
        grey, alpha = np.split(pixels / 255.0, 2, axis=-1)
        expected = np.round(255.0 * (grey * alpha + 1.0 - alpha))
    np.testing.assert_array_equal(images_of(found), in_order(expected))


def test_tensors_of_bytes_are_images(load):
    found = load({"pixels": F.Tensor(shape=(4, 6, 3), dtype=np.uint8)}, {"pixels": BYTES})
    np.testing.assert_array_equal(images_of(found), in_order(BYTES))
    assert found.bit_depths == {}


def test_other_images_of_the_set_are_not_decoded(load, capsys):
    """TensorFlow would decode them, and fail."""
    features = {"photo": F.Image(shape=(4, 6, 3)), "mask": F.Image(shape=(4, 6, 3))}
    values = {"photo": BYTES, "mask": [b"no image"] * 5}
    found = load(features, values)
    assert found.shape == (4, 6, 3)
    np.testing.assert_array_equal(images_of(found), in_order(BYTES))
    line = "own_features: taking the images 'photo'. --image_key takes others: mask."
    assert line in capsys.readouterr().out
    with pytest.raises(UserError, match="it is no PNG"):
        load(features, values, image_key="mask")


def test_what_is_no_image_is_listed(load):
    features = {
        "clip": F.Video(shape=(2, 4, 6, 3)),
        "frames": F.Sequence(F.Image(shape=(4, 6, 3))),
        "curve": F.Tensor(shape=(7,), dtype=np.float32),
    }
    values = {
        "clip": [np.stack([x, x]) for x in BYTES],
        "frames": [[x, x] for x in BYTES],
        "curve": np.zeros([5, 7], np.float32),
    }
    with pytest.raises(UserError) as error:
        load(features, values)
    message = str(error.value)
    assert (
        "clip (Video (2, 4, 6, 3)), frames (Sequence (None, 4, 6, 3)), curve (Tensor (7,))."
        in message
    )
    with pytest.raises(UserError, match="no images that can be used"):
        load(features, values, image_key="clip")


IMAGE = {"image": F.Image(shape=(4, 6, 3))}


def labels_of(found):
    """Returns the labels of a `Source` in the order of the images' means."""
    batch = found.first_batch(found.num_examples)
    return batch["label"][np.argsort(batch["image"].mean(axis=(1, 2, 3)))].tolist()


def in_order_of_images(labels):
    return np.asarray(labels)[np.argsort(BYTES.mean(axis=(1, 2, 3)))].tolist()


NUMBERS = [3, 0, 2, 1, 1]


def test_the_only_class_label_is_taken(load):
    features = IMAGE | {"species": F.ClassLabel(names=["cat", "dog"])}
    found = load(features, {"image": BYTES, "species": [0, 1, 1, 0, 1]})
    assert found.class_names == ("cat", "dog")
    assert labels_of(found) == in_order_of_images([0, 1, 1, 0, 1])


@pytest.mark.parametrize("limit", [10**6, 0])
def test_whole_numbers_are_labels_when_asked_for(limit, load, monkeypatch):
    monkeypatch.setattr(source, "IN_MEMORY_BYTES", limit)
    features = IMAGE | {
        "label": F.ClassLabel(num_classes=2),
        "age": F.Scalar(np.int32),
        "height": F.Scalar(np.float32),
    }
    values = {"image": BYTES, "label": [0] * 5, "age": NUMBERS, "height": np.ones(5, np.float32)}
    assert load(features, values).num_classes == 2
    found = load(features, values, label_key="age")
    assert found.class_names == ("0", "1", "2", "3")
    assert labels_of(found) == in_order_of_images(NUMBERS)
    with pytest.raises(UserError) as error:
        load(features, values, label_key="height")
    assert "whole numbers of own_features: label, age. Received: height." in str(error.value)


def test_negative_numbers_are_no_labels(load):
    features = IMAGE | {"change": F.Scalar(np.int64)}
    with pytest.raises(UserError, match="from 0 to 65535. Received: from -2 to 2."):
        load(features, {"image": BYTES, "change": [-2, 0, 1, 2, 2]}, label_key="change")


def test_systems_that_need_labels_list_the_candidates(load, tmp_path):
    features = IMAGE | {"kind": F.ClassLabel(num_classes=2), "place": F.ClassLabel(num_classes=4)}
    found = load(features, {"image": BYTES, "kind": [0] * 5, "place": NUMBERS})
    assert found.num_classes is None
    config = {
        "model": "cgan", "dataset": "own_features", "data_dir": str(tmp_path), "batch_size": 4,
        "steps": 1, "run_dir": str(tmp_path / "run"), "image_size": "4",
        "model_arg": ("width=2", "latent_dim=4"),
    }  # fmt: skip
    with pytest.raises(UserError) as error:
        train(Config(**config))
    assert "own_features has labels in kind, place: choose by --label_key." in str(error.value)
    with pytest.raises(UserError, match="--label_key must name .* of own_features: kind, place"):
        train(Config(**config, label_key="image"))
    with pytest.raises(UserError, match="--image_key must name images of own_features: image."):
        train(Config(**config, image_key="kind"))


def test_keys_are_for_tensorflow_datasets():
    with pytest.raises(UserError, match="--label_key is for sets of TensorFlow Datasets."):
        load_dataset("digits", label_key="label")
