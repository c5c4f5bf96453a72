"""The features of a TensorFlow Datasets set that are images and labels, and how they are read."""

import io

import numpy as np

from keras_gan.data import arrays, bit_depth, decoding, images
from keras_gan.data.decoding import BadImageError
from keras_gan.errors import UserError

_CHANNELS = {1: 1, 2: 1, 3: 3, 4: 4}  # By those of the feature; 2 are grey and alpha.


def find_images(name, features, key):
    """Returns the key of the images.

    Args:
        name: Name of the dataset, for messages.
        features: `tfds.features.FeaturesDict`.
        key: Key that the user asks for, or `None` for `image`, or else the first one.

    Raises:
        UserError: If there are no images, or none with this key.
    """
    import tensorflow_datasets as tfds

    able = [x for x in features if _is_image(features[x])]
    # Maps of classes, such as segmentations, are images only where there are no others.
    maps = [x for x in able if isinstance(features[x], tfds.features.LabeledImage)]
    stored = [x for x in able if isinstance(features[x], tfds.features.Image) and x not in maps]
    found = stored or maps or able
    if not found:
        listed = ", ".join(f"{x} ({_described(features[x])})" for x in features)
        raise UserError(
            f"{name} has no images that can be used; its features are: {listed}. Expected an Image "
            "of 3 dimensions, or a Tensor (height, width, 1, 3 or 4) of uint8, uint16 or floats."
        )
    if key is not None and key not in able:
        raise UserError(
            f"--image_key must name images of {name}: {', '.join(able)}. Received: {key}."
        )
    chosen = key or ("image" if "image" in found else found[0])
    if key is None and chosen != "image" and len(found) > 1:
        print(
            f"{name}: taking the images {chosen!r}. --image_key takes others: "
            f"{', '.join(x for x in found if x != chosen)}."
        )
    return chosen


def find_labels(name, features, key):
    """Returns (key of the labels or `None`, hint at other labels or "").

    Args:
        name: Name of the dataset, for messages.
        features: `tfds.features.FeaturesDict`.
        key: Key that the user asks for, or `None` for `label`, or else the only ClassLabel.

    Raises:
        UserError: If there are no labels with this key.
    """
    import tensorflow_datasets as tfds

    able = [
        x
        for x in features
        if features[x].shape == () and np.issubdtype(features[x].np_dtype, np.integer)
    ]
    classes = [x for x in able if isinstance(features[x], tfds.features.ClassLabel)]
    if key is not None and key not in able:
        listed = ", ".join(able) or "none"
        raise UserError(
            f"--label_key must name a ClassLabel or whole numbers of {name}: {listed}. Received: "
            f"{key}."
        )
    if key is not None or "label" in classes or len(classes) == 1:
        return key or ("label" if "label" in classes else classes[0]), ""
    hint = f"{name} has labels in {', '.join(able)}: choose by --label_key." if able else ""
    return None, hint


def _is_image(feature):
    import tensorflow_datasets as tfds

    if isinstance(feature, tfds.features.Image):
        return len(feature.shape) == 3
    if type(feature) is not tfds.features.Tensor or len(feature.shape) != 3:
        return False
    is_number = feature.np_dtype in (np.uint8, np.uint16) or np.issubdtype(
        feature.np_dtype, np.floating
    )
    return is_number and None not in feature.shape and feature.shape[2] in (1, 3, 4)


def _described(feature):
    shape, kind = getattr(feature, "shape", None), type(feature).__name__
    return f"{kind} {shape}" if isinstance(shape, tuple) else kind


class ImageReader:
    """Reads the images of one feature by its own type.

    Args:
        feature: `tfds.features.Image`, or a `tfds.features.Tensor` (height, width, channels).
        preparation: `images.Preparation`.
        depth: Bits that samples of uint16 use, or `None` if `scale` is to decide.

    Attributes:
        is_encoded: Whether the images are the bytes of files, otherwise arrays.
        dtype: NumPy type of the samples.
        size: (height, width) of the results; `None` for a side that varies.
        depth: Bits that samples of uint16 use, otherwise `None`.
    """

    def __init__(self, feature, preparation, depth):
        import tensorflow_datasets as tfds

        self.is_encoded = isinstance(feature, tfds.features.Image)
        self.dtype = np.dtype(feature.np_dtype)
        self.size = preparation.size or tuple(feature.shape[:2])
        self.depth = depth if self.dtype == np.uint16 else None
        channels = preparation.channels or _CHANNELS.get(feature.shape[2], 3)
        self._preparation = images.Preparation(channels, preparation.size, preparation.crop)
        self._lowest = 0.0

    @property
    def needs_scale(self):
        """Whether `scale` has to be called with the range of all images."""
        return self.dtype == np.uint16 and self.depth is None or self.dtype.kind == "f"

    def range(self, data):
        """Returns (smallest, largest) sample of an image; (0, 0) for fewer than 16 bits."""
        if self.is_encoded and self.dtype == np.uint16:
            with decoding.opened(io.BytesIO(data)) as picture:
                return 0, decoding.decode(picture).largest or 0
        values = self._values(data)
        return values.min(), values.max()

    def scale(self, name, lowest, highest):
        """Decides how samples become 0 to 255, from the range of all images.

        Raises:
            UserError: For floats that are neither in [0, 1] nor in [-1, 1].
        """
        if self.dtype == np.uint16:
            self.depth = bit_depth.of_largest(highest)
            if self.depth < 16:
                print(bit_depth.announcement(name, self.depth))
            return
        if not (lowest >= -1.0 and highest <= 1.0):  # NaN is in no range.
            raise UserError(
                f"Expected the {self.dtype} images of {name} in [0, 1] or [-1, 1]. Received: from "
                f"{lowest:.4g} to {highest:.4g}. Scale them in the dataset."
            )
        self._lowest = -1.0 if lowest < 0.0 else 0.0
        print(f"{name}: its {self.dtype} images are read as values in [{self._lowest:.0f}, 1].")

    def __call__(self, data):
        """Returns the prepared image, uint8 [height, width, channels].

        Raises:
            BadImageError: If it is no image that can be used.
        """
        if self.is_encoded and self.dtype.kind == "u":
            return decoding.read(data, self._preparation, self.depth)
        values = self._values(data)
        if self.dtype == np.uint16:
            values = bit_depth.high_byte(values, self.depth)
        elif self.dtype.kind == "f":
            shares = (values.astype(np.float32) - self._lowest) / (1.0 - self._lowest)
            values = np.round(255.0 * np.clip(shares, 0.0, 1.0)).astype(np.uint8)
        return arrays.prepare(values[np.newaxis], self._preparation)[0]

    def _values(self, data):
        """Returns an image as an array of the feature's type."""
        if not self.is_encoded:
            return data
        with decoding.opened(io.BytesIO(data)) as picture:
            stored = np.asarray(picture)
        if stored.ndim != 3 or stored.shape[2] != 4 or stored.dtype != np.uint8:
            raise BadImageError("expected float32 numbers in a PNG of four channels")
        return stored.view("<f4")  # TensorFlow Datasets stores their bytes as colors.
