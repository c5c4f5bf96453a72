"""Reads mutated image files of every format.

python -m tests.fuzz_images COUNT RESULT

Each file is mutated COUNT times: bits flipped, bytes inserted, set or cut off. RESULT gets the
case under way first, so that it names a case that ends the process, and in the end the numbers
of pictures and of refused files by format, as JSON.
"""

import io
import json
import os
import pathlib
import sys

import numpy as np
from PIL import Image

from keras_gan.data import decoding, images

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 10, 4), np.uint8)
PIXELS[3:9] = PIXELS[3]  # Something to compress.
COLOR, VEILED = Image.fromarray(PIXELS[..., :3]), Image.fromarray(PIXELS)
DEEP = Image.fromarray(PIXELS[..., 0].astype(np.uint16) * 200)
FILES = {
    "PNG": [(VEILED, {}), (COLOR.quantize(8), {}), (DEEP, {})],
    "JPEG": [(COLOR, {}), (COLOR, {"progressive": True}), (COLOR.convert("CMYK"), {})],
    "BMP": [(COLOR, {}), (COLOR.quantize(8), {})],
    "GIF": [(COLOR, {"save_all": True, "append_images": [COLOR.rotate(180)]})],
    "WEBP": [(VEILED, {}), (VEILED, {"lossless": True})],
    "TIFF": [(COLOR, {}), (COLOR, {"compression": "tiff_lzw"}), (DEEP, {})],
    "AVIF": [(VEILED, {"speed": 10})],
    "JPEG2000": [(COLOR, {})],
    "PPM": [(COLOR, {}), (DEEP, {})],
}


def stored(picture, form, options):
    """Returns the bytes of a small file that has EXIF data and a profile where it can."""
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    extra = {"exif": exif} if form in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF") else {}
    picture.save(file, form, **options, **extra)
    return file.getvalue()


def mutated(data, draw):
    """Returns bytes with one to four changes."""
    data = bytearray(data)
    for _ in range(draw.integers(1, 5)):
        place, kind = int(draw.integers(len(data))), draw.integers(4)
        if kind == 0:
            data[place] ^= 1 << int(draw.integers(8))
        elif kind == 1:
            data[place:place] = draw.bytes(int(draw.integers(1, 9)))
        elif kind == 2:
            data[place] = int(draw.choice([0, 1, 127, 128, 255]))
        else:
            del data[place + 1 :]
    return bytes(data)


def main(count, result):
    preparation, numbers = images.Preparation(3, (8, 8)), {}
    under_way = os.open(result, os.O_WRONLY | os.O_CREAT)
    for form, kinds in FILES.items():
        good = bad = 0
        for kind, (picture, options) in enumerate(kinds):
            data = stored(picture, form, options)
            assert decoding.read(data, preparation).shape == (8, 8, 3)
            for seed in range(count):
                os.pwrite(under_way, f"{form} {kind}, seed {seed:<9}".encode(), 0)
                try:
                    read = decoding.read(mutated(data, np.random.default_rng(seed)), preparation)
                    assert read.shape == (8, 8, 3) and read.dtype == np.uint8
                    good += 1
                except decoding.BadImageError:
                    bad += 1
        numbers[form] = (good, bad)
    result.write_text(json.dumps(numbers))


if __name__ == "__main__":
    with decoding.quiet():
        main(int(sys.argv[1]), pathlib.Path(sys.argv[2]))
