"""Kinds of image files, each compared with Pillow's own picture: the table of docs/images.md."""

import io
import pathlib
import re
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from keras_gan.data import decoding, folder, images, load_dataset
from keras_gan.data.decoding import BadImageError

ROOT = pathlib.Path(__file__).parent.parent
SIZE = (9, 6)
COLORS = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8))
OTHER = COLORS.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
ALPHA = Image.fromarray(np.arange(54, dtype=np.uint8).reshape(6, 9) * 4)


def stored(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def read(data, channels=None, **options):
    return decoding.read(data, images.Preparation(channels, **options))


def check(data, expected, channels=3, atol=0):
    received = read(data, channels).squeeze()
    np.testing.assert_allclose(received.astype(int), np.asarray(expected), atol=atol, rtol=0)


def over_white(picture):
    """Pillow's own blending, which rounds otherwise by one."""
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def test_the_document_lists_the_endings():
    listed = re.findall(r"`(\.\w+)`", (ROOT / "docs/images.md").read_text().split("| an image")[0])
    assert tuple(listed) == folder.EXTENSIONS


@pytest.mark.parametrize("ending", folder.EXTENSIONS)
def test_each_ending_is_read(ending, tmp_path):
    COLORS.convert("1" if ending == ".pbm" else "RGB").save(tmp_path / f"a{ending}")
    source = load_dataset(str(tmp_path))
    with Image.open(tmp_path / f"a{ending}") as picture:
        np.testing.assert_array_equal(source.tensors["image"][0], picture.convert("RGB"))


def test_the_content_decides(tmp_path):
    (tmp_path / "a.jpg").write_bytes(stored(COLORS, "PNG"))
    np.testing.assert_array_equal(load_dataset(str(tmp_path)).tensors["image"][0], COLORS)


@pytest.mark.parametrize(
    ("form", "options"),
    [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("TIFF", {}), ("AVIF", {})],
)
def test_the_first_frame_is_taken(form, options):
    data = stored(COLORS, form, save_all=True, append_images=[OTHER], **options)
    picture = Image.open(io.BytesIO(data))
    assert picture.n_frames == 2
    check(data, picture.convert("RGB"))
    assert np.abs(np.asarray(picture.convert("RGB")) - np.asarray(OTHER, int)).mean() > 40


TURNED = (
    None, "FLIP_LEFT_RIGHT", "ROTATE_180", "FLIP_TOP_BOTTOM", "TRANSPOSE", "ROTATE_270",
    "TRANSVERSE", "ROTATE_90",
)  # fmt: skip


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "WEBP", "TIFF"])
def test_orientation_is_applied(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}
    turn = TURNED[orientation - 1]
    expected = COLORS.transpose(Image.Transpose[turn]) if turn else COLORS
    check(stored(COLORS, form, exif=exif, **options), expected)


def test_sixteen_bits_are_turned_upright_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    deep = np.arange(54, dtype=np.uint16).reshape(6, 9) * 1200
    check(stored(Image.fromarray(deep), "PNG", exif=exif), np.rot90(deep >> 8, -1), 1)


def test_broken_exif_is_passed_over(tmp_path):
    broken = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(range(40))
    (tmp_path / "a.png").write_bytes(stored(COLORS, "PNG", exif=broken))
    (tmp_path / "b.jpg").write_bytes(stored(COLORS, "JPEG", exif=broken))
    found = load_dataset(str(tmp_path)).tensors["image"]
    np.testing.assert_array_equal(found[0], COLORS)
    check(stored(COLORS, "JPEG"), found[1])


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def gamma_profile(color=b"RGB ", gamma=1.0):
    """A profile of sRGB's primaries, or of grey, with another gamma; ICC.1 version 2."""
    curve = b"curv" + struct.pack(">4xIH", 1, round(gamma * 256)) + bytes(2)
    triples = {
        b"wtpt": (0.9642, 1.0, 0.8249), b"rXYZ": (0.4361, 0.2225, 0.0139),
        b"gXYZ": (0.3851, 0.7169, 0.0971), b"bXYZ": (0.1431, 0.0606, 0.7141),
    }  # fmt: skip
    tags = {
        name: b"XYZ " + bytes(4) + struct.pack(">3i", *(round(x * 65536) for x in xyz))
        for name, xyz in triples.items()
        if name == b"wtpt" or color == b"RGB "
    }
    tags |= {
        name: curve for name in ((b"rTRC", b"gTRC", b"bTRC") if color == b"RGB " else [b"kTRC"])
    }
    tags[b"desc"] = b"desc" + struct.pack(">4xI", 5) + b"Other" + bytes(80)
    table, body, start = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s", start + len(body), b"lcms", 0x02100000, b"mntr", color, b"XYZ "
    )
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


def to_srgb(values, gamma=1.0):
    shares = (np.asarray(values) / 255.0) ** gamma
    curved = np.where(shares <= 0.0031308, 12.92 * shares, 1.055 * shares ** (1 / 2.4) - 0.055)
    return 255.0 * curved


@pytest.mark.parametrize("form", ["PNG", "TIFF", "WEBP"])
def test_profiles_are_brought_to_srgb(form):
    options = {"lossless": True} if form == "WEBP" else {}
    data = stored(COLORS, form, icc_profile=gamma_profile(), **options)
    check(data, to_srgb(COLORS), atol=1.6)
    assert np.abs(read(data, 3) - np.asarray(COLORS, int)).max() > 50


