"""The table of kinds in docs/images.md: each compared with Pillow's own picture."""

import io
import json
import pathlib
import re
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from keras_gan.data import decoding, images
from tests.test_images import (
    ALPHA,
    COLORS,
    OTHER,
    gamma_profile,
    stored,
    veiled,
)

ROOT = pathlib.Path(__file__).parent.parent
GREY = COLORS.convert("L")
DEEP = np.random.default_rng(1).integers(0, 65536, (6, 9), np.uint16)
SRGB = ImageCms.createProfile("sRGB")


def upright(picture):
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # Broken data.
        return picture


def reference(data):
    """Returns an image as a viewer shows it over white, RGB, by calls of Pillow alone."""
    picture = upright(Image.open(io.BytesIO(data)))
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I;16"):
        picture = Image.fromarray((np.asarray(picture) // 256).astype(np.uint8))
    if picture.mode == "P":
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if profile:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(picture, source, SRGB, outputMode="RGB")
    if picture.mode in ("La", "LA", "PA", "RGBa", "RGBA") or "transparency" in picture.info:
        picture = picture.convert("LA" if picture.mode == "La" else "RGBA").convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")


def tiff(samples, bits, photometric=1, size=(9, 6), extra=None):
    """Returns a TIFF of one strip, as its specification says; `bits` of each channel."""
    tags = {256: size[0], 257: size[1], 258: bits, 259: 1, 262: photometric, 273: 8}
    tags |= {277: len(bits), 278: size[1], 279: len(samples)}
    tags |= {338: extra} if extra else {}
    entries, body = b"", samples + bytes(len(samples) % 2)
    for tag, value in sorted(tags.items()):
        values = value if isinstance(value, tuple) else (value,)
        packed = struct.pack(f"<{len(values)}H", *values)
        if len(packed) > 4:
            place, body = 8 + len(body), body + packed
            packed = struct.pack("<I", place)
        entries += struct.pack("<HHI", tag, 3, len(values)) + packed.ljust(4, b"\0")
    head = struct.pack("<2sHI", b"II", 42, 8 + len(body))
    return head + body + struct.pack("<H", len(tags)) + entries + bytes(4)


def packed_twelve(samples):
    """Returns rows of 12-bit samples, three bytes for two, each row padded."""
    rows = []
    for row in samples:
        bits = "".join(f"{value:012b}" for value in row)
        rows.append(int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8)))
    return b"".join(rows)


