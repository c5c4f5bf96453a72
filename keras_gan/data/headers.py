"""What can be told of an image file before it is decoded: that it is one, and how large.

A file of a few kilobytes can stand for gigabytes of pixels, so its header is
read first. TensorFlow is not needed.
"""

import os
import stat
import struct

MAX_PIXELS = 89_478_485  # A quarter of 1 GiB of RGB, the limit that Pillow warns at.
_BYTES_PER_PIXEL = 8  # 16-bit RGBA; an image file has no need to be larger.
_JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class BadImageError(ValueError):
    """Why a file cannot be used as an image."""


def check(path, root):
    """Raises `BadImageError` unless a file can be decoded as an image without harm.

    Args:
        path: The file. None of the folders on the way to it from `root` is a
            symbolic link: `folder.find_images` goes into none.
        root: The real path of the folder that it must be in, after symbolic
            links are followed.

    Returns:
        The number of pixels, by the header.
    """
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            if os.path.commonpath([root, os.path.realpath(path)]) != root:
                raise BadImageError(
                    "a symbolic link leads out of the folder; use a copy or a hard link"
                )
            status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise BadImageError("it is not a file")
        if status.st_size == 0:
            raise BadImageError("it is empty")
        if status.st_size > MAX_PIXELS * _BYTES_PER_PIXEL:
            raise BadImageError(f"it is too large, {status.st_size:,} bytes")
        with open(path, "rb") as file:
            pixels = count_pixels(file)
    except OSError as error:
        raise BadImageError(error.strerror) from None
    except (struct.error, IndexError):
        raise BadImageError("its header is cut short") from None
    if pixels > MAX_PIXELS:
        raise BadImageError(f"it has {pixels:,} pixels, more than {MAX_PIXELS:,}")
    return pixels


def count_pixels(file):
    """Returns how many pixels decoding an open image file takes memory for, by its headers."""
    head = file.read(32)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        width, height = struct.unpack_from(">II", head, 16)
    elif head.startswith(b"\xff\xd8\xff"):
        width, height = _jpeg_size(file)
    elif head.startswith(b"BM"):
        core = struct.unpack_from("<I", head, 14) == (12,)  # The oldest of BMP's headers.
        width, height = struct.unpack_from("<HH" if core else "<ii", head, 18)
    elif head.startswith((b"GIF87a", b"GIF89a")):
        width, height = struct.unpack_from("<HH", head, 6)
        # All frames are decoded, with a byte a pixel, even where one is asked for.
        return max(width * height, _gif_frames(file, head[10]) // 4)
    elif head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        width, height = _webp_size(head)
    else:
        raise BadImageError("it is no PNG, JPEG, BMP, GIF or WebP file")
    return abs(width * height)


def _jpeg_size(file):
    file.seek(2)
    while True:
        while file.read(1)[0] != 0xFF:  # Decoders pass over bytes between the segments.
            pass
        while (byte := file.read(1)[0]) == 0xFF:
            pass
        if byte == 0x01 or 0xD0 <= byte <= 0xD8:  # These stand alone.
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if length < 2:
            raise BadImageError("its header is broken")
        if byte in _JPEG_FRAMES:
            height, width = struct.unpack(">xHH", file.read(5))
            return width, height
        file.seek(length - 2, os.SEEK_CUR)


def _gif_frames(file, flags):
    """Returns the pixels of all frames together."""

    def skip_colors(flags):
        if flags & 0x80:
            file.seek(3 * 2 ** ((flags & 7) + 1), os.SEEK_CUR)

    def skip_blocks():
        while size := file.read(1)[0]:
            file.seek(size, os.SEEK_CUR)

    file.seek(13)
    skip_colors(flags)
    pixels = 0
    while (kind := file.read(1)) not in (b"", b";"):
        if kind == b"!":
            file.seek(1, os.SEEK_CUR)
        elif kind == b",":
            width, height, flags = struct.unpack("<4xHHB", file.read(9))
            pixels += width * height
            skip_colors(flags)
            file.seek(1, os.SEEK_CUR)
        else:
            raise BadImageError("its header is broken")
        skip_blocks()
    return pixels


def _webp_size(head):
    kind = head[12:16]
    if kind == b"VP8X":
        return tuple(int.from_bytes(head[i : i + 3], "little") + 1 for i in (24, 27))
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return tuple(side & 0x3FFF for side in struct.unpack_from("<HH", head, 26))
