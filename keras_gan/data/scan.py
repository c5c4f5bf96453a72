"""One look at every file of a folder before training, so that bad ones are named at the start."""

import os
import sys

from keras_gan.data import headers
from keras_gan.data.decoding import Decoding
from keras_gan.errors import UserError

_TOLERATED = 0.01
_NAMED = 10
_LARGE_PIXELS = 2**24  # Images beyond this are decoded one at a time, to save memory.


class Scan:
    """Goes through the images of a folder and notes those that cannot be used.

    Args:
        folder: Path of the folder.
        files: Paths of its images.

    Attributes:
        bad: Why a file cannot be used, by path.
    """

    def __init__(self, folder, files):
        self.folder, self.files = folder, files
        self.bad = {}
        self._large = False

    def check_headers(self):
        """Notes what can be told without decoding; returns the paths of the others."""
        root = os.path.realpath(self.folder)
        for path in self.files:
            try:
                if headers.check(path, root) > _LARGE_PIXELS:
                    self._large = True
            except headers.BadImageError as error:
                self.bad[path] = str(error)
        return [path for path in self.files if path not in self.bad]

    def decode(self, files, preparation, limit):
        """Decodes files, noting those that cannot be; returns the `Decoding`.

        Args:
            files: Paths.
            preparation: `images.Preparation`.
            limit: Largest size in bytes of all images together to keep.
        """
        decoding = Decoding(files, preparation, limit, self._large)
        decoding.run()
        self.bad |= decoding.bad
        return decoding

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
        named = [f"{_shown(path)} ({self.bad[path]})" for path in sorted(self.bad)[:_NAMED]]
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


def _shown(path):
    return path if path.isprintable() else repr(path)
