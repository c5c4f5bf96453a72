"""Sources and the pipeline."""

import pathlib
import struct
import zlib

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from keras_gan.data import decoding, images, load_dataset
from keras_gan.data.mixtures import centers
from keras_gan.data.source import ArraySource, FileSource, StreamSource, shuffled_index
from keras_gan.errors import UserError

RED = np.full((4, 6, 3), (200, 30, 90), np.uint8)


def png_chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def palette_png():
    """A 2x1 PNG of 8-bit palette entries red and blue, by the format's specification."""
    header = struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
        + png_chunk(b"IDAT", zlib.compress(bytes([0, 0, 1])))
        + png_chunk(b"IEND", b"")
    )


def palette_bmp():
    """The same two pixels as an 8-bit BMP; entries are stored blue, green, red, 0."""
    palette = bytes([0, 0, 255, 0, 255, 0, 0, 0])
    offset = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 8, 0, 4, 0, 0, 2, 0)
    return b"BM" + struct.pack("<IHHI", offset + 4, 0, 0, offset) + info + palette + b"\0\1\0\0"


def true_color_bmp():
    """The same two pixels as a plain 32-bit BMP, whose fourth byte is reserved."""
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, 32, 0, 8, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 62, 0, 0, 54) + info + bytes([0, 0, 255, 0, 255, 0, 0, 0])


