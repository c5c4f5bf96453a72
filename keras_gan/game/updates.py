"""One update of one player: generate examples, compute gradients, apply them.

An update differentiates the variables of one player and runs inside a `StatelessScope`. Only
that player's state is written back. This freezes everything else without using `trainable`.
"""

from typing import NamedTuple

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.distribution.replicas import global_mean, sum_over_replicas, together
from keras_gan.game import averages
from keras_gan.game.players import add, gradient_norm


class Made(NamedTuple):
    """Generated examples of a sub-batch, with the tape to train their makers.

    Attributes:
        examples: Dict of tensors: fakes, reconstructions, codes.
        tape: The gradient tape that recorded the makers.
        state: Pairs (state variable of the makers, its value after this pass), such as
            batch-norm statistics. The value is `None` if the pass did not change it.
        sub_batch: Number of the sub-batch.
    """

    examples: dict
    tape: tf.GradientTape
    state: list
    sub_batch: int

    def state_of(self, variables):
        """Returns pairs (variable, value) for those of the variables that the pass changed."""
        own = {id(variable) for variable in variables}
        return [(v, x) for v, x in self.state if x is not None and id(v) in own]


class Updates:
    """Mixin of `AdversarialModel`: generates examples (`draw`) and trains a player (`update`).

    Both work on any number of replicas. A part is one of `accumulate_steps` pieces of a
    sub-batch.
    """

    def draw(self, batch, number=0, part=0, sub_batch=None):
        """Generates examples for a part of a sub-batch, without changing the makers' state.

        Args:
            batch: The step's examples on this replica.
            number: Number of the draw within the step, which decides the latents.
            part: Number of the part, from 0 to `accumulate_steps` - 1.
            sub_batch: Number of the sub-batch. Default: `number`, or the last one if there are
                fewer.

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
        """Makes one update of a player. Everything else stays frozen.

        Args:
            name: Name of the player.
            batch: The step's examples on this replica.
            j: Number of the update among the player's updates in a step, from 0.
            made: The `Made` of an earlier `draw`, to reuse. Default: draw anew.
            call: 0 within a step. Extra calls before a step, which train one player alone, count
                from 1.
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
            # Passes in the loss start from the state after the examples were generated.
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
                # TensorFlow would take `None` as an output gradient of ones.
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
        if j == player.updates - 1:
            self._update_averages(player, batch)
        means = self._record(**{f"{name}_gradient_norm": norm}, **values)
        batch_size = self._batch_size(batch)
        for contest in self.contests:
            contest.after_update(means, batch_size)
        self.after(name, means, batch_size)

    def _accumulate(self, differentiate, variables):
        """Sums the gradients of all parts of an update, and averages the values to log.

        Args:
            differentiate: Function from the number of a part to (gradients of the part's share
                of the loss, dict of per-example values).
            variables: The variables of the gradients.

        Returns:
            (gradients, dict of means by name).
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

        # Running parts in parallel would need the memory of all of them.
        if self._replicas == 1:
            more = lambda part, sums: part < self.accumulate_steps  # noqa: E731
            return tf.while_loop(more, add_part, (1, sums), parallel_iterations=1)[1]
        for part in range(1, self.accumulate_steps):  # Replicas cannot synchronise in a loop.
            with tf.control_dependencies(sums[0]):
                _, sums = add_part(part, sums)
        return together(sums)

    def _descend(self, optimizer, gradients, variables):
        """Sums a player's gradients over the replicas, applies them and returns their norm."""
        gradients = sum_over_replicas(gradients)
        norm = gradient_norm(optimizer, gradients)
        optimizer.apply(gradients, variables)
        return norm

    def _update_averages(self, player, batch):
        """Updates the average of each network whose last player in the step is this one."""
        later = self.stage.players[self.stage.players.index(player) + 1 :]
        for network, average in self._averaged:
            if player.moves(network) and not any(other.moves(network) for other in later):
                averages.update(average, network, self.ema_decay(self._batch_size(batch)))

    def _part(self, batch, sub_batch, part=0):
        """Returns a part of a sub-batch.

        Sub-batch j of k holds the examples j, j + k, j + 2k and so on. Its parts divide it in
        the same way. The result is the same on any number of replicas; contiguous blocks would
        not be.
        """
        k, parts = self.stage.sub_batches, self.accumulate_steps
        if k * parts == 1:
            return batch

        def own(rows):
            groups = tf.reshape(rows, [-1, parts, k, *rows.shape[1:]])
            return tf.gather(groups[:, :, sub_batch], part, axis=1)

        return {key: own(rows) for key, rows in batch.items()}

    def _draws(self, number, who, part):
        """Opens a block that seeds the random layers and the latents of a part.

        Args:
            number: Number of the update or draw within the step.
            who: `"generator"` to generate examples, `"discriminator"` to compute a loss.
            part: Number of the part.
        """
        seed = randomness.training_seed(self.seed, self.step, number, f"{who}_layers")
        purpose = "latents" if who == "generator" else "loss_latents"
        latents = randomness.training_seed(self.seed, self.step, number, purpose)
        return randomness.layer_draws(seed, part, self.accumulate_steps, latents)

    def _batch_size(self, batch):
        """Returns the examples in an update over all replicas, from this replica's batch."""
        return tf.nest.flatten(batch)[0].shape[0] // self.stage.sub_batches * self._replicas

    def _global_size(self, examples):
        """Returns the examples in an update over all replicas, from this replica's part."""
        count = tf.nest.flatten(examples)[0].shape[0]
        return count * self._replicas * self.accumulate_steps

    def updates_done(self, name):
        """Returns the updates that a player has made, 0 before `compile`."""
        return self.optimizers[name].iterations if self.compiled else 0

    def log(self, **means):
        """Logs scalars by metric name. They must be the same on every replica."""
        if unknown := sorted(set(means) - set(self._means)):
            raise ValueError(
                f"Expected metrics of players and contests, or names in term_names. Received: "
                f"{unknown[0]}. Add it to term_names of {type(self).__name__}."
            )
        self._logged[self.stage.name].update(means)
        for name, mean in means.items():
            self._means[name].update_state(mean)

    def _record(self, **values):
        """Logs per-example values and returns their means over the global batch."""
        local = tf.stack([tf.reduce_mean(tf.cast(x, self.compute_dtype)) for x in values.values()])
        means = dict(zip(values, tf.unstack(global_mean(local)), strict=True))
        self.log(**means)
        return means

    def _player(self, name):
        return next(player for player in self.stage.players if player.name == name)

    def _number(self, name, j, call=0):
        """Returns the number of an update within the step, which seeds its draws."""
        names = [player.name for player, _ in self.stage.updates]
        return call * len(names) + names.index(name) + j

    def _moves_makers(self, player):
        return any(player.moves(network) for network in self.makers)
