"""How many bits the samples of 16-bit images use: cameras and microscopes store 10 to 14."""

import numpy as np

_DARK = 2**13  # An eighth of the range. Images that stay below it would look black.


def of_largest(largest):
    """Returns the bits that a set of 16-bit images is scaled by.

    Args:
        largest: The largest sample of all its images, 0 to 65535, or `None` if none of
            them has 16 bits.

    Returns:
        8 to 13 if all samples are below an eighth of the range, so that the result is as
        bright as the same images in a file of that depth; otherwise 16. `None` for `None`.
    """
    if largest is None:
        return None
    return max(8, int(largest).bit_length()) if 0 < largest < _DARK else 16


def high_byte(samples, depth):
    """Returns the high bytes of samples of `depth` bits, uint8; what is larger becomes 255."""
    return np.minimum(samples >> (depth - 8), 255).astype(np.uint8)


def announcement(name, depth):
    """Returns the line that says that a set is scaled by its own range."""
    return (
        f"{name}: its 16-bit images use {depth} bits (all samples are below {2**depth:,}), so 0 to "
        f"{2**depth - 1:,} becomes black to white. --bit_depth=16 takes them as they are."
    )