def gif():
    """A 2x1 GIF of two frames: red and blue, then blue twice (uncompressed LZW codes)."""

    def frame(*pixels):
        codes = [4, *pixels, 5]  # clear, pixels, end; 3 bits each
        bits = sum(code << (3 * i) for i, code in enumerate(codes))
        data = bits.to_bytes((3 * len(codes) + 7) // 8, "little")
        block = b"," + struct.pack("<HHHHB", 0, 0, 2, 1, 0)
        return block + b"\2" + bytes([len(data)]) + data + b"\0"

    colors = bytes([255, 0, 0, 0, 0, 255]) + bytes(6)
    screen = struct.pack("<HHBBB", 2, 1, 0b10000001, 0, 0)
    return b"GIF89a" + screen + colors + frame(0, 1) + frame(1, 1) + b";"


def prepared(data, channels, **options):
    return decoding.read(data, images.Preparation(channels, **options))


@pytest.mark.parametrize("make", [palette_png, palette_bmp, true_color_bmp, gif])
def test_palettes_and_first_frames(make):
    np.testing.assert_array_equal(prepared(make(), 3), [[[255, 0, 0], [0, 0, 255]]])
    np.testing.assert_array_equal(prepared(make(), 1), [[[76], [29]]])
    assert prepared(make(), 4).tolist() == [[[255, 0, 0, 255], [0, 0, 255, 255]]]


def test_grey_color_and_sixteen_bits():
    grey = np.array([[[0], [100]]], np.uint8)
    data = tf.io.encode_png(grey).numpy()
    np.testing.assert_array_equal(prepared(data, 1), grey)
    np.testing.assert_array_equal(prepared(data, 3), np.repeat(grey, 3, axis=2))
    deep = np.array([[[255], [100 * 256 + 200]]], np.uint16)
    np.testing.assert_array_equal(prepared(tf.io.encode_png(deep).numpy(), 1), grey)
    jpeg = tf.io.encode_jpeg(RED, quality=100).numpy()
    assert np.abs(prepared(jpeg, 3).astype(int) - RED).max() <= 3


def test_transparent_pixels_are_laid_over_white():
    pixels = np.array([[[10, 20, 30, 0], [10, 20, 30, 255], [0, 0, 0, 51]]], np.uint8)
    data = tf.io.encode_png(pixels).numpy()
    expected = [[[255, 255, 255], [10, 20, 30], [204, 204, 204]]]
    np.testing.assert_array_equal(prepared(data, 3), expected)
    np.testing.assert_array_equal(prepared(data, 4), pixels)
    veiled = tf.io.encode_png(np.array([[[0, 51]]], np.uint8)).numpy()
    np.testing.assert_array_equal(prepared(veiled, 1), [[[204]]])


def test_crops():
    ramp = np.arange(4 * 6, dtype=np.uint8).reshape(4, 6, 1)
    data = tf.io.encode_png(ramp).numpy()
    np.testing.assert_array_equal(prepared(data, 1, size=(4, 4)), ramp[:, 1:5])
    np.testing.assert_array_equal(prepared(data, 1, crop=(2, 4)), ramp[1:3, 1:5])
    np.testing.assert_array_equal(prepared(data, 1, crop=(99, 2)), ramp[:, 2:4])
    stretched = prepared(data, 1, size=(4, 4), crop="none")
    assert stretched[0, 0] < 2 and stretched[0, -1] > 3
    assert prepared(data, 1, size=(8, 3)).shape == (8, 3, 1)


def test_digits_splits_are_fixed_and_stratified():
    train, test, everything = (load_dataset("digits", split=s) for s in ("train", "test", "all"))
    assert (train.num_examples, test.num_examples, everything.num_examples) == (1437, 360, 1797)
    assert train.shape == (8, 8, 1) and train.num_classes == 10
    shares = np.bincount(test.tensors["label"]) / np.bincount(everything.tensors["label"])
    np.testing.assert_allclose(shares, 0.2, atol=0.01)
    rows = [{tuple(x.ravel()) for x in source.tensors["image"].numpy()} for source in (train, test)]
    assert not rows[0] & rows[1]


def test_digits_are_resized_and_colored():
    source = load_dataset("digits", image_size="16x12", channels=3)
    assert source.shape == (16, 12, 3)
    batch = next(iter(source.batches(32)))
    image = batch["image"].numpy()
    assert image.shape == (32, 16, 12, 3) and image.dtype == np.float32
    assert image.min() == -1.0 and 0.9 < image.max() <= 1.0
    np.testing.assert_array_equal(image[..., 0], image[..., 2])
    assert batch["label"].dtype == tf.int64


def test_digits_are_a_tfds_builder(tmp_path):
    import keras_gan.data.digits_builder  # noqa: F401

    data = tfds.load("digits", split="test", data_dir=tmp_path)
    first = next(iter(data))
    assert len(data) == 360
    assert first["image"].shape == (8, 8, 1) and first["image"].dtype == tf.uint8


@pytest.mark.parametrize(("name", "modes", "deviation"), [("ring", 8, 0.01), ("grid", 25, 0.05)])
def test_mixtures(name, modes, deviation):
    source = load_dataset(name)
    means, _ = centers(name)
    assert means.shape == (modes, 2) and len({tuple(m) for m in means.round(6)}) == modes
    assert source.shape == (2,) and source.num_examples == 100_000
    points, labels = (source.tensors[key].numpy() for key in ("image", "label"))
    distance = points - means[labels]
    assert distance.std() == pytest.approx(deviation, rel=0.01)
    np.testing.assert_allclose(np.bincount(labels) / 1e5, 1.0 / modes, atol=0.01)
    assert next(iter(source.batches(4)))["image"].shape == (4, 2)


@pytest.mark.parametrize("count", [1, 2, 7, 100])
def test_every_epoch_serves_each_example_once(count):
    positions = tf.range(3 * count, dtype=tf.int64)
    index = shuffled_index(positions, count, seed=4).numpy().reshape(3, count)
    for epoch in index:
        assert sorted(epoch) == list(range(count))
    if count == 100:
        assert not np.array_equal(index[0], index[1])
        assert not np.array_equal(index[0], shuffled_index(positions, count, seed=5)[:count])


def counting_source(count=10):
    numbers = np.arange(count, dtype=np.uint8)
    images = np.tile(numbers[:, None, None, None], (1, 2, 3, 1))
    return ArraySource("n", images, numbers, ("n",))


def test_starting_in_the_middle_serves_the_same_batches():
    source = counting_source()
    whole = list(source.batches(4, seed=1, flip=True).take(6).as_numpy_iterator())
    late = list(source.batches(4, seed=1, start=12, flip=True).take(3).as_numpy_iterator())
    for a, b in zip(whole[3:], late, strict=True):
        np.testing.assert_array_equal(a["label"], b["label"])
        np.testing.assert_array_equal(a["image"], b["image"])


def ramp(number):
    """A 2x3 image that tells its number, and whether it was mirrored."""
    return number + np.tile(np.arange(3, dtype=np.uint8)[None, :, None], (2, 1, 1))


def sources_of_each_kind(directory, count=10):
    images = np.stack([ramp(10 * number) for number in range(count)])
    yield ArraySource("a", images, np.arange(count), ("n",))
    files = [str(directory / f"{number}.png") for number in range(count)]
    for file, image in zip(files, images, strict=True):
        pathlib.Path(file).write_bytes(tf.io.encode_png(image).numpy())
    load = lambda file: np.asarray(Image.open(file.decode()))[..., np.newaxis]  # noqa: E731
    yield FileSource("f", (2, 3, 1), files, load, np.arange(count), ("n",))
    stream = lambda: tf.data.Dataset.from_tensor_slices({"image": images})  # noqa: E731
    yield StreamSource("s", (2, 3, 1), count, stream, lambda example: example)


def test_processes_share_each_batch(tmp_path):
    """The parts of all processes, one after the other, are the batch of one."""
    for source in sources_of_each_kind(tmp_path):
        kind = {"seed": 1, "start": 16, "flip": True}
        whole = list(source.batches(8, **kind).take(4).as_numpy_iterator())
        parts = [
            list(source.batches(8, **kind, share=(index, 2)).take(4).as_numpy_iterator())
            for index in range(2)
        ]
        for batch, first, second in zip(whole, *parts, strict=True):
            for key, value in batch.items():
                np.testing.assert_array_equal(value, np.concatenate([first[key], second[key]]))


def test_iterators_end_at_once(tmp_path):
    """With autotuning, an iterator's end waits for a thread that sleeps."""
    for source in sources_of_each_kind(tmp_path):
        assert source.batches(8).options().autotune.enabled is False


def test_flips_mirror_about_half():
    same = np.tile(ramp(0), (400, 1, 1, 1))
    batch = next(iter(ArraySource("r", same).batches(400, flip=True)))["image"].numpy()
    mirrored = batch[:, 0, 0, 0] > batch[:, 0, 2, 0]
    assert 150 < mirrored.sum() < 250
    np.testing.assert_array_equal(batch[mirrored][0, :, ::-1], batch[~mirrored][0])


def write_images(directory, names, shape=(5, 4, 3)):
    for number, name in enumerate(names):
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tf.io.encode_png(np.full(shape, number, np.uint8)).numpy())


