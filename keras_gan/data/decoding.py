"""Reads image files with Pillow."""

import contextlib
import functools
import io
import re

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from keras_gan.errors import first_line

MAX_PIXELS = 89_478_485  # A quarter of 1 GiB of RGB, the limit that Pillow warns at.
# Not all of Pillow's: to read EPS it runs another program, and TGA has no mark to know it by.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM")
_COMMON = "PNG, JPEG, BMP, GIF, WebP or TIFF"


class BadImageError(ValueError):
    """Why a file cannot be used as an image."""


@contextlib.contextmanager
def opened(file):
    """Opens an image without decoding it; closes it at the end.

    Args:
        file: Binary file object.

    Yields:
        `PIL.Image.Image`, of at most `MAX_PIXELS` pixels.

    Raises:
        BadImageError: If the file is no image or too large, or something fails
            while the image is used.
    """
    try:
        with Image.open(file, formats=FORMATS) as picture:
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


def decode(picture):
    """Decodes the first frame of an opened image, upright, 8 bits a sample, in sRGB.

    Returns:
        `PIL.Image.Image` of mode L, LA, RGB or RGBA.

    Raises:
        Exception: Whatever Pillow raises; see `opened`.
    """
    picture.load()
    with contextlib.suppress(Exception):  # Broken EXIF does not spoil the pixels.
        ImageOps.exif_transpose(picture, in_place=True)
    return _to_srgb(_to_eight_bits(picture), picture.info.get("icc_profile"))


def read(data, preparation):
    """Decodes and prepares the bytes of a file.

    Args:
        data: Bytes.
        preparation: `images.Preparation`.

    Returns:
        uint8 array [height, width, channels].

    Raises:
        BadImageError: If they are no image that can be used.
    """
    with opened(io.BytesIO(data)) as picture:
        return preparation(decode(picture))


def _to_eight_bits(picture):
    """Returns a picture in one of the modes L, LA, RGB, RGBA and CMYK."""
    mode, has_alpha = picture.mode, picture.has_transparency_data
    if mode.startswith("I;16") or (mode == "I" and picture.format == "PPM"):
        return _high_bytes(np.asarray(picture), picture.info.get("transparency"))
    if mode in ("I", "F"):
        raise BadImageError("its samples have 32 bits, expected 8 or 16")
    if mode == "CMYK":
        return picture
    wanted = ("L" if mode in ("1", "L", "LA", "La") else "RGB") + "A" * has_alpha
    return picture if wanted == mode else picture.convert(wanted)


def _high_bytes(values, transparent):
    """Returns grey samples of 16 bits as a picture of their high bytes."""
    grey = Image.fromarray((values >> 8).astype(np.uint8))
    if transparent is not None:
        grey.putalpha(Image.fromarray(np.where(values == transparent, 0, 255).astype(np.uint8)))
    return grey


def _to_srgb(picture, profile):
    """Converts colors from an ICC profile, or `None` for sRGB already."""
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    color = picture.convert(picture.mode.rstrip("A")) if alpha else picture
    if profile and (transform := _transform(profile, color.mode)):
        color = ImageCms.applyTransform(color, transform)
    elif color.mode == "CMYK":
        return color.convert("RGB")
    else:
        return picture
    if alpha:
        color.putalpha(alpha)
    return color


@functools.lru_cache(maxsize=8)
def _transform(profile, mode):
    """Returns the transform of a profile to sRGB, or `None` if it is that or cannot be used."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(source):
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None
