"""Callbacks: progress line, logs, sample grids, evaluation, checkpoints, signals, and more."""

from keras_gan.callbacks.checkpoints import SaveCheckpoints
from keras_gan.callbacks.discriminator_runs import DiscriminatorRuns
from keras_gan.callbacks.evaluation import Evaluate, KeepBest
from keras_gan.callbacks.events import EventLog
from keras_gan.callbacks.finite import Finite
from keras_gan.callbacks.health import Health
from keras_gan.callbacks.interruption import Interruption
from keras_gan.callbacks.logs import Logs, cut_logs, last_logged_step
from keras_gan.callbacks.means import Means
from keras_gan.callbacks.profile import Profile
from keras_gan.callbacks.progress import Progress
from keras_gan.callbacks.samples import SampleGrids

__all__ = [
    "DiscriminatorRuns",
    "Evaluate",
    "EventLog",
    "Finite",
    "Health",
    "Interruption",
    "KeepBest",
    "Logs",
    "Means",
    "Profile",
    "Progress",
    "SampleGrids",
    "SaveCheckpoints",
    "cut_logs",
    "last_logged_step",
]
