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
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_batch
from keras_gan.distribution.replicas import ReplicaMean, global_mean, sum_over_replicas, together
from keras_gan.game import averages
from keras_gan.game.fitting import Fitting
from keras_gan.game.long_runs import LongRuns
from keras_gan.game.players import (
    Stage,
    add,
    check_players,
    gradient_norm,
)
from keras_gan.game.using import Using
from keras_gan.layers.core import ArgumentsAreConfig


class Made(NamedTuple):
    """What a system made of a batch, with what the makers need to learn from it.

    Attributes:
        examples: Dict of tensors: fakes, reconstructions, codes.
        tape: The gradient tape that watched the makers.
        state: Pairs of a variable of the makers' state, such as batch-norm statistics, and
            what this pass would make of it, or `None`.
        sub_batch: Number of the sub-batch that it was made for.
    """

    examples: dict
    tape: tf.GradientTape
    state: list
    sub_batch: int

    def state_of(self, variables):
        """Returns pairs (variable, value) of those of these variables that the pass moved."""
        own = {id(variable) for variable in variables}
        return [(v, x) for v, x in self.state if x is not None and id(v) in own]


class AdversarialModel(Fitting, Using, ArgumentsAreConfig, keras.Model, abc.ABC):
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
        tables = {
            "stages": (*stages, Stage("game" if stages else "", tuple(players))),
            "makers": tuple(makers),
            "functions": functions,
            "contests": tuple(contests),
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
            if not (player.needs_made and self.reuse_fakes):
                made = None
            elif made is None or made.sub_batch != sub_batch:
                made = self.draw(batch, self._number(player.name, j), sub_batch=sub_batch)
            self.update(player.name, batch, j, made)
            if self._moves_makers(player):
                made = None
        self.step.assign(self.step + 1)
        return {name: self._means[name].result() for name in self._logged_in(stage)}

    # An update.

    def draw(self, batch, number=0, part=0, sub_batch=None):
        """Makes examples of a part of a sub-batch; the makers' state is left alone.

        Args:
            batch: The step's examples on this replica.
            number: Number of the draw within the step.
            part: Number of the part, of `accumulate_steps`.
            sub_batch: Number of the sub-batch. Default: that of the update of this number.

        Returns:
            `Made`.
        """
        last = self.stage.sub_batches - 1
        sub_batch = min(number, last) if sub_batch is None else sub_batch
        real = self._part(batch, sub_batch, part)
        state = [v for network in self.makers for v in network.non_trainable_variables]

        def forward():
            with self._draws(number, "generator", part), keras.StatelessScope() as scope:
                examples = self.make(real)
            return examples, [scope.get_current_value(variable) for variable in state]

        with tf.GradientTape() as tape:
            examples, values = self._xla(forward)()
        return Made(examples, tape, list(zip(state, values, strict=True)), sub_batch)

    def update(self, name, batch, j=0, made=None, call=0):
        """Lets one player descend its loss, with all else frozen.

        Args:
            name: Name of the player.
            batch: The step's examples on this replica.
            j: Number of the update among the player's own in a step.
            made: What `draw` returned. Default: a new draw.
            call: 0 within a step; from 1 the number of a call of the player alone before it.
        """
        player = self._player(name)
        variables, state = player.variables, player.state
        optimizer, number = self.optimizers[name], self._number(name, j, call)
        sub_batch = self.stage.sub_batches - player.updates + j
        moves = self._moves_makers(player)

        def differentiate(part):
            real = self._part(batch, sub_batch, part)
            drawn = made
            if made is None and player.needs_made:
                drawn = self.draw(batch, number, part, sub_batch)
            examples = drawn.examples if drawn else {}
            floats = [x for x in tf.nest.flatten(examples) if x.dtype.is_floating] if moves else []
            # Passes in the loss go on from the state that making the examples left.
            known = drawn.state_of(state) if drawn else []
            with (
                keras.StatelessScope(state_mapping=known) as scope,
                self._draws(number, "discriminator", part),
                tf.GradientTape(watch_accessed_variables=False) as tape,
            ):
                tape.watch([*floats, *(variable.value for variable in variables)])
                loss = player.loss(real, examples)
                share = self._share(loss.total, optimizer)
            gradients, through = tape.gradient(share, [variables, floats])
            if floats:
                # As an output gradient `None` would count as one.
                through = [
                    tf.zeros_like(x) if g is None else g
                    for g, x in zip(through, floats, strict=True)
                ]
                pulled = drawn.tape.gradient(floats, variables, output_gradients=through)
                gradients = [add(a, b) for a, b in zip(gradients, pulled, strict=True)]
            for variable in state:
                value = scope.get_current_value(variable)
                if value is not None:
                    variable.assign(value)
            return gradients, {f"{name}_loss": loss.total, **loss.logged}

        gradients, values = self._accumulate(differentiate, variables)
        norm = self._descend(optimizer, gradients, variables)
        self._update_averages(player, batch)
        means = self._record(**{f"{name}_gradient_norm": norm}, **values)
        batch_size = self._batch_size(batch)
        for contest in self.contests:
            contest.after_update(means, batch_size)
        self.after(name, means, batch_size)

    def _accumulate(self, differentiate, variables):
        """Returns gradients and values to record of an update, from those of its parts.

        Args:
            differentiate: Function from the number of a part to the gradients of
                its share of the loss and a dict of per-example values.
            variables: What is differentiated by.
        """
        differentiate = self._xla(differentiate)

        def one(part):
            gradients, values = differentiate(part)
            means = {k: tf.reduce_mean(tf.cast(x, self.compute_dtype)) for k, x in values.items()}
            return gradients, {k: mean / self.accumulate_steps for k, mean in means.items()}

        sums = one(0)
        if self.accumulate_steps == 1:
            return sums if self._replicas == 1 else together(sums)
        # A sum in a loop cannot be `None`.
        known = [
            tf.zeros_like(v) if g is None else g for v, g in zip(variables, sums[0], strict=True)
        ]
        sums = known, sums[1]

        def add_part(part, sums):
            return part + 1, tf.nest.map_structure(add, sums, one(part))

        # Parts at the same time would need the memory of all of them.
        if self._replicas == 1:
            more = lambda part, sums: part < self.accumulate_steps  # noqa: E731
            return tf.while_loop(more, add_part, (1, sums), parallel_iterations=1)[1]
        for part in range(1, self.accumulate_steps):  # What synchronises cannot be in a loop.
            with tf.control_dependencies(sums[0]):
                _, sums = add_part(part, sums)
        return together(sums)

    def _descend(self, optimizer, gradients, variables):
        """Applies a player's gradients, summed over the replicas; returns their norm."""
        gradients = sum_over_replicas(gradients)
        norm = gradient_norm(optimizer, gradients)
        optimizer.apply(gradients, variables)
        return norm

    def _update_averages(self, player, batch):
        """Moves the averages of the networks that no later player of the step moves."""
        later = self.stage.players[self.stage.players.index(player) + 1 :]
        moved = {id(n) for n in player.networks} - {id(n) for p in later for n in p.networks}
        for network, average in self._averaged:
            if id(network) in moved:
                averages.update(average, network, self.ema_decay(self._batch_size(batch)))

    def _part(self, batch, sub_batch, part=0):
        """Returns a part of a sub-batch: examples j, j + k, j + 2 k, ... and of these every n-th.

        They are the same on any number of replicas; contiguous blocks would not be.
        """
        k, parts = self.stage.sub_batches, self.accumulate_steps
        if k * parts == 1:
            return batch

        def own(rows):
            groups = tf.reshape(rows, [-1, parts, k, *rows.shape[1:]])
            return tf.gather(groups[:, :, sub_batch], part, axis=1)

        return {key: own(rows) for key, rows in batch.items()}

    def _draws(self, number, who, part):
        """Returns a block in which the layers of a player, and latents, are drawn for a part."""
        seed = randomness.training_seed(self.seed, self.step, number, f"{who}_layers")
        purpose = "latents" if who == "generator" else "loss_latents"
        latents = randomness.training_seed(self.seed, self.step, number, purpose)
        return randomness.layer_draws(seed, part, self.accumulate_steps, latents)

    def _batch_size(self, batch):
        """Returns the examples of an update over all replicas, given a step's on this one."""
        return tf.nest.flatten(batch)[0].shape[0] // self.stage.sub_batches * self._replicas

    def _global_size(self, examples):
        """Returns the examples of an update over all replicas, given a part's on this one."""
        count = tf.nest.flatten(examples)[0].shape[0]
        return count * self._replicas * self.accumulate_steps

    def log(self, **means):
        """Adds scalars, the same on every replica, to the metrics of these names."""
        for name, mean in means.items():
            self._means[name].update_state(mean)

    def _record(self, **values):
        """Adds per-example values to the metrics; returns their means over the global batch."""
        local = tf.stack([tf.reduce_mean(tf.cast(x, self.compute_dtype)) for x in values.values()])
        means = dict(zip(values, tf.unstack(global_mean(local)), strict=True))
        self.log(**means)
        return means

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

    def _player(self, name):
        return next(player for player in self.stage.players if player.name == name)

    def _number(self, name, j, call=0):
        """Returns the number of an update within the step, by which its draws are made."""
        names = [player.name for player, _ in self.stage.updates]
        return call * len(names) + names.index(name) + j

    def _moves_makers(self, player):
        makers = {id(network) for network in self.makers}
        return any(id(network) in makers for network in player.networks)
