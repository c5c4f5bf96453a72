"""The abstract base of all systems: two players and one training step.

A step is the combined-model trick of the literature: k discriminator updates,
then one generator update that pushes the frozen discriminator's answer towards
"real". In Keras 3 freezing by `trainable = False` silently stops D's own
training and switches its batch norm to moving statistics. Here `trainable` is
never touched: each update differentiates its own player's variables only, and
the other player runs inside a `StatelessScope`, which uses batch statistics and
discards every update of its state.
"""

import abc
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments, check_batch, check_choice, check_shape
from keras_gan.distribution.replicas import ReplicaMean, global_mean, sum_over_replicas, together
from keras_gan.game import averages as ema
from keras_gan.game.contest import Game
from keras_gan.game.fitting import TwoOptimizers
from keras_gan.game.functions import Sampling
from keras_gan.game.hooks import Hooks
from keras_gan.game.long_runs import LongRuns
from keras_gan.game.pieces import TakesPieces, choose
from keras_gan.game.players import add, check_players, gradient_norm, trainable_variables
from keras_gan.layers.core import ArgumentsAreConfig
from keras_gan.layers.minibatch import comparing

_WATCHED = ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm")


class Fakes(NamedTuple):
    """Generated examples, with what the generator update needs to learn from them.

    Attributes:
        examples: Dict like a batch; `image` holds the samples.
        tape: The gradient tape that watched the generators make them.
        state: What this pass would have made of the generators' state, such as
            batch-norm statistics: a value, or `None`, for each variable of it.
    """

    examples: dict
    tape: tf.GradientTape
    state: list


