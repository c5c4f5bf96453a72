"""The base of all systems: players, what they make of a batch, and one training step.

A step is a list of updates, in each of which one player descends its loss. By default these
are k updates of the discriminator, then one of the generator that pushes the frozen
discriminator's answer towards "real": the combined-model trick. In Keras 3 freezing by
`trainable = False` silently stops D's own training and switches its batch norm to moving
statistics. Here `trainable` is never touched: an update differentiates its own player's
variables only, and runs inside a `StatelessScope`, from which only that player's state is
taken over.
"""

import abc

import keras

from keras_gan.checks import check_batch
from keras_gan.distribution.replicas import ReplicaMean
from keras_gan.game import averages
from keras_gan.game.fitting import Fitting
from keras_gan.game.long_runs import LongRuns
from keras_gan.game.players import (
    Stage,
    check_players,
)
from keras_gan.game.updates import Updates
from keras_gan.game.using import Using
from keras_gan.layers.core import ArgumentsAreConfig


class AdversarialModel(Updates, Fitting, Using, ArgumentsAreConfig, keras.Model, abc.ABC):
    """Base of the systems; a system supplies networks, players, functions and defaults.

    The constructor of a system takes the shapes of its examples and keyword-only
    hyperparameters, calls this one, builds its networks as attributes and calls `play`;
    `get_config` is made from its arguments. Systems from latents to examples subclass
    `models._latent.LatentGAN`, which does that for them.

    Args:
        spec: What a batch holds: a `ports.Port` for each of its keys.

    Attributes:
        data_keys: Keys of the examples that it learns from, such as `image`.
        tiny: Constructor arguments with which tests build the system quickly.
        term_names: Names of further values that the losses log.
        default_ema_images: Half-life of the averaged networks in images.
        long_runs: `LongRuns` of D between the steps; see `callbacks.DiscriminatorRuns`.
        step: Steps done, a scalar variable.
        stages: `Stage`s of a run, in order.
        contests: `Contest`s.
    """

    data_keys = ("image",)
    tiny = {}
    term_names = ()
    default_ema_images = 10_000
    needs_labels = takes_unlabelled = False
    long_runs = LongRuns()
    seed = 0

    def __init__(self, spec):
        # Losses and latents are of full precision, whatever the networks compute in.
        super().__init__(name=type(self).__name__.lower(), dtype=keras.config.floatx())
        object.__setattr__(self, "spec", dict(spec))  # Past Keras' tracking of attributes.

    def play(self, players, *, makers, functions, contests=(), shared=(), stages=()):
        """Completes the model; the last call of a system's constructor.

        Args:
            players: `Player`s, in the order of their updates in a step.
            makers: Networks that `make` calls, and that learn through what they made.
            functions: `Function`s by name; the first one is what calling the model runs.
            contests: `Contest`s, whose values are logged.
            shared: Networks that several players move.
            stages: `Stage`s before the one of `players`, which takes the steps that are left.
        """
        check_players(players, shared)
        used = {id(f.network): f.network for f in functions.values()}
        twins = {key: averages.twin(network) for key, network in used.items()}
        self.averages = list(twins.values())
        functions = {
            name: f._replace(averaged=twins[id(f.network)]) for name, f in functions.items()
        }
        stages = (*stages, Stage("game" if stages else "", tuple(players)))
        tables = {
            "stages": stages,
            "makers": tuple(makers),
            "functions": functions,
            "contests": tuple(contests),
            "_logged": {stage.name: set() for stage in stages},  # Filled as steps are traced.
            "_averaged": [(used[key], twin) for key, twin in twins.items()],
        }
        for name, value in tables.items():  # Past Keras' tracking, which would reorder them.
            object.__setattr__(self, name, value)
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        names = [player.name for player in self.players]
        logged = (
            *(f"{name}_loss" for name in names),
            *(f"{name}_gradient_norm" for name in names),
            *(name for contest in contests for name in contest.names),
            *self.term_names,
        )
        self._means = {name: ReplicaMean(name) for name in logged}
        self.built = True

    # What a system supplies.

    @classmethod
    def tiny_data(cls):
        """Returns the arguments for tests that data decides otherwise: `data_arguments`."""
        return {}

    @classmethod
    def data_arguments(cls, source):
        """Returns the constructor's arguments that a `data.Source` decides, by name."""
        return {"image_shape": source.shape, "num_classes": source.num_classes}

    @abc.abstractmethod
    def default_optimizers(self):
        """Returns the paper's optimizers by the names of the players."""

    def make(self, real):
        """Returns what the makers make of a batch, a dict of tensors; called in training.

        Draw noise by `randomness.batch_uniform` and `randomness.batch_latents`.

        Args:
            real: The examples of a sub-batch, a dict as in `spec`.
        """
        del real
        return {}

    def after(self, player, means, batch_size):
        """Called after each update, to clip weights or to move a variable of the system.

        Args:
            player: Name of the player that moved.
            means: What its loss logged, means over the global batch: scalars by name, the same
                on every replica.
            batch_size: Examples of the update over all replicas.
        """

    def ema_decay(self, batch_size):
        """Returns the share of the averaged weights that this step keeps; see `averages`."""
        return averages.decay(self.ema_images, batch_size, self.step * batch_size)

    # What Keras calls.

    @property
    def metrics(self):
        return list(self._means.values())

    def train_step(self, batch):
        """One step: the updates of the stage's players; see the module's docstring."""
        stage = self.stage
        check_batch(batch, self.spec, stage.sub_batches, self.accumulate_steps)
        made = None
        for player, j in stage.updates:
            sub_batch = stage.sub_batches - player.updates + j
            shares = player.needs_made and self.reuse_fakes
            if shares and (made is None or made.sub_batch != sub_batch):
                made = self.draw(batch, self._number(player.name, j), sub_batch=sub_batch)
            self.update(player.name, batch, j, made if shares else None)
            if self._moves_makers(player):
                made = None
        self.step.assign(self.step + 1)
        logged = self._logged[stage.name] if len(self.stages) > 1 else self._means
        return {name: mean.result() for name, mean in self._means.items() if name in logged}

    # Which player and stage it is.

    @property
    def players(self):
        """All players, those of the stages before the last included, each name once."""
        found = {}
        for stage in reversed(self.stages):
            for player in stage.players:
                found.setdefault(player.name, player)
        return tuple(found.values())

    @property
    def sub_batches(self):
        """Sub-batches in the batch of a step: a batch given to `fit` has as many times the
        examples of one update; update j takes every k-th of them, from j."""
        return self.stage.sub_batches
