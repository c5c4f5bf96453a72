"""One look at every file of a folder before training, so that bad ones are named at the start."""

import contextlib
import math
import os
import stat
import sys
import threading
import time

import numpy as np

from keras_gan.data import bit_depth, decoding, threads
from keras_gan.data.decoding import BadImageError
from keras_gan.errors import UserError, printable

_TOLERATED = 0.01
_NAMED = 10
_LARGE_PIXELS = 2**24  # Images beyond this are decoded one at a time, to save memory.
_SHOW_PROGRESS = 10_000  # images
_MAX_BYTES = 8 * decoding.MAX_PIXELS  # 16-bit RGBA; an image file has no need to be larger.


class MixedSizesError(UserError):
    """The images have different sizes. The message ends with what to do.

    Args:
        sizes: The sizes, a sentence.
        advice: What to do, a sentence.
    """

    def __init__(self, sizes, advice="Set --image_size."):
        super().__init__(f"{sizes} {advice}")
        self.sizes = sizes


class Scan:
    """Decodes the images of a folder once and notes those that cannot be used.

    Args:
        folder: Path of the folder.
        files: Paths of its images.
        preparation: `images.Preparation`.
        limit: Largest size in bytes of all images together to keep.
        depth: Bits that the samples of 16-bit images use, 8 to 16, or `None` to find out.

    Attributes:
        depth: Those bits, or `None` if no image has 16 bits.
        shape: Shape of a prepared image, or `None` as long as none was decoded.
        array: The good images in the order of the files, uint8 [N, *shape], or
            `None` if they are too large together.
        bad: Why a file cannot be used, by path.
    """

    def __init__(self, folder, files, preparation, limit, depth=None):
        self.folder, self.files, self.preparation, self.limit = folder, files, preparation, limit
        self.depth, self.shape, self.array, self.bad = depth, None, None, {}
        self._root, self._one_large = os.path.realpath(folder), threading.Lock()

    def run(self):
        """Decodes all files; those of 16 bits once more if they use few of them.

        Raises:
            MixedSizesError: If the images have different sizes.
        """
        largest = self._decode(range(len(self.files)))
        if self.depth is None:
            self.depth = bit_depth.of_largest(max(largest.values(), default=None))
            if self.depth is not None and self.depth < 16:
                print(bit_depth.announcement(self.folder, self.depth))
                self._decode(list(largest))
        elif not largest:
            self.depth = None
        if self.array is not None:
            good = [row for row, path in enumerate(self.files) if path not in self.bad]
            for new, old in enumerate(good):  # In place, since the array may fill half the memory.
                if new != old:
                    self.array[new] = self.array[old]
            self.array = self.array[: len(good)]

    def _decode(self, rows):
        """Decodes the files of some rows.

        Returns:
            The largest sample of each image of 16 bits, by row.
        """
        progress, largest = _Progress(len(rows)), {}
        with decoding.quiet():
            found = threads.in_order(self._try, [self.files[row] for row in rows])
            for number, (row, (image, sample)) in enumerate(zip(rows, found, strict=True)):
                if isinstance(image, BadImageError):
                    self.bad[self.files[row]] = str(image)
                else:
                    self._keep(row, image)
                if sample is not None:
                    largest[row] = sample
                progress.update(number + 1)
        return largest

    def _keep(self, row, image):
        path = self.files[row]
        if self.shape is None:
            self.shape, self._first = image.shape, path
            if len(self.files) * math.prod(image.shape) <= self.limit:
                self.array = np.empty((len(self.files), *image.shape), np.uint8)
        if image.shape != self.shape:
            (height, width, _), (other_height, other_width, _) = self.shape, image.shape
            raise MixedSizesError(
                f"The images have different sizes: {self._first} is {height}x{width}, {path} is "
                f"{other_height}x{other_width}."
            )
        if self.array is not None:
            self.array[row] = image

    def _try(self, path):
        """Decodes a file.

        Returns:
            (prepared image, or the `BadImageError` that says why there is none; largest sample
            of 16 bits or `None`).
        """
        try:
            _check(path, self._root)
            with open(path, "rb") as file, decoding.opened(file) as picture:
                large = picture.width * picture.height > _LARGE_PIXELS
                with self._one_large if large else contextlib.nullcontext():
                    decoded = decoding.decode(picture, self.depth)
                    return self.preparation(decoded.picture), decoded.largest
        except OSError as error:
            return BadImageError(error.strerror or str(error)), None
        except BadImageError as error:
            return error, None

    def settle(self, on_bad_image):
        """Does with what was noted as the user wishes.

        Args:
            on_bad_image: `"fail"`, or `"skip"` to leave such files out as long
                as they are at most 1 % of all.

        Raises:
            UserError: If there is such a file and it is not to be left out, or
                there are too many.
        """
        if not self.bad:
            return
        named = [f"{printable(path)} ({self.bad[path]})" for path in sorted(self.bad)[:_NAMED]]
        more = len(self.bad) - len(named)
        listed = ", ".join(named) + (f" and {more:,} more" if more else "")
        count = f"{len(self.bad):,} of {len(self.files):,} images in {self.folder}"
        if on_bad_image == "fail":
            raise UserError(
                f"Cannot use {count}: {listed}. Repair or remove them, or leave them out with "
                "--on_bad_image=skip."
            )
        if len(self.bad) > _TOLERATED * len(self.files):
            raise UserError(
                f"Cannot use {count}: {listed}. This is more than the 1 % that --on_bad_image=skip "
                "leaves out; repair or remove them."
            )
        print(f"Warning: left out {count}: {listed}.", file=sys.stderr)


class _Progress:
    """Says how many of many images were looked at: on a terminal twice a second, in one line.

    Elsewhere, such as in a log file, a line of its own every ten seconds.
    """

    def __init__(self, total):
        self.total, self.stream = total, sys.stdout
        self.live = bool(self.stream) and self.stream.isatty()
        self.interval, self.shown = 0.5 if self.live else 10.0, time.monotonic()

    def update(self, number):
        now = time.monotonic()
        is_last = number == self.total
        if self.total < _SHOW_PROGRESS or not (is_last or now - self.shown >= self.interval):
            return
        self.shown = now
        line = f"Looked at {number:,} of {self.total:,} images"
        start, end = ("\r", "\n" if is_last else "") if self.live else ("", "\n")
        with contextlib.suppress(OSError, AttributeError):  # There may be no output.
            self.stream.write(f"{start}{line}{end}")
            self.stream.flush()


def _check(path, root):
    """Raises `BadImageError` for what is no file of the folder.

    Args:
        path: The file. None of the folders on the way to it from `root` is a
            symbolic link: `folder.find_images` goes into none.
        root: The real path of the folder that it must be in, after symbolic
            links are followed.
    """
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
    if status.st_size > _MAX_BYTES:
        raise BadImageError(f"it is too large, {status.st_size:,} bytes")