@pytest.mark.parametrize("in_memory", [True, False])
def test_flat_folder(tmp_path, monkeypatch, in_memory):
    if not in_memory:
        monkeypatch.setattr("keras_gan.data.source.IN_MEMORY_BYTES", 0)
    write_images(tmp_path, [f"{i}.png" for i in range(6)])
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("not an image")
    source = load_dataset(str(tmp_path))
    assert source.shape == (5, 4, 3) and source.num_classes is None
    batch = next(iter(source.batches(6, seed=3)))
    assert list(batch) == ["image"]
    values = np.round((batch["image"].numpy()[:, 0, 0, 0] + 1) * 127.5)
    expected = shuffled_index(tf.range(6, dtype=tf.int64), 6, 3)
    np.testing.assert_array_equal(values, expected)


def test_paths_begin_at_home(tmp_path, monkeypatch):
    write_images(tmp_path, ["photos/0.png", "photos/1.png", "others/2.png"])
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_dataset("~/photos").num_examples == 2
    assert load_dataset(pathlib.Path("~/photos"), target="~/others").counts == {"a": 2, "b": 1}
    assert f"There is no folder '{tmp_path}/nothing'" in message_of("~/nothing")


@pytest.mark.parametrize("in_memory", [True, False])
def test_class_folders(tmp_path, monkeypatch, in_memory):
    if not in_memory:
        monkeypatch.setattr("keras_gan.data.source.IN_MEMORY_BYTES", 0)
    write_images(tmp_path, ["cat/0.png", "cat/deep/1.png", "dog/2.png"])
    source = load_dataset(str(tmp_path), image_size="8", channels=1)
    assert source.class_names == ("cat", "dog") and source.shape == (8, 8, 1)
    batch = next(iter(source.batches(3)))
    values = np.round((batch["image"].numpy()[:, 0, 0, 0] + 1) * 127.5).astype(int)
    assert dict(zip(values.tolist(), batch["label"].numpy().tolist(), strict=True)) == {
        0: 0, 1: 0, 2: 1
    }  # fmt: skip


def message_of(*arguments, **options):
    with pytest.raises(UserError) as error:
        load_dataset(*arguments, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_bad_folders_are_named(tmp_path):
    assert f"no images in the folder {tmp_path}" in message_of(str(tmp_path))
    write_images(tmp_path, ["a.png", "b.png"])
    assert "no splits" in message_of(str(tmp_path), split="test")
    (tmp_path / "b.png").write_bytes(tf.io.encode_png(RED).numpy())
    assert "a.png is 5x4" in (message := message_of(str(tmp_path)))
    assert "b.png is 4x6" in message and "Set --image_size" in message
    write_images(tmp_path, ["class/c.png"])
    assert "images and also folders" in message_of(str(tmp_path))
    assert "names a file" in message_of(str(tmp_path / "a.png"))
    assert "no folder" in message_of(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (["train/0.png", "val/1.png"], "--dataset={}/train."),
        (["Test/cat/0.png", "Train/cat/1.png", "Train/dog/2.png"], "--dataset={}/Train."),
        (["validation/a/0.png", "test/a/1.png"], "--dataset={}/test."),
        (
            ["testA/0.png", "testB/1.png", "trainA/2.png", "trainB/3.png"],
            "--dataset={0}/trainA --target={0}/trainB.",
        ),
    ],
)
def test_splits_are_no_classes(names, advice, tmp_path):
    write_images(tmp_path, names)
    message = message_of(str(tmp_path))
    assert f"The sub-folders of {tmp_path} are named like splits" in message
    assert f"Name the one to use, such as {advice.format(tmp_path)} " in message