class AdversarialModel(
    Hooks, TakesPieces, ArgumentsAreConfig, Sampling, TwoOptimizers, keras.Model, abc.ABC
):
    """Base of the systems; a system supplies networks, losses and defaults.

    Subclass it once for a system. The subclass' constructor takes
    `image_shape` and keyword-only hyperparameters and hands its networks to
    this one; `get_config` is made from those arguments.

    Args:
        image_shape: Shape of an example, (height, width, channels) or
            (dimensions,).
        generators: Networks of the generating player; the first one maps
            latents [N, latent_dim] to examples.
        discriminators: Networks of the discriminating player; the first one
            maps examples to logits [N].
        pieces: The shared arguments that the constructor was given, by name; see
            `pieces.Pieces`.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step, the paper's k. A batch given
            to `fit` holds d_steps times the examples of one update; update j
            takes every d_steps-th of them, from j.

    Attributes:
        tiny: Constructor arguments with which tests build the system quickly,
        tiny_shape: and the shape of the images for which they do.
        term_names: Names of further per-example terms that the losses return.
        default_ema_images: Half-life of the averaged generator in images.
        needs_labels: Whether each example needs a label.
        takes_unlabelled: Whether it learns from examples of the label -1, which have none.
        long_runs: `LongRuns` of D between the steps; see `callbacks.DiscriminatorRuns`.
        step: Generator steps done, a scalar variable.
    """

    tiny, tiny_shape = {}, (16, 16, 1)
    term_names = ()
    default_ema_images = 10_000
    needs_labels = takes_unlabelled = False
    long_runs = LongRuns()

    def __init__(
        self,
        image_shape,
        *,
        generators,
        discriminators,
        latent_dim,
        latent_prior="normal",
        d_steps=1,
        pieces=None,
    ):
        check_shape(image_shape)
        check_choice("latent_prior", latent_prior, randomness.PRIORS)
        check_arguments(d_steps=d_steps)
        # Losses and latents are of full precision, whatever the networks compute in.
        super().__init__(name=type(self).__name__.lower(), dtype=keras.config.floatx())
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.latent_prior = latent_prior
        self.d_steps = d_steps
        chosen = choose(type(self), pieces or {})
        chosen.check_examples(type(self).__name__, self.image_shape)
        self.game = Game(chosen)
        self.game.check_discriminators(type(self).__name__, discriminators, self.bounded_critic)
        self.generators = list(generators)
        self.discriminators = [comparing(x, chosen.minibatch) for x in discriminators]
        self.averages = [ema.twin(network) for network in generators]
        check_players(trainable_variables([*self.generators, *self.discriminators]))
        self.generator, self.discriminator = generators[0], self.discriminators[0]
        self.averaged_generator = self.averages[0]
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        logged = (*_WATCHED, *self.game.monitored, *self.game.names, *self.term_names)
        self._means = {name: ReplicaMean(name) for name in logged}
        self.built = True

    # What Keras calls.

    @property
    def metrics(self):
        return list(self._means.values())

    def call(self, latents, training=False):
        """Returns the averaged generator's samples for latents [N, latent_dim].

        Where there are `conditions`, for a dict of `latents` and them by name.
        """
        del training
        return self.averaged_generator(latents, training=False)

    def train_step(self, batch):
        """One generator step; see the module's docstring."""
        check_batch(batch, self.image_shape, self.d_steps, self.accumulate_steps)
        last = self.d_steps - 1
        for j in range(last):
            self.discriminator_update(batch, j)
        fakes = self.draw_fakes(batch, last) if self.reuse_fakes else None
        self.discriminator_update(batch, last, fakes)
        self.generator_update(batch, fakes)
        self.step.assign(self.step + 1)
        return self.get_metrics_result()

    # The two updates.

    def draw_fakes(self, batch, draw, part=0, call=0):
        """Generates as many examples as a part of an update takes.

        The generators' state is left alone.

        Args:
            batch: The step's examples on this replica.
            draw: Number of the draw within the step.
            part: Number of the part, of `accumulate_steps`.
            call: See `discriminator_update`.

        Returns:
            `Fakes`.
        """
        real = self._part(batch, min(draw, self.d_steps - 1), part)
        count = tf.nest.flatten(real)[0].shape[0]
        number = self._draw_number(draw, call)

        def forward():
            seed = randomness.training_seed(self.seed, self.step, number)
            with self._draws(number, "generator", part), keras.StatelessScope() as scope:
                latents = randomness.replica_latents(
                    self.latent_prior, count, self.latent_dim, seed
                )
                latents = tf.cast(latents, self.compute_dtype)
                examples = self.generate(latents, real)
            return examples, self._generators_state(scope)

        with tf.GradientTape() as tape:
            examples, state = self._xla(forward)()
        return Fakes(examples, tape, state)

    def _generators_state(self, scope):
        """Returns what a scope would make of the generators' state; `None` for what it leaves."""
        return [scope.get_current_value(variable) for variable in self._state_variables()]

    def _state_variables(self):
        return [v for network in self.generators for v in network.non_trainable_variables]

    def discriminator_update(self, batch, j=0, fakes=None, call=0):
        """Update j of the discriminators: ascend V(D, G) in D, with G frozen.

        Args:
            batch: The step's examples on this replica; update j takes every
                d_steps-th from j.
            j: Number of the update within the step.
            fakes: What `draw_fakes` returned. Default: a new draw.
            call: 0 within a step; from 1 the number of a call of D alone before it.
        """
        variables = trainable_variables(self.discriminators)
        number = self._draw_number(j, call)

        def differentiate(part):
            real = self._part(batch, j, part)
            fake = self.draw_fakes(batch, j, part, call) if fakes is None else fakes
            with self._draws(number, "discriminator", part), tf.GradientTape() as tape:
                losses, terms = self.discriminator_loss(real, fake.examples)
                loss = self._share(losses, self.discriminator_optimizer)
            return tape.gradient(loss, variables), {"d_loss": losses, **terms}

        gradients, values = self._accumulate(differentiate, variables)
        norm = self._descend(self.discriminator_optimizer, gradients, variables)
        means = self._record(d_gradient_norm=norm, **values)
        self.game.after_update(means, self._batch_size(batch))
        self.after_discriminator_update(means)

    def generator_update(self, batch, fakes=None):
        """Updates the generators to make the frozen discriminators answer "real".

        Args:
            batch: The step's examples on this replica.
            fakes: What `draw_fakes` returned. Default: a new draw.
        """
        variables = trainable_variables(self.generators)

        def differentiate(part):
            real = self._part(batch, self.d_steps - 1, part)
            drawn = self.draw_fakes(batch, self.d_steps, part) if fakes is None else fakes
            samples = [x for x in tf.nest.flatten(drawn.examples) if x.dtype.is_floating]
            with (
                keras.StatelessScope() as scope,
                self._draws(self.d_steps, "discriminator", part),
                tf.GradientTape(watch_accessed_variables=False) as tape,
            ):
                tape.watch([*samples, *(variable.value for variable in variables)])
                losses, terms = self.generator_loss(real, drawn.examples)
                loss = self._share(losses, self.generator_optimizer)
            direct, through = tape.gradient(loss, [variables, samples])
            # As an output gradient `None` would count as one.
            through = [
                tf.zeros_like(x) if g is None else g for g, x in zip(through, samples, strict=True)
            ]
            pulled = drawn.tape.gradient(samples, variables, output_gradients=through)
            for state in (drawn.state, self._generators_state(scope)):
                for variable, value in zip(self._state_variables(), state, strict=True):
                    if value is not None:
                        variable.assign(value)
            gradients = [add(a, b) for a, b in zip(direct, pulled, strict=True)]
            return gradients, {"g_loss": losses, **terms}

        gradients, values = self._accumulate(differentiate, variables)
        norm = self._descend(self.generator_optimizer, gradients, variables)
        self._update_averages(batch)
        self._record(g_gradient_norm=norm, **values)

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

    def _update_averages(self, batch):
        kept = self.ema_decay(self._batch_size(batch))
        for average, network in zip(self.averages, self.generators, strict=True):
            ema.update(average, network, kept)

    def _part(self, batch, j, part=0):
        """Returns a part of sub-batch j: of every d_steps-th example from j, every so-many-th.

        They are the same on any number of replicas; contiguous blocks would not be.
        """
        k, parts = self.d_steps, self.accumulate_steps
        if k * parts == 1:
            return batch
        return {
            key: tf.gather(tf.reshape(x, [-1, parts, k, *x.shape[1:]])[:, :, j], part, axis=1)
            for key, x in batch.items()
        }

    def _draw_number(self, draw, call):
        return call * (self.d_steps + 1) + draw

    def _draws(self, draw, player, part):
        """Returns a block in which the layers of a player, and latents, are drawn for a part."""
        seed = randomness.training_seed(self.seed, self.step, draw, f"{player}_layers")
        return randomness.layer_draws(seed, part, self.accumulate_steps)

    def _batch_size(self, batch):
        """Returns the examples of an update over all replicas, of a step's on this one."""
        return tf.nest.flatten(batch)[0].shape[0] // self.d_steps * self._replicas

    def _in_all(self, examples):
        """Returns the examples of an update over all replicas, of a part's on this one."""
        return examples["image"].shape[0] * self._replicas * self.accumulate_steps

    def _record(self, **values):
        """Adds per-example values to the metrics; returns their means over the global batch."""
        local = tf.stack([tf.reduce_mean(tf.cast(x, self.compute_dtype)) for x in values.values()])
        means = dict(zip(values, tf.unstack(global_mean(local)), strict=True))
        for name, mean in means.items():
            self._means[name].update_state(mean)
        return means
