"""Judging samples: features, measures on them, pictures, and the record of it all.

`python -m keras_gan.evaluate` judges a run or a folder; `SampleScores` scores a model while it
trains.
"""

from keras_gan.evaluation.features import Extractor, make_extractor
from keras_gan.evaluation.scores_while_training import SampleScores

__all__ = ["Extractor", "SampleScores", "make_extractor"]
