"""Files of a folder that cannot be used: named before training, or left out and counted."""

import io
import os
import struct
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_gan.data import decoding, images, load_dataset, scan
from keras_gan.data.source import shuffled_index
from keras_gan.errors import UserError


def encoded(form, size=(7, 5), mode="RGB", **options):
    file = io.BytesIO()
    Image.new(mode, size).save(file, form, **options)
    return file.getvalue()


GOOD = encoded("PNG")
CUT = GOOD[:-24]  # In the middle of the pixels.
PNG_START = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IHDR")


def big_png(width, height):
    """A PNG of a few kilobytes that stands for many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    checksum = struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return PNG_START + header + checksum + struct.pack(">I4s", 3000, b"IDAT") + bytes(3000)


def big_gif(frames):
    """A GIF of one pixel with frames of 10,000 x 10,000."""
    frame = b"," + struct.pack("<HHHHB", 0, 0, 10_000, 10_000, 0) + b"\x08\x01\x00\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + frame * frames + b";"


def big_webp(side):
    """A small animation whose canvas is said to be large."""
    frames = [Image.new("RGB", (7, 5), color) for color in ("red", "blue")]
    data = encoded("WEBP", save_all=True, append_images=frames, duration=9)
    assert data[12:16] == b"VP8X"
    return data[:24] + 2 * (side - 1).to_bytes(3, "little") + data[30:]


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "a.png").write_bytes(GOOD)
    return folder


def message_of(folder, **options):
    with pytest.raises(UserError) as error:
        load_dataset(str(folder), **options)
    assert "\n" not in str(error.value)
    return str(error.value)


BAD = {
    "cut.png": (CUT, ""),
    "text.png": (b"no image at all", "it is no PNG, JPEG, BMP, GIF, WebP or TIFF file"),
    "eps.png": (encoded("EPS"), "it is no PNG, JPEG, BMP, GIF, WebP or TIFF file"),
    "cut.tif": (encoded("TIFF")[:-20], "image file is truncated"),
    "numbers.tif": (encoded("TIFF", mode="F"), "its samples have 32 bits, expected 8 or 16"),
    "empty.jpg": (b"", "it is empty"),
    "head.jpg": (encoded("JPEG")[:20], "it is no PNG, "),
    "broken.jpg": (b"\xff\xd8\xff\xe0\x00\x00", "it is no PNG, "),
    "bomb.png": (big_png(100_000, 100_000), "it has 10,000,000,000 pixels, more than 89,478,485"),
    "bomb.gif": (big_gif(4), "it has 100,000,000 pixels, more than 89,478,485"),
    "bomb.bmp": (
        b"BM" + struct.pack("<12xIiiHH", 40, 30_000, -30_000, 1, 24) + bytes(40),
        "it has 900,000,000 pixels",
    ),
    "bomb.webp": (
        big_webp(10_000),
        "it has 100,000,000 pixels",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_named(name, photos):
    data, reason = BAD[name]
    (photos / name).write_bytes(data)
    message = message_of(photos, image_size="8")
    assert message.startswith(f"Cannot use 1 of 2 images in {photos}: {photos / name} ({reason}")
    assert message.endswith("or leave them out with --on_bad_image=skip.")


def reason_of(path):
    """Returns why a file is bad before it is decoded, or `None`."""
    try:
        scan._check(str(path), str(path.parent))
        with open(path, "rb") as file, decoding.opened(file):
            return None
    except decoding.BadImageError as error:
        return str(error)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_the_largest_allowed_image_passes_the_header_check(factor, tmp_path):
    """Beyond the limit Pillow warns, beyond twice it refuses."""
    with warnings.catch_warnings(action="ignore"):
        for extra in (0, 1):
            pixels = decoding.MAX_PIXELS * factor + extra
            (tmp_path / "x.png").write_bytes(big_png(pixels, 1))
            reason = f"it has {pixels:,} pixels, more than 89,478,485"
            assert reason_of(tmp_path / "x.png") == (reason if pixels > 89_478_485 else None)


def test_files_larger_than_any_image_are_not_read(tmp_path):
    with open(tmp_path / "x.png", "wb") as file:
        file.write(big_png(10, 10))
        file.truncate(8 * decoding.MAX_PIXELS + 1)  # A hole: it takes no space.
    assert reason_of(tmp_path / "x.png").startswith("it is too large, 715,827,881 bytes")


def test_hidden_files_and_folders_are_passed_over_and_others_counted(tmp_path, capsys):
    for name in ("cat/a.png", "cat/.thumbnails/a.png", "cat/.b.png", "cat/deep/c.png", "cat/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(GOOD)
    assert load_dataset(str(tmp_path)).num_examples == 2
    assert "passing over 1 files" in capsys.readouterr().out


def test_folders_that_cannot_be_read_are_named(photos, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    assert f"Cannot read the folder {photos}: Permission denied" in message_of(photos)


def test_names_of_any_bytes_work(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"a\xff.png")
    with open(path, "wb") as file:
        file.write(GOOD)
    assert load_dataset(str(tmp_path)).num_examples == 1
    with open(path, "wb") as file:
        file.write(b"")
    assert "a\\udcff.png' (it is empty)" in message_of(tmp_path)


def test_links_out_of_the_folder_are_refused(photos, tmp_path):
    (tmp_path / "secret.png").write_bytes(GOOD)
    (photos / "inside.png").symlink_to(photos / "a.png")
    assert load_dataset(str(photos)).num_examples == 2
    (tmp_path / "link").symlink_to(photos)  # The folder itself may be a link.
    assert load_dataset(str(tmp_path / "link")).num_examples == 2
    (photos / "outside.png").symlink_to(tmp_path / "secret.png")
    assert f"{photos}/outside.png (a symbolic link leads out of the folder;" in message_of(photos)


@pytest.mark.parametrize("link", ["photos/class", "photos/class/deep"])
def test_linked_class_folders_are_not_gone_into(link, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.png").write_bytes(GOOD)
    (tmp_path / link).parent.mkdir(parents=True)
    (tmp_path / link).symlink_to(tmp_path / "elsewhere")
    assert "a symbolic link leads out of the folder" in message_of(tmp_path / "photos")


def test_what_is_no_file_or_cannot_be_read_is_named(photos):
    (photos / "gone.png").symlink_to(photos / "nothing.png")
    assert "gone.png (No such file or directory" in message_of(photos)
    (photos / "gone.png").unlink()
    os.mkfifo(photos / "pipe.png")
    assert "pipe.png (it is not a file" in message_of(photos)


def test_unreadable_files_are_named(photos, monkeypatch):
    """A file of another user; root may read those, so this one refuses to be opened."""
    real = open

    def refuse(path, *args, **kwargs):
        if str(path).endswith("locked.png"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **kwargs)

    (photos / "locked.png").write_bytes(GOOD)
    monkeypatch.setattr("builtins.open", refuse)
    assert "locked.png (Permission denied" in message_of(photos)


@pytest.mark.parametrize("in_memory", [True, False])
def test_skipping_leaves_out_up_to_one_percent(in_memory, tmp_path, monkeypatch, capsys):
    if not in_memory:
        monkeypatch.setattr("keras_gan.data.source.IN_MEMORY_BYTES", 0)
    for number in range(200):
        path = tmp_path / ("cat" if number < 100 else "dog") / f"{number:03d}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(tf.io.encode_png(np.full((2, 2, 3), number, np.uint8)).numpy())
    (tmp_path / "cat" / "007.png").write_bytes(CUT)  # Found when it is decoded.
    (tmp_path / "dog" / "150.png").write_bytes(b"")  # Found before.
    source = load_dataset(str(tmp_path), on_bad_image="skip")
    warning = capsys.readouterr().err
    assert f"Warning: left out 2 of 200 images in {tmp_path}: " in warning
    assert "007.png (" in warning and "150.png (it is empty)" in warning
    assert source.num_examples == 198
    batch = next(iter(source.batches(198)))
    values = np.round((batch["image"].numpy()[:, 0, 0, 0] + 1) * 127.5).astype(int)
    assert sorted(values) == [n for n in range(200) if n not in (7, 150)]
    np.testing.assert_array_equal(batch["label"], values >= 100)

    (tmp_path / "dog" / "151.png").write_bytes(b"")
    message = message_of(tmp_path, on_bad_image="skip")
    assert message.startswith(f"Cannot use 3 of 200 images in {tmp_path}: {tmp_path}/cat/007.png (")
    assert "more than the 1 %" in message
    assert "Cannot use 3 of 200 images" in message_of(tmp_path)


def noise(seed, shape=(6, 6, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def write_many(folder, count=100):
    """Writes images of noise, most of which need no preparation, of several batches."""
    special = {
        3: ("RGBA", "PNG"), 20: ("L", "PNG"), 40: ("P", "BMP"), 70: ("P", "PNG"), 90: ("RGB", "BMP")
    }  # fmt: skip
    for number in range(count):
        mode, form = special.get(number, ("RGB", "PNG"))
        picture = Image.fromarray(noise(number)).convert(mode)
        picture.save(folder / f"{number:03d}.png", form)  # Decoders go by the content.


def alone(path, **options):
    return decoding.read(path.read_bytes(), images.Preparation(3, **options))


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.parametrize("bad", [[], [0], [50], [0, 99]])
@pytest.mark.parametrize("size", [None, "6", "4"])
def test_images_are_the_same_by_the_batch_as_alone(size, bad, in_memory, tmp_path, monkeypatch):
    """To the last bit, whether they need preparation or not."""
    if not in_memory:
        monkeypatch.setattr("keras_gan.data.source.IN_MEMORY_BYTES", 0)
    monkeypatch.setattr("keras_gan.data.scan._TOLERATED", 0.1)
    write_many(tmp_path)
    for number in bad:
        (tmp_path / f"{number:03d}.png").write_bytes(CUT)
    source = load_dataset(str(tmp_path), image_size=size, on_bad_image="skip")
    options = {"size": size and (int(size),) * 2}
    good = [path for path in sorted(tmp_path.iterdir()) if int(path.stem) not in bad]
    expected = np.stack([alone(path, **options) for path in good])
    order = shuffled_index(tf.range(len(good), dtype=tf.int64), len(good), 0)
    batch = next(iter(source.batches(len(good))))["image"].numpy()
    np.testing.assert_array_equal(batch, (expected[order] / np.float32(127.5) - 1.0))


def in_channels(image, channels):
    color, alpha = image, np.full((6, 6, 1), 255.0)
    if channels is None:
        return image
    if image.shape[2] in (2, 4):
        color, alpha = image[..., :-1], image[..., -1:]
    color = np.broadcast_to(color, (6, 6, 3))
    if channels == 4:
        return np.concatenate([color, alpha], axis=2)
    color = color * (alpha / 255.0) + (255.0 - alpha)
    return color if channels == 3 else color @ np.array([[0.299], [0.587], [0.114]])


@pytest.mark.parametrize("size", [(6, 6), (4, 6), (9, 5), None])
@pytest.mark.parametrize("crop", ["center", "none", (6, 6), (9, 6), (5, 9)])
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
@pytest.mark.parametrize("channels", [None, 1, 3, 4])
def test_preparation_is_that_of_tensorflow(size, crop, mode, channels):
    """Crops are the same pixels; of resized values those about halfway may round otherwise."""
    stored = noise(0, (6, 6, len(mode)))
    prepared = images.Preparation(channels, size, crop)(Image.fromarray(stored.squeeze(), mode))
    expected = in_channels(stored.astype(np.float64), channels)
    height, width = crop if isinstance(crop, tuple) else (6, 6)
    if crop == "center" and size:
        height, width = {(6, 6): (6, 6), (4, 6): (4, 6), (9, 5): (6, 3)}[size]
    expected = tf.image.resize_with_crop_or_pad(expected, min(height, 6), min(width, 6))
    if size:
        expected = tf.image.resize(expected, size, "bicubic", antialias=True)
    expected = np.clip(expected, 0.0, 255.0)
    assert prepared.dtype == np.uint8 and prepared.shape == expected.shape
    np.testing.assert_allclose(prepared, expected, atol=0.501)


def test_many_bad_files_are_named_and_sizes_compared_in_order(tmp_path):
    write_many(tmp_path)
    for number in (5, 80):
        (tmp_path / f"{number:03d}.png").write_bytes(CUT)
    message = message_of(tmp_path)
    assert message.startswith("Cannot use 2 of 100 images") and "005.png (" in message
    assert "080.png (" in message
    (tmp_path / "000.png").write_bytes(CUT)
    for number in (60, 85):
        Image.new("RGB", (7, 5)).save(tmp_path / f"{number:03d}.png")
    sizes = f"{tmp_path}/001.png is 6x6, {tmp_path}/060.png is 5x7. Set --image_size."
    assert sizes in message_of(tmp_path)


@pytest.mark.parametrize(("most", "limit"), [(1, 35), (2, 36)])
def test_large_images_are_decoded_one_at_a_time(most, limit, tmp_path, monkeypatch):
    active, seen, real = [], [], decoding.decode

    def decode(picture, depth):
        active.append(picture)
        time.sleep(0.002)
        seen.append(len(active))
        active.remove(picture)
        return real(picture, depth)

    write_many(tmp_path)
    pool = ThreadPoolExecutor(2)
    monkeypatch.setattr("keras_gan.data.scan._LARGE_PIXELS", limit)
    monkeypatch.setattr(decoding, "decode", decode)
    monkeypatch.setattr("keras_gan.data.threads.count", lambda: 2)
    monkeypatch.setattr("keras_gan.data.threads._pool", lambda: pool)
    assert load_dataset(str(tmp_path)).num_examples == 100
    assert max(seen) == most


@pytest.mark.parametrize("live", [False, True])
def test_progress_on_a_terminal_and_in_a_log_file(live, monkeypatch):
    stream, now = io.StringIO(), [0.0]
    stream.isatty = lambda: live
    monkeypatch.setattr(scan.sys, "stdout", stream)
    monkeypatch.setattr(scan.time, "monotonic", lambda: now[0])
    few, many = scan._Progress(9_999), scan._Progress(20_000)
    for number in range(1, 20_001):
        now[0] += 0.001
        few.update(min(number, 9_999))
        many.update(number)
    if live:
        assert stream.getvalue().count("\r") == 40 and stream.getvalue().count("\n") == 1
    else:
        lines = stream.getvalue().splitlines()
        assert len(lines) in (2, 3) and lines[-1] == "Looked at 20,000 of 20,000 images"
        assert stream.getvalue().isascii() and "\x1b" not in stream.getvalue()
