"""Brings the colors of images to sRGB."""

import functools
import io

import numpy as np
from PIL import Image, ImageCms

_SAME = 2  # Levels of 255 that a color may change by under a profile that is sRGB.
_SAMPLE = Image.fromarray(
    np.stack(np.meshgrid(*[np.uint8([0, 16, 64, 128, 192, 255])] * 3), axis=-1).reshape(1, -1, 3)
)


def to_srgb(picture, profile):
    """Converts the colors of a picture from an ICC profile. Alpha stays as it is.

    Args:
        picture: `PIL.Image.Image` of mode L, LA, RGB, RGBA or CMYK.
        profile: Bytes of the profile, or `None` for sRGB. A profile that is broken or of
            another kind of image is ignored.

    Returns:
        `PIL.Image.Image` of mode L, LA, RGB or RGBA.
    """
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
        made = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        return None if mode == "RGB" and _is_same(made) else made
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return None


def _is_same(transform):
    """Whether a transform of RGB changes nothing but the rounding: names of profiles lie."""
    changed = np.asarray(ImageCms.applyTransform(_SAMPLE, transform), int)
    return np.abs(changed - np.asarray(_SAMPLE, int)).max() <= _SAME
