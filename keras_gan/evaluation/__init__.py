"""Judging samples: features of images, measures on them, pictures, and the record of it all.

`python -m keras_gan.evaluate` judges a run or a folder; `Judge` scores a model while it trains.
"""

from keras_gan.evaluation.features import Extractor, make_extractor
from keras_gan.evaluation.judge import Judge

__all__ = ["Extractor", "Judge", "make_extractor"]