def test_a_class_may_be_called_train(tmp_path):
    write_images(tmp_path, ["plane/0.png", "train/1.png"])
    assert load_dataset(str(tmp_path)).class_names == ("plane", "train")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "validation"}, "digits has the splits train, test, all"),
        ({"bit_depth": 7}, "--bit_depth must be from 8 to 16. Received: 7."),
        ({"channels": 2}, "--channels must be 1, 3 or 4. Received: 2."),
        ({"image_size": "large"}, "--image_size must be N or HEIGHTxWIDTH"),
        ({"image_size": "0"}, "--image_size must be N or HEIGHTxWIDTH"),
        ({"crop": "left"}, "--crop must be center, none, N or HEIGHTxWIDTH"),
    ],
)
def test_bad_options_are_named(options, message):
    assert message in message_of("digits", **options)


def test_mixtures_refuse_what_is_for_images():
    assert "ring has points" in message_of("ring", image_size="8")


def test_tfds_by_name():
    with tfds.testing.mock_data(num_examples=12):
        source = load_dataset("mnist")
        assert source.shape == (28, 28, 1) and source.num_examples == 12
        assert source.class_names == tuple(str(digit) for digit in range(10))
        parts = {"dataset": "mnist/3.0.1", "split": "train", "number of examples": 12}
        assert source.contents.parts == parts
        faces = load_dataset("celeb_a", image_size="32", crop="108")
        assert faces.shape == (32, 32, 3) and faces.num_classes is None
        assert "features are: " in message_of("imdb_reviews")


def test_large_tfds_are_streamed_and_start_anywhere(monkeypatch):
    monkeypatch.setattr("keras_gan.data.source.IN_MEMORY_BYTES", 0)
    with tfds.testing.mock_data(num_examples=10):
        source = load_dataset("mnist", image_size="8")
        assert source.shape == (8, 8, 1) and source.num_examples == 10
        whole = list(source.batches(4, seed=1).take(6).as_numpy_iterator())
        late = list(source.batches(4, seed=1, start=12).take(3).as_numpy_iterator())
    for a, b in zip(whole[3:], late, strict=True):
        np.testing.assert_array_equal(a["image"], b["image"])
    epoch = np.concatenate([batch["image"] for batch in whole[:5]]).reshape(2, 10, -1)
    first, second = (sorted(map(tuple, part)) for part in epoch)
    assert first == second and not np.array_equal(*epoch)


@pytest.mark.parametrize("name", ["", "mnist:9.9.9", "mnist/foo", "a:b:c", "Foo Bar"])
def test_odd_tfds_names_are_one_line(name):
    assert f"{name!r}" in message_of(name)


def test_bad_splits_are_named(tmp_path):
    import keras_gan.data.digits_builder  # noqa: F401

    tfds.builder("digits", data_dir=tmp_path).download_and_prepare()
    for split in ("train[bad]", "train[:x%]", "train+foo", "train[:0]", "train[5:2]", "dev"):
        message = digits_by_tfds(tmp_path, split)
        assert split in message


def digits_by_tfds(data_dir, split):
    from keras_gan.data import images, tfds_source

    with pytest.raises(UserError) as error:
        tfds_source.load("digits", split, data_dir, images.Preparation())
    return str(error.value)


def test_tfds_in_memory_has_every_example(tmp_path):
    from keras_gan.data import digits, images, tfds_source

    tfds.builder("digits", data_dir=tmp_path).download_and_prepare()
    source = tfds_source.load("digits", "test", tmp_path, images.Preparation())
    expected, labels = digits.arrays("test")
    received = {tuple(x.ravel()) for x in source.tensors["image"].numpy()}
    assert received == {tuple(x.ravel()) for x in expected}
    np.testing.assert_array_equal(np.bincount(source.tensors["label"].numpy()), np.bincount(labels))


def test_unknown_tfds_names_suggest_the_nearest():
    assert "There is no folder and no dataset 'mnits'. Did you mean 'mnist'?" in message_of("mnits")


def test_failed_downloads_say_what_to_do(monkeypatch, tmp_path):
    def offline(*arguments, **options):
        raise ConnectionError("no route to host")

    builder = tfds.core.DatasetBuilder
    monkeypatch.setattr(builder, "download_and_prepare", offline)
    message = message_of("mnist", data_dir=str(tmp_path))
    assert "Cannot download the dataset 'mnist' (ConnectionError: no route to host)" in message
    assert "--data_dir" in message and "--dataset=digits" in message
