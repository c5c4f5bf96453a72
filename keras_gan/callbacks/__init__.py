"""What happens beside training: progress, logs, sample grids, checkpoints, profiles, signals."""

from keras_gan.callbacks.checkpoints import Checkpoints
from keras_gan.callbacks.finite import Finite
from keras_gan.callbacks.interruption import Interruption
from keras_gan.callbacks.logs import Logs, cut_logs
from keras_gan.callbacks.profile import Profile
from keras_gan.callbacks.progress import Progress
from keras_gan.callbacks.samples import SampleGrids

__all__ = [
    "Checkpoints",
    "Finite",
    "Interruption",
    "Logs",
    "Profile",
    "Progress",
    "SampleGrids",
    "cut_logs",
]