def test_profiles_leave_alpha_and_go_with_palettes_and_grey():
    veiled = COLORS.copy()
    veiled.putalpha(ALPHA)
    expected = np.dstack([to_srgb(COLORS), ALPHA])
    check(stored(veiled, "PNG", icc_profile=gamma_profile()), expected, 4, atol=1.6)
    few = COLORS.quantize(8)
    expected = to_srgb(few.convert("RGB"))
    check(stored(few, "PNG", icc_profile=gamma_profile()), expected, atol=1.6)
    grey = gamma_profile(b"GRAY", 1.75)
    check(stored(ALPHA, "PNG", icc_profile=grey), to_srgb(ALPHA, 1.75), 1, atol=2)
    both = Image.merge("LA", [ALPHA, ALPHA])
    expected = np.dstack([*[to_srgb(ALPHA, 1.75)] * 3, ALPHA])
    check(stored(both, "PNG", icc_profile=grey), expected, 4, atol=2)


@pytest.mark.parametrize("profile", [b"broken", gamma_profile(b"GRAY"), SRGB])
def test_profiles_that_are_broken_of_another_kind_or_srgb_change_nothing(profile):
    check(stored(COLORS, "PNG", icc_profile=profile), COLORS)


@pytest.mark.parametrize("form", ["JPEG", "TIFF"])
def test_cmyk_is_that_of_pillow(form):
    data = stored(COLORS.convert("CMYK"), form)
    check(data, Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(read(data, 3) - np.asarray(COLORS, int)).mean() < 60


@pytest.mark.parametrize(("form", "colors"), [("PNG", 2), ("PNG", 9), ("GIF", 9), ("BMP", 9)])
def test_palettes(form, colors):
    few = COLORS.quantize(colors)
    check(stored(few, form), few.convert("RGB"))


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF", "PPM"])
def test_one_bit(form):
    bits = ALPHA.point(lambda value: 255 * (value > 99)).convert("1")
    check(stored(bits, form), bits.convert("RGB"))
    assert set(np.unique(read(stored(bits, form), 1))) == {0, 255}


@pytest.mark.parametrize("form", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_keep_their_high_bytes(form):
    deep = np.random.default_rng(1).integers(0, 65536, (6, 9), np.uint16)
    check(stored(Image.fromarray(deep), form), np.dstack([deep >> 8] * 3))


def test_transparent_grey_of_sixteen_bits():
    deep = np.arange(54, dtype=np.uint16).reshape(6, 9) * 1000
    data = stored(Image.fromarray(deep), "PNG", transparency=7000)
    expected = np.where(deep == 7000, 255, deep >> 8)
    check(data, expected, 1)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_thirty_two_bits_are_refused(mode):
    with pytest.raises(BadImageError, match="32 bits, expected 8 or 16"):
        read(stored(Image.new(mode, SIZE), "TIFF"), 3)


def veiled(kind):
    few = COLORS.quantize(8)
    if kind == "RGBA":
        picture = COLORS.copy()
        picture.putalpha(ALPHA)
        return stored(picture, "PNG")
    if kind == "LA":
        return stored(Image.merge("LA", [COLORS.convert("L"), ALPHA]), "PNG")
    if kind == "RGB key":
        return stored(COLORS, "PNG", transparency=COLORS.getpixel((3, 2)))
    if kind == "L key":
        return stored(ALPHA, "PNG", transparency=40)
    if kind == "P key":
        return stored(few, "PNG", transparency=few.getpixel((3, 2)))
    if kind == "P alphas":
        return stored(few, "PNG", transparency=bytes(range(0, 240, 30)))
    return stored(few, "GIF", transparency=few.getpixel((3, 2)))


@pytest.mark.parametrize("kind", ["RGBA", "LA", "RGB key", "L key", "P key", "P alphas", "GIF"])
def test_transparency_is_laid_over_white(kind):
    data = veiled(kind)
    picture = Image.open(io.BytesIO(data))
    check(data, over_white(picture), atol=1)
    rgba = picture.convert("RGBA")
    check(data, rgba, 4)
    assert np.asarray(rgba)[..., 3].min() < 255


def test_luminance_is_that_of_pillow():
    check(stored(COLORS, "PNG"), COLORS.convert("L"), 1, atol=1)


BMPS = {
    "16 bits": (16, 0, [0x7C00, 0x001F], "<2H"),
    "24 bits": (24, 0, [0, 0, 255, 255, 0, 0], "<6B"),
    "32 bits": (32, 0, [0x00FF0000, 0x000000FF], "<2I"),
}


@pytest.mark.parametrize("kind", BMPS)
def test_bmp_without_a_palette(kind):
    """Red and blue; the fourth byte of 32 bits is reserved and no alpha."""
    bits, compression, values, layout = BMPS[kind]
    row = struct.pack(layout, *values)
    row += bytes(-len(row) % 4)
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, bits, compression, len(row), 0, 0, 0, 0)
    data = b"BM" + struct.pack("<IHHI", 54 + len(row), 0, 0, 54) + info + row
    assert read(data, 4).tolist() == [[[255, 0, 0, 255], [0, 0, 255, 255]]]


@pytest.mark.parametrize("bits", [1, 4])
def test_bmp_with_a_small_palette(bits):
    row = bytes([0b01 << 6 if bits == 1 else 0x01]) + bytes(3)
    palette = bytes([0, 0, 255, 0, 255, 0, 0, 0])
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, bits, 0, 4, 0, 0, 2, 0)
    data = b"BM" + struct.pack("<IHHI", 66, 0, 0, 62) + info + palette + row
    assert read(data, 3).tolist() == [[[255, 0, 0], [0, 0, 255]]]
