"""The base model of all systems: players, functions and one training step.

A step is a list of updates. In each update one player descends its loss. By default the
discriminator makes k updates, then the generator makes one that pushes the frozen
discriminator's logits towards "real": the combined-model trick.

Freezing does not use `trainable = False`. In Keras 3 that silently stops the discriminator's
own training and switches its batch norm to moving statistics. Instead, an update
differentiates the variables of its own player only, and runs inside a `StatelessScope`. Only
that player's state is written back.
"""

import abc

import keras

from keras_gan.distribution.replicas import ReplicaMean
from keras_gan.errors import UserError
from keras_gan.game import averages, schedules
from keras_gan.game.fitting import Fitting
from keras_gan.game.keras_methods import KerasMethods
from keras_gan.game.long_runs import LongRuns
from keras_gan.game.players import Stage, check_players
from keras_gan.game.updates import Updates
from keras_gan.game.using import Using
from keras_gan.layers.core import ArgumentsAreConfig


class AdversarialModel(
    Updates, Fitting, Using, KerasMethods, ArgumentsAreConfig, keras.Model, abc.ABC
):
    """Base class of all systems. A system adds networks, players, functions and defaults.

    A system's constructor takes the shapes of its examples and keyword-only hyperparameters.
    It calls this constructor, builds its networks as attributes and calls `play`. Its arguments
    become its `get_config`. A system with one generator from latents should subclass
    `models._latent.LatentGAN`, which does all this.

    Args:
        spec: Contents of a batch: a `ports.Port` for each key.

    Attributes:
        data_keys: Keys of a batch that the system needs, such as `image`.
        tiny: Constructor arguments for a small model that tests build quickly.
        legacy: Values of constructor arguments in runs and files that were saved before these
            arguments existed.
        term_names: Names of the values that the losses log beside those of the contests.
        default_ema_images: Default half-life of the averaged networks, in images.
        needs_labels: Whether each example needs a label.
        takes_unlabelled: Whether the label -1 marks an example without a label.
        long_runs: `LongRuns` of the discriminator; see `callbacks.DiscriminatorRuns`.
        step: Scalar variable: the number of finished steps.
        stages: `Stage`s of a run, in order.
        contests: `Contest`s of the system.
    """

    data_keys = ("image",)
    tiny = {}
    legacy = {}
    term_names = ()
    default_ema_images = 10_000
    needs_labels = takes_unlabelled = False
    long_runs = LongRuns()
    seed = 0

    def __init__(self, spec):
        # Losses and latents have full precision, whatever precision the networks use.
        super().__init__(name=type(self).__name__.lower(), dtype=keras.config.floatx())
        object.__setattr__(self, "spec", dict(spec))  # Past Keras' tracking of attributes.

    def play(self, players, *, makers, functions, contests=(), shared=(), stages=()):
        """Completes the model. A system's constructor calls this last.

        Args:
            players: `Player`s, in the order of their updates in a step.
            makers: Networks that `make` calls and that learn through its examples.
            functions: `Function`s by name. Calling the model runs the first one.
            contests: `Contest`s, whose values are logged.
            shared: Networks that several players train.
            stages: `Stage`s that come first, such as pre-training. `players` take the steps
                after them.
        """
        check_players([*players, *(p for stage in stages for p in stage.players)], shared)
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

    # Methods that a system overrides.

    @classmethod
    def tiny_data(cls):
        """Returns `data_arguments` for tests, which build the system without a dataset."""
        return {}

    @classmethod
    def data_arguments(cls, source):
        """Returns the constructor arguments that depend on the dataset, a `data.Source`."""
        return {"image_shape": source.shape, "num_classes": source.num_classes}

    @abc.abstractmethod
    def default_optimizers(self):
        """Returns the paper's optimizers, by player name."""

    def make(self, real):
        """Generates the examples for an update in training: fakes, reconstructions, codes.

        Draw noise with `randomness.batch_uniform` and `randomness.batch_latents`.

        Args:
            real: Real examples of a sub-batch, a dict of tensors with the keys of `spec`.

        Returns:
            Dict of tensors.
        """
        del real
        return {}

    def after(self, player, means, batch_size):
        """Runs after each update, for example to clip weights or to move a variable.

        Args:
            player: Name of the player that made the update.
            means: Values that its loss logged, as means over the global batch: scalars by name,
                the same on every replica.
            batch_size: Examples in the update over all replicas.
        """

    def ema_decay(self, batch_size):
        """Returns the decay of the averaged weights in this step; see `averages.decay`."""
        return averages.decay(self.ema_images, batch_size, self.step * batch_size)

    def schedules(self, batch_size):
        """Returns the `schedules.Schedule`s of the compiled model and of its optimizers.

        Args:
            batch_size: Examples in an update over all replicas.
        """
        found = schedules.of_optimizers(self, self.optimizers)
        if self.ema_images:
            name, images = "half-life of the average (images)", self.ema_schedule_images()
            found.append(schedules.over_images(name, images, self.ema_images, batch_size))
        return found + [s for contest in self.contests for s in contest.schedules(batch_size)]

    def ema_schedule_images(self):
        """Returns after how many images the half-life of the average no longer changes."""
        return averages.warm_up_images(self.ema_images)

    # Methods that Keras calls.

    @classmethod
    def from_config(cls, config):
        return super().from_config({**cls.legacy, **config})

    @property
    def metrics(self):
        return list(self._means.values())

    def train_step(self, batch):
        """Makes one step: the updates of all players of the stage, in order."""
        stage = self.stage
        batch = self.checked_batch(batch, stage.sub_batches)
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

    @property
    def players(self):
        """All players of all stages. If a name has several players, the last stage wins."""
        found = {}
        for stage in reversed(self.stages):
            for player in stage.players:
                found.setdefault(player.name, player)
        return tuple(found.values())

    @property
    def sub_batches(self):
        """The number of sub-batches k in the batch of a step.

        Give `fit` batches with k times the examples of one update. Sub-batch j holds the
        examples j, j + k, j + 2k and so on.
        """
        return self.stage.sub_batches


def check_model(model):
    """Raises `UserError` unless this is an `AdversarialModel`."""
    if not isinstance(model, AdversarialModel):
        raise UserError(
            "Expected a model of keras_gan, such as keras_gan.models.get('dcgan')(shape), or a run "
            f"directory. Received: {type(model).__name__}."
        )
