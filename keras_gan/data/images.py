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
        kept = self.size in (None, picture.size[::-1])
        if kept and self.channels in (None, len(picture.getbands())):
            array = np.asarray(picture)
            return array if array.ndim == 3 else array[..., np.newaxis]
        channels = to_channels(picture, self.channels)
        if not kept:
            channels = (resize(channel, self.size) for channel in channels)
        prepared = [np.round(np.clip(x, 0.0, 255.0)).astype(np.uint8) for x in channels]
        return np.stack(prepared, axis=-1)


def _pair(flag, text, expected):
    match = re.fullmatch(r"([0-9]+)(?:x([0-9]+))?", str(text))
    pair = match and (int(match[1]), int(match[2] or match[1]))
    if not pair or min(pair) < 1 or max(pair) > _LARGEST_SIDE:
        raise UserError(
            f"--{flag} must be {expected}, like 64 or 64x48, at most {_LARGEST_SIDE} a side. "
            f"Received: {text!r}."
        )
    return pair


def to_channels(picture, channels):
    """Brings an image to 1 (luminance), 3 (RGB) or 4 (RGBA) channels.

    Transparent pixels are laid over white unless alpha is asked for.

    Args:
        picture: `PIL.Image.Image` of mode L, LA, RGB or RGBA.
        channels: 1, 3, 4, or `None` for those of the picture.

    Yields:
        float32 arrays [height, width], 0 to 255: one channel at a time, since those
        of a large image take much memory.
    """
    *names, last = picture.getbands()
    alpha = picture.getchannel("A") if last == "A" else None
    names = names if alpha else [*names, last]
    laid = alpha if channels in (1, 3) else None
    colors = (_over_white(picture.getchannel(name), laid) for name in names)
    if channels == 1 and len(names) == 3:
        yield sum(weight * color for weight, color in zip(_LUMINANCE, colors, strict=True))
    elif channels in (3, 4) and len(names) == 1:
        yield from [next(colors)] * 3
    else:
        yield from colors
    if alpha and channels in (None, 4):
        yield np.asarray(alpha, np.float32)
    elif channels == 4:
        yield np.full(picture.size[::-1], 255.0, np.float32)


def _over_white(color, alpha):
    color = np.asarray(color, np.float32)
    if alpha is None:
        return color
    alpha = np.asarray(alpha, np.float32)
    return (color * alpha + 255.0 * (255.0 - alpha)) / 255.0


def center_crop(picture, height, width):
    """Returns the middle of a picture; a side that is too short stays as it is."""
    width, height = min(width, picture.width), min(height, picture.height)
    if (width, height) == picture.size:
        return picture
    left, top = (picture.width - width) // 2, (picture.height - height) // 2
    return picture.crop((left, top, left + width, top + height))


def crop_to_shape(picture, height, width):
    """Returns the largest middle part whose sides are as height : width."""
    by_width = max(picture.width * height // width, 1)
    by_height = max(picture.height * width // height, 1)
    return center_crop(picture, by_width, by_height)


def resize(channel, size):
    """Resizes bicubically, with antialiasing when shrinking.

    Args:
        channel: float32 array [height, width]: of bytes Pillow rounds between the
            two directions.
        size: (height, width).

    Returns:
        float32 array of `size`.
    """
    height, width = size
    return np.asarray(Image.fromarray(channel).resize((width, height), _BICUBIC))