def png(bits, kind, rows, transparent=b""):
    """Returns a PNG of few bits or of 16, as its specification says."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    width = len(rows[0]) * 8 // (bits * {0: 1, 2: 3}[kind])
    data = b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, len(rows), bits, kind, 0, 0, 0)
    )
    data += chunk(b"tRNS", transparent) if transparent else b""
    return (
        data
        + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows)))
        + chunk(b"IEND", b"")
    )


def bmp(bits, row, colors=b"", masks=b""):
    """Returns a BMP of one row of two pixels."""
    row += bytes(-len(row) % 4)
    used = len(colors) // 4
    compression = 3 if masks else 0
    info = struct.pack("<IiiHHIIiiII", 40, 2, 1, 1, bits, compression, len(row), 0, 0, used, 0)
    start = 54 + len(masks) + len(colors)
    head = b"BM" + struct.pack("<IHHI", start + len(row), 0, 0, start)
    return head + info + masks + colors + row


def turned(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return stored(COLORS, form, exif=exif)


def cmyk_profile():
    """Returns a profile of CMYK by a table of 16 corners, ICC.1 version 2 (lut8Type)."""
    corners = np.stack(np.meshgrid(*[[0, 1]] * 4, indexing="ij"), axis=-1).reshape(-1, 4)
    shades = (255 * (1 - corners[:, :3]) * (1 - corners[:, 3:])).astype(np.uint8) // 2 + 100
    to_lab = ImageCms.buildTransform(SRGB, ImageCms.createProfile("LAB"), "RGB", "LAB")
    lab = ImageCms.applyTransform(Image.fromarray(shades[np.newaxis]), to_lab)
    table = np.asarray(lab).tobytes()
    ramp = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    lut = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + 4 * ramp + table + 3 * ramp
    tags = {b"A2B0": lut, b"wtpt": b"XYZ " + struct.pack(">4x3i", 63190, 65536, 54061)}
    start = 128 + 4 + 12 * len(tags)
    listed, body = b"", b""
    for name, data in tags.items():
        listed += name + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    kind = (start + len(body), b"lcms", 0x02100000, b"prtr", b"CMYK", b"Lab ")
    head = struct.pack(">I4sI4s4s4s", *kind) + bytes(12) + b"acsp" + bytes(28)
    head += struct.pack(">3i", 63190, 65536, 54061) + bytes(48)
    return head + struct.pack(">I", len(tags)) + listed + body


RED_BLUE = bytes([0, 0, 255, 0, 255, 0, 0, 0])
HALF = COLORS.copy()
HALF.putalpha(ALPHA)
BITS = ALPHA.point(lambda value: 255 * (value > 99)).convert("1")
FEW = COLORS.quantize(9)
CMYK = COLORS.convert("CMYK")
LAB = ImageCms.profileToProfile(COLORS, SRGB, ImageCms.createProfile("LAB"), outputMode="LAB")
BROKEN = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + bytes(range(40))
ANIMATED = {"save_all": True, "append_images": [OTHER]}
RGB16 = DEEP.byteswap().tobytes()

# Each kind of the table: files, made by Pillow where it can write them.
KINDS = {
    "8 bits: grey or color": [
        *(stored(COLORS, form) for form in decoding.FORMATS),
        *(stored(GREY, form) for form in decoding.FORMATS),
    ],
    "1 bit": [
        *(stored(BITS, form) for form in ("PNG", "BMP", "TIFF", "PPM")),
        stored(BITS, "TIFF", compression="group4"),
        png(1, 0, [b"\x9a", b"\x21"], b"\0\1"),
    ],
    "2 or 4 bits: grey": [
        png(2, 0, [b"\x1b", b"\xc6"]),
        png(4, 0, [b"\x1f", b"\x80"]),
        tiff(b"\x1b\xc6", (2,), size=(4, 2)),
    ],
    "16 bits: grey": [stored(Image.fromarray(DEEP), form) for form in ("PNG", "TIFF", "JPEG2000")],
    "16 bits: color": [
        png(16, 2, [RGB16[:18], RGB16[18:36]]),
        tiff(DEEP.tobytes()[:36], (16, 16, 16), 2, (3, 2)),
    ],
    "a palette": [
        *(stored(FEW, form) for form in ("PNG", "GIF", "BMP", "TIFF")),
        stored(COLORS.quantize(2), "PNG"),
        stored(COLORS.quantize(16), "PNG", bits=4),
    ],
    "BMP of 1, 4, 8, 16, 24 or 32 bits": [
        bmp(1, b"\x40", RED_BLUE),
        bmp(4, b"\x01", RED_BLUE),
        bmp(8, b"\0\1", RED_BLUE),
        bmp(16, struct.pack("<2H", 0x7C00, 0x001F)),
        bmp(16, struct.pack("<2H", 0xF800, 0x001F), b"", struct.pack("<3I", 0xF800, 0x7E0, 0x1F)),
        bmp(24, bytes([0, 0, 255, 255, 0, 0])),
        bmp(32, struct.pack("<2I", 0x00FF0000, 0x000000FF)),
    ],
    "CMYK without a profile": [stored(CMYK, form) for form in ("JPEG", "TIFF")],
    "YCbCr or Lab (TIFF)": [
        stored(COLORS.convert("YCbCr"), "TIFF"),
        stored(COLORS.convert("YCbCr"), "JPEG"),
        stored(LAB, "TIFF"),
    ],
    "an ICC profile: grey, RGB or CMYK": [
        *(stored(COLORS, form, icc_profile=gamma_profile()) for form in ("PNG", "JPEG", "TIFF")),
        stored(GREY, "PNG", icc_profile=gamma_profile(b"GRAY", 1.75)),
        *(stored(CMYK, form, icc_profile=cmyk_profile()) for form in ("JPEG", "TIFF")),
    ],
    "an EXIF orientation": [
        turned(form, orientation)
        for form in ("PNG", "JPEG", "TIFF", "WEBP")
        for orientation in range(1, 9)
    ],
    "broken EXIF data": [stored(COLORS, form, exif=BROKEN) for form in ("PNG", "JPEG")],
    "an alpha channel": [
        *(stored(HALF, form) for form in ("PNG", "TIFF", "JPEG2000")),
        stored(HALF, "WEBP", lossless=True),
        stored(HALF.convert("LA"), "PNG"),
        stored(HALF.convert("LA"), "TIFF"),
        stored(HALF.convert("PA"), "TIFF"),
    ],
    "premultiplied alpha (TIFF)": [
        tiff(HALF.convert("RGBa").tobytes(), (8, 8, 8, 8), 2, extra=1),
        tiff(HALF.convert("LA").convert("La").tobytes(), (8, 8), extra=1),
    ],
    "a transparent color of grey or RGB (PNG)": [
        stored(COLORS, "PNG", transparency=COLORS.getpixel((3, 2))),
        stored(GREY, "PNG", transparency=GREY.getpixel((3, 2))),
        stored(BITS, "PNG", transparency=255),
    ],
    "transparent palette entries (PNG, GIF)": [veiled(x) for x in ("P key", "P alphas", "GIF")],
    "several frames or pages (GIF, WebP, PNG, TIFF, AVIF)": [
        *(stored(COLORS, form, **ANIMATED) for form in ("GIF", "PNG", "TIFF", "AVIF")),
        stored(COLORS, "WEBP", lossless=True, **ANIMATED),
    ],
}
# Kinds of which Pillow's picture is not a viewer's: what is stored, and what must be.
EXACT = {
    "12 bits: grey TIFF": [(tiff(packed_twelve(DEEP >> 4), (12,)), DEEP >> 8)],
    "white stored as 0 (TIFF)": [
        (tiff(GREY.tobytes(), (8,), 0), 255 - np.asarray(GREY)),
        (tiff(DEEP.tobytes(), (16,), 0), (65535 - DEEP) >> 8),
    ],
    "a transparent color of grey or RGB (PNG)": [
        (png(2, 0, [b"\x1b"], b"\0\1"), [[0, 255, 170, 255]]),
        (png(4, 0, [b"\x1f"], b"\0\1"), [[255, 255]]),
        (stored(Image.fromarray(DEEP), "PNG", transparency=int(DEEP[2, 3])),
         np.where(DEEP == DEEP[2, 3], 255, DEEP >> 8)),
        (png(16, 2, [RGB16[:12]], RGB16[:6]), [[[255] * 3, [x >> 8 for x in DEEP[0, 3:6]]]]),
    ],
}  # fmt: skip


def test_every_kind_of_the_table_is_tested():
    table = (ROOT / "docs/images.md").read_text().split("| kind of image | becomes |")[1]
    listed = re.findall(r"^\| (?!-)([^|]+) \|", table.split("\n\n")[0], re.MULTILINE)
    assert listed and set(listed) == {*KINDS, *EXACT}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_picture_of_pillow(kind):
    for data in KINDS[kind]:
        with decoding.quiet():
            received = decoding.read(data, images.Preparation(3)).astype(int)
            expected = np.asarray(reference(data), int)
        np.testing.assert_allclose(received, expected, atol=1, rtol=0)
        assert expected.std() > 20  # Something is to be seen.


@pytest.mark.parametrize("kind", EXACT)
def test_it_is_what_a_viewer_shows(kind):
    for data, expected in EXACT[kind]:
        received = decoding.read(data, images.Preparation(3))
        expected = np.asarray(expected)
        expected = expected if expected.ndim == 3 else np.dstack([expected] * 3)
        np.testing.assert_array_equal(received, expected)


def test_a_profile_of_cmyk_is_used():
    data = stored(CMYK, "TIFF", icc_profile=cmyk_profile())
    plain = np.asarray(CMYK.convert("RGB"), int)
    assert np.abs(decoding.read(data, images.Preparation(3)) - plain).mean() > 30


def test_a_linear_profile_is_no_srgb_whatever_its_name():
    """GIMP calls one "Linear sRGB"."""
    named = gamma_profile().replace(b"Other", b"sRGB\0")
    assert named != gamma_profile()
    received = decoding.read(stored(COLORS, "PNG", icc_profile=named), images.Preparation(3))
    assert np.abs(received - np.asarray(COLORS, int)).max() > 50


def test_rows_that_are_missing_are_no_black_rows():
    whole = tiff(GREY.tobytes(), (8,))
    with Image.open(io.BytesIO(whole)) as picture:
        assert picture.size == (9, 6)
    higher = whole.replace(struct.pack("<HHII", 257, 3, 1, 6), struct.pack("<HHII", 257, 3, 1, 60))
    with pytest.raises(decoding.BadImageError, match="truncated"):
        decoding.read(higher, images.Preparation(3))


def test_mutated_files_become_pictures_or_are_refused(tmp_path):
    """In a process of its own, which must live."""
    result = tmp_path / "result"
    command = [sys.executable, "-m", "tests.fuzz_images", "150", str(result)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, f"{result.read_text()}: {ended.stderr[-2000:]}"
    numbers = json.loads(result.read_text())
    assert set(numbers) == set(decoding.FORMATS)
    for good, bad in numbers.values():
        assert good > 5 and bad > 5


def png_with(chunks):
    """Returns a good PNG with bytes before its end."""
    whole = stored(COLORS, "PNG")
    return whole[:-12] + chunks + whole[-12:]


COMMENT = b"\xff\xfe\x00\x02"
EXIF = b"\xff\xe1" + struct.pack(">H", 8) + b"Exif\0\0"
ENDLESS = {
    "chunks of a PNG": png_with(200_000 * struct.pack(">I4sI", 0, b"prVt", 0xA5C3D0A6)),
    "comments of a JPEG": b"\xff\xd8" + 200_000 * COMMENT + stored(COLORS, "JPEG")[2:],
    "EXIF parts of a JPEG": b"\xff\xd8" + 99 * EXIF + stored(COLORS, "JPEG")[2:],
    "comments of a GIF": stored(FEW, "GIF")[:13] + 200_000 * b"!\xfe\1a\0",
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_files_of_very_many_parts_are_refused(kind):
    with pytest.raises(decoding.BadImageError, match="it has (too many|more than 64) parts"):
        decoding.read(ENDLESS[kind], images.Preparation(3))


def test_many_frames_cost_nothing():
    """Half a million frames, of which the first is taken: none of the others is read."""
    whole = stored(FEW, "GIF")
    frame = whole[whole.rindex(b",\0\0\0\0") : -1]
    started = time.process_time()
    read = decoding.read(whole[:-1] + 500_000 * frame + b";", images.Preparation(3))
    assert time.process_time() - started < 1.0
    np.testing.assert_array_equal(read, FEW.convert("RGB"))


def test_samples_with_a_sign_are_refused():
    data = tiff(DEEP.tobytes(), (16,))
    signed = data.replace(struct.pack("<HHII", 277, 3, 1, 1), struct.pack("<HHII", 339, 3, 1, 2))
    assert signed != data
    with pytest.raises(decoding.BadImageError, match="are signed, expected 8 or 16 bits"):
        decoding.read(signed, images.Preparation(3))
