"""Offers the digits as a TensorFlow Datasets builder.

Import this module, then call `tfds.load("digits")`.
"""

import tensorflow_datasets as tfds

from keras_gan.data import digits


class Digits(tfds.core.GeneratorBasedBuilder):
    """Handwritten digits, 8x8 grey, with the splits train, test and all."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        return tfds.core.DatasetInfo(
            builder=self,
            description="Optical Recognition of Handwritten Digits, as shipped by scikit-learn.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(8, 8, 1)),
                    "label": tfds.features.ClassLabel(num_classes=10),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="https://archive.ics.uci.edu/dataset/80",
        )

    def _split_generators(self, dl_manager):
        del dl_manager
        # TensorFlow Datasets adds "all", the union of these.
        return {split: self._generate_examples(split) for split in ("train", "test")}

    def _generate_examples(self, split):
        for number, (image, label) in enumerate(zip(*digits.arrays(split), strict=True)):
            yield number, {"image": image, "label": int(label)}
