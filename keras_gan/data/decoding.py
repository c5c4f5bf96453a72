"""Reads image files with Pillow."""

import contextlib
import io
import os
import re
import warnings
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from keras_gan.data import bit_depth
from keras_gan.data.colors import to_srgb
from keras_gan.errors import first_line

MAX_PIXELS = 89_478_485  # A quarter of 1 GiB of RGB, the limit that Pillow warns at.
# Not all of Pillow's: to read EPS it runs another program, and TGA has no mark to know it by.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM")
_COMMON = "PNG, JPEG, BMP, GIF, WebP or TIFF"
_MOST_READS = 100_000  # And one a kilobyte; a PNG in parts of 8 KiB takes half of that.
_MOST_EXIF = 64  # Parts of EXIF data in a JPEG, which Pillow joins in quadratic time.
_LENGTH, _BITS_PER_SAMPLE, _PHOTOMETRIC = 257, 258, 262  # Tags of TIFF.
_WHITE_IS_ZERO = 0


class BadImageError(ValueError):
    """Why a file cannot be used as an image."""


class Decoded(NamedTuple):
    """A decoded image.

    Attributes:
        picture: `PIL.Image.Image` of mode L, LA, RGB or RGBA: the first frame, upright, in sRGB.
        largest: Its largest sample, 0 to 65535, if it has 16 bits a sample, otherwise `None`.
    """

    picture: Image.Image
    largest: int | None


@contextlib.contextmanager
def quiet():
    """Silences Pillow, which warns of oddities that do no harm, such as broken EXIF data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def opened(file):
    """Opens an image without decoding it; closes it at the end.

    Args:
        file: Binary file object.

    Yields:
        `PIL.Image.Image`, of at most `MAX_PIXELS` pixels.

    Raises:
        BadImageError: If the file is no image, too large or has too many parts, or
            something fails while the image is used.
    """
    try:
        _refuse_split_exif(file)
        with Image.open(_Metered(file), formats=FORMATS) as picture:
            _refuse_many(picture.width * picture.height)
            yield picture
    except BadImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        _refuse_many(int(re.search(r"\d+", str(error))[0]))
        raise BadImageError(first_line(error)) from None  # Somebody changed Pillow's limit.
    except UnidentifiedImageError:
        reason = f"it is no {_COMMON} file, or its header is broken"
        raise BadImageError(reason) from None
    except Exception as error:  # Pillow's readers raise many kinds.
        raise BadImageError(first_line(error).rstrip(".") or type(error).__name__) from None


def _refuse_many(pixels):
    if pixels > MAX_PIXELS:
        raise BadImageError(f"it has {pixels:,} pixels, more than {MAX_PIXELS:,}")


def _refuse_split_exif(file):
    if file.read(2) == b"\xff\xd8" and file.read().count(b"Exif\0\0") > _MOST_EXIF:
        raise BadImageError(f"it has more than {_MOST_EXIF} parts of EXIF data")
    file.seek(0)


class _Metered:
    """A file that refuses to be read in millions of parts, such as comments of no length."""

    def __init__(self, file):
        self._file = file
        self._left = _MOST_READS + file.seek(0, os.SEEK_END) // 1024
        file.seek(0)

    def read(self, *size):
        self._left -= 1
        if self._left < 0:
            raise BadImageError("it has too many parts, such as frames or comments")
        return self._file.read(*size)

    def __getattr__(self, name):
        return getattr(self._file, name)


def decode(picture, depth=None):
    """Decodes the first frame of an opened image, upright, 8 bits a sample, in sRGB.

    Args:
        picture: `PIL.Image.Image` as `opened` yields it.
        depth: Bits that the samples of a 16-bit image use, 8 to 16, or `None` for 16.

    Returns:
        `Decoded`.

    Raises:
        Exception: Whatever Pillow raises; see `opened`.
    """
    layout = _layout(picture)
    if picture.format == "TIFF" and picture.tile:  # Pillow leaves rows without data black.
        if max(tile.extents[3] for tile in picture.tile) < picture.tag_v2[_LENGTH]:
            raise BadImageError("image file is truncated")
    picture.load()
    with contextlib.suppress(Exception):  # Broken EXIF does not spoil the pixels.
        ImageOps.exif_transpose(picture, in_place=True)
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I;16") or (picture.mode == "I" and picture.format == "PPM"):
        samples = _samples(picture)
        grey = _grey(samples, picture.info.get("transparency"), depth or 16)
        return Decoded(to_srgb(grey, profile), int(samples.max()))
    if picture.mode in ("I", "F"):
        received = "are signed" if layout in ("I;16S", "I;16BS") else "have 32 bits"
        raise BadImageError(f"its samples {received}, expected 8 or 16 bits without a sign")
    largest = _largest_color(picture) if ";16" in layout else None
    if largest is not None and (depth or 16) < 16:
        raise BadImageError(
            f"its colors have 16 bits and use only {depth} of them, of which Pillow keeps "
            f"{depth - 8}; convert it to 8 bits, or take it as it is by --bit_depth=16"
        )
    return Decoded(to_srgb(_to_eight_bits(picture, layout), profile), largest)


def read(data, preparation, depth=None):
    """Decodes and prepares the bytes of a file.

    Args:
        data: Bytes.
        preparation: `images.Preparation`.
        depth: Bits that the samples of 16-bit images use; see `decode`.

    Returns:
        uint8 array [height, width, channels].

    Raises:
        BadImageError: If they are no image that can be used.
    """
    with opened(io.BytesIO(data)) as picture:
        return preparation(decode(picture, depth).picture)


def _layout(picture):
    """Returns Pillow's name of how samples are stored, such as RGB;16B, or an empty text."""
    arguments = picture.tile[0].args if picture.tile else ""
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _samples(picture):
    """Returns the samples of a grey image of 12 or 16 bits, uint16 with black at 0."""
    samples = np.asarray(picture).astype(np.uint16)
    tags = getattr(picture, "tag_v2", {})
    if tags.get(_BITS_PER_SAMPLE) == (12,):
        samples <<= 4
    return 65535 - samples if tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO else samples


def _grey(samples, transparent, depth):
    """Returns grey samples of 16 bits as a picture of their high bytes."""
    grey = Image.fromarray(bit_depth.high_byte(samples, depth))
    if transparent is not None:
        grey.putalpha(Image.fromarray(np.where(samples == transparent, 0, 255).astype(np.uint8)))
    return grey


def _largest_color(picture):
    """Returns the largest sample of a color image of 16 bits, of which Pillow keeps high bytes."""
    highest = max(high for _, high in picture.convert("RGB").getextrema())
    return highest * 256 + 255 if highest else 0


def _to_eight_bits(picture, layout):
    """Returns a picture in one of the modes L, LA, RGB, RGBA and CMYK."""
    mode, has_alpha = picture.mode, picture.has_transparency_data
    if mode == "CMYK":
        return picture
    if picture.format == "PNG" and "transparency" in picture.info:
        picture.info["transparency"] = _like_pixels(picture.info["transparency"], layout)
    wanted = ("L" if mode in ("1", "L", "LA", "La") else "RGB") + "A" * has_alpha
    return picture if wanted == mode else picture.convert(wanted)


def _like_pixels(transparent, layout):
    """Brings the transparent color of a PNG to 8 bits, as Pillow does with the pixels."""
    if layout in ("L;2", "L;4"):
        return transparent * {"L;2": 85, "L;4": 17}[layout]
    return tuple(x >> 8 for x in transparent) if layout == "RGB;16B" else transparent
