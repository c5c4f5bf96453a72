"""Channels, cropping and resizing of single images."""

import dataclasses
import re

import numpy as np
from PIL import Image

from keras_gan.errors import UserError

_LUMINANCE = np.float32([0.299, 0.587, 0.114])  # ITU-R BT.601
_LARGEST_SIDE = 16384
_BICUBIC = Image.Resampling.BICUBIC


@dataclasses.dataclass(frozen=True)
class Preparation:
    """What happens to an image before training.

    Attributes:
        channels: 1, 3 or 4, or `None` for what the source has.
        size: (height, width), or `None` for what the source has.
        crop: Before resizing: `"center"` takes the largest part from the middle
            that has the target's shape, `"none"` takes all and stretches it, a
            pair (height, width) takes that many pixels from the middle.
    """

    channels: int | None = None
    size: tuple[int, int] | None = None
    crop: str | tuple[int, int] = "center"

    @classmethod
    def parse(cls, channels, image_size, crop):
        """Builds a `Preparation` from the texts of the flags.

        Raises:
            UserError: For a value that means nothing.
        """
        if channels not in (None, 1, 3, 4):
            raise UserError(f"--channels must be 1, 3 or 4. Received: {channels}.")
        if crop not in ("center", "none"):
            crop = _pair("crop", crop, "center, none, N or HEIGHTxWIDTH")
        size = None if image_size is None else _pair("image_size", image_size, "N or HEIGHTxWIDTH")
        return cls(channels, size, crop)

    def __call__(self, picture):
        """Prepares one image.

        Args:
            picture: `PIL.Image.Image` of mode L, LA, RGB or RGBA.

        Returns:
            uint8 array [size height, size width, channels].
        """
        if self.crop == "center" and self.size:
            picture = crop_to_shape(picture, *self.size)
        elif isinstance(self.crop, tuple):
            picture = center_crop(picture, *self.crop)
        if self.channels in (None, len(picture.getbands())):
            if self.size in (None, picture.size[::-1]):
                return _array(picture)
            bands = (band.convert("F") for band in picture.split())
        else:
            values = to_channels(_array(picture), self.channels)
            if self.size is None:
                return _to_bytes(values)
            bands = (Image.fromarray(band) for band in np.moveaxis(values, -1, 0))
        return _to_bytes(resize(bands, self.size))


def _pair(flag, text, expected):
    match = re.fullmatch(r"([0-9]+)(?:x([0-9]+))?", str(text))
    pair = match and (int(match[1]), int(match[2] or match[1]))
    if not pair or min(pair) < 1 or max(pair) > _LARGEST_SIDE:
        raise UserError(
            f"--{flag} must be {expected}, like 64 or 64x48, at most {_LARGEST_SIDE} a side. "
            f"Received: {text!r}."
        )
    return pair


def to_channels(image, channels):
    """Brings an image to 1 (luminance), 3 (RGB) or 4 (RGBA) channels.

    Transparent pixels are laid over white unless alpha is asked for.

    Args:
        image: uint8 array [height, width, 1 to 4]; 2 and 4 mean alpha.
        channels: 1, 3 or 4.

    Returns:
        float32 array [height, width, channels], 0 to 255.
    """
    image = image.astype(np.float32)
    height, width, present = image.shape
    color, alpha = image, np.full((height, width, 1), 255.0, np.float32)
    if present % 2 == 0:
        color, alpha = image[..., :-1], image[..., -1:]
        if channels != 4:
            color = (color * alpha + 255.0 * (255.0 - alpha)) / 255.0
    color = np.broadcast_to(color, (height, width, 3))
    if channels == 4:
        return np.concatenate([color, alpha], axis=-1)
    return np.sum(color * _LUMINANCE, axis=-1, keepdims=True) if channels == 1 else color


def center_crop(picture, height, width):
    """Returns the middle of a picture; a side that is too short stays as it is."""
    width, height = min(width, picture.width), min(height, picture.height)
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def crop_to_shape(picture, height, width):
    """Returns the largest middle part whose sides are as height : width."""
    by_width = max(picture.width * height // width, 1)
    by_height = max(picture.height * width // height, 1)
    return center_crop(picture, by_width, by_height)


def resize(bands, size):
    """Resizes bicubically, with antialiasing when shrinking.

    Args:
        bands: `PIL.Image.Image`s of mode F, one a channel: in other modes Pillow
            rounds between the two directions.
        size: (height, width).

    Returns:
        float32 array [height, width, channels].
    """
    height, width = size
    return np.stack([band.resize((width, height), _BICUBIC) for band in bands], axis=-1)


def _array(picture):
    array = np.asarray(picture)
    return array if array.ndim == 3 else array[..., np.newaxis]


def _to_bytes(values):
    return np.round(np.clip(values, 0.0, 255.0)).astype(np.uint8)
