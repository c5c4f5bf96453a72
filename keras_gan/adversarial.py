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

from keras_gan import ema, randomness
from keras_gan.checks import check_batch, check_choice, check_shape
from keras_gan.distribution import ReplicaMean, global_mean, sum_over_replicas
from keras_gan.errors import UserError
from keras_gan.layers import ArgumentsAreConfig
from keras_gan.players import (
    build_optimizers,
    check_players,
    gradient_norm,
    scaling_losses,
    trainable_variables,
)
from keras_gan.sampling import Sampling

_WATCHED = ("d_loss", "g_loss", "d_gradient_norm", "g_gradient_norm")


class Fakes(NamedTuple):
    """Generated examples, with what the generator update needs to learn from them.

    Attributes:
        examples: Dict like a batch; `image` holds the samples.
        tape: The gradient tape that watched the generators make them.
        state: Pairs (variable, value): what this pass would have made of the
            generators' state, such as batch-norm statistics.
    """

    examples: dict
    tape: tf.GradientTape
    state: list


class AdversarialModel(ArgumentsAreConfig, Sampling, keras.Model, abc.ABC):
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
        objective: A `losses.Objective`.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step, the paper's k. A batch given
            to `fit` holds d_steps times the examples of one update; update j
            takes every d_steps-th of them, from j.

    Attributes:
        tiny: Constructor arguments with which tests build the system quickly.
        term_names: Names of further per-example terms that the losses return.
        default_ema_images: Half-life of the averaged generator in images.
        step: Generator steps done, a scalar variable.
    """

    tiny = {}
    term_names = ()
    default_ema_images = 10_000

    def __init__(
        self,
        image_shape,
        *,
        generators,
        discriminators,
        objective,
        latent_dim,
        latent_prior="normal",
        d_steps=1,
    ):
        check_shape(image_shape)
        check_choice("latent_prior", latent_prior, randomness.PRIORS)
        # Losses and latents are of full precision, whatever the networks compute in.
        super().__init__(name=type(self).__name__.lower(), dtype=keras.config.floatx())
        self.image_shape = tuple(image_shape)
        self.latent_dim = latent_dim
        self.latent_prior = latent_prior
        self.d_steps = d_steps
        self.objective = objective
        self.generators = list(generators)
        self.discriminators = list(discriminators)
        self.averages = [ema.twin(network) for network in generators]
        check_players(trainable_variables([*self.generators, *self.discriminators]))
        self.generator, self.discriminator = generators[0], discriminators[0]
        self.averaged_generator = self.averages[0]
        self.step = self.add_weight(
            name="step",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        monitored = objective.monitors(tf.zeros(1), tf.zeros(1))
        self._means = {
            name: ReplicaMean(name) for name in (*_WATCHED, *monitored, *self.term_names)
        }
        self.built = True

    # What a system may change.

    @abc.abstractmethod
    def default_optimizers(self):
        """Returns the paper's (generator_optimizer, discriminator_optimizer)."""

    def generate(self, latents, batch):
        """Returns fake examples, a dict like `batch`, from latents [N, latent_dim]."""
        del batch
        return {"image": self.generator(latents, training=True)}

    def discriminate(self, examples):
        """Returns the discriminator's logits [N] for a dict of examples, in full precision."""
        logits = self.discriminator(examples["image"], training=True)
        return tf.cast(logits, self.compute_dtype)

    def discriminator_loss(self, real, fake):
        """Returns D's losses [N] and a dict of per-example values to log.

        Real and fake examples pass through D separately, so that batch norm
        sees the statistics of each kind.

        Args:
            real: Dict of real examples.
            fake: Dict of generated examples.
        """
        real_logits, fake_logits = self.discriminate(real), self.discriminate(fake)
        losses = self.objective.discriminator(real_logits, fake_logits)
        return losses, self.objective.monitors(real_logits, fake_logits)

    def generator_loss(self, real, fake):
        """Returns G's losses [N] and a dict of per-example values to log; see above."""
        del real
        return self.objective.generator(self.discriminate(fake)), {}

    def after_discriminator_update(self, means):
        """Called after each update of D, for instance to clip its weights.

        Args:
            means: D's loss and monitors of this update by name, scalars, the
                same on every replica.
        """

    # What Keras calls.

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        *,
        seed=0,
        ema_images=None,
        reuse_fakes=True,
        run_eagerly=False,
        jit_compile=False,
        steps_per_execution=1,
    ):
        """Configures training.

        Args:
            generator_optimizer: Optimizer of the generators. Default: the
                paper's. Its iterations count generator steps.
            discriminator_optimizer: Optimizer of the discriminators. Default:
                the paper's. Its iterations count d_steps a step.
            seed: Seed of the latents drawn in training.
            ema_images: Half-life of the averaged generator in images; 0 keeps
                it equal to the generator. Default: the system's.
            reuse_fakes: Let the generator learn from the samples that the last
                discriminator update saw, which saves a pass and changes no
                distribution; False draws fresh ones, as the papers' pseudo-code
                does.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: As in `keras.Model.compile`.
            steps_per_execution: As in `keras.Model.compile`.
        """
        super().compile(
            optimizer=None,
            run_eagerly=run_eagerly,
            jit_compile=jit_compile,
            steps_per_execution=steps_per_execution,
        )
        if jit_compile and self._replicas > 1:
            raise UserError(
                "jit_compile does not work with several replicas: batch norm and optimizers "
                f"synchronise them inside the step. Received: {self._replicas} replicas."
            )
        default_g, default_d = self.default_optimizers()
        optimizers = (generator_optimizer or default_g, discriminator_optimizer or default_d)
        self.generator_optimizer, self.discriminator_optimizer = (
            scaling_losses(keras.optimizers.get(optimizer), networks)
            for optimizer, networks in zip(
                optimizers, (self.generators, self.discriminators), strict=True
            )
        )
        with self.distribute_strategy.scope():
            build_optimizers(
                [
                    (self.generator_optimizer, self.generators),
                    (self.discriminator_optimizer, self.discriminators),
                ]
            )
        self.seed = seed
        self.ema_images = self.default_ema_images if ema_images is None else ema_images
        self.reuse_fakes = reuse_fakes

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.optimizers.serialize
        return {
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
            "seed": self.seed,
            "ema_images": self.ema_images,
            "reuse_fakes": self.reuse_fakes,
            "run_eagerly": self.run_eagerly,
            "jit_compile": bool(self.jit_compile),
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    @property
    def metrics(self):
        return list(self._means.values())

    def call(self, latents, training=False):
        """Returns the averaged generator's samples for latents [N, latent_dim]."""
        del training
        return self.averaged_generator(latents, training=False)

    def train_step(self, batch):
        """One generator step; see the module's docstring."""
        check_batch(batch, self.image_shape, self.d_steps)
        last = self.d_steps - 1
        for j in range(last):
            self.discriminator_update(batch, j)
        fakes = self.draw_fakes(batch, last)
        self.discriminator_update(batch, last, fakes)
        self.generator_update(batch, fakes if self.reuse_fakes else None)
        self.step.assign(self.step + 1)
        return self.get_metrics_result()

    # The two updates.

    def draw_fakes(self, batch, draw):
        """Generates as many examples as one update takes, leaving the generators' state alone.

        Args:
            batch: The step's examples on this replica.
            draw: Number of the draw within the step.

        Returns:
            `Fakes`.
        """
        real = self._part(batch, min(draw, self.d_steps - 1))
        count = tf.nest.flatten(real)[0].shape[0]
        seed = randomness.training_seed(self.seed, self.step, draw)
        latents = randomness.replica_latents(self.latent_prior, count, self.latent_dim, seed)
        latents = tf.cast(latents, self.compute_dtype)
        with (
            keras.StatelessScope() as scope,
            self._layer_draws(draw, "generator"),
            tf.GradientTape() as tape,
        ):
            examples = self.generate(latents, real)
        return Fakes(examples, tape, self._generators_state(scope))

    def _generators_state(self, scope):
        """Returns pairs (variable, value) of what a scope would change in the generators."""
        state = [
            (variable, scope.get_current_value(variable))
            for network in self.generators
            for variable in network.non_trainable_variables
        ]
        return [pair for pair in state if pair[1] is not None]

    def discriminator_update(self, batch, j=0, fakes=None):
        """Update j of the discriminators: ascend V(D, G) in D, with G frozen.

        Args:
            batch: The step's examples on this replica; update j takes every
                d_steps-th from j.
            j: Number of the update within the step.
            fakes: What `draw_fakes` returned. Default: a new draw.
        """
        real = self._part(batch, j)
        fakes = self.draw_fakes(batch, j) if fakes is None else fakes
        variables = trainable_variables(self.discriminators)
        with self._layer_draws(j, "discriminator"), tf.GradientTape() as tape:
            losses, terms = self.discriminator_loss(real, fakes.examples)
            loss = self._share(losses, self.discriminator_optimizer)
        gradients = sum_over_replicas(tape.gradient(loss, variables))
        norm = gradient_norm(self.discriminator_optimizer, gradients)
        self.discriminator_optimizer.apply(gradients, variables)
        self.after_discriminator_update(self._record(d_loss=losses, d_gradient_norm=norm, **terms))

    def generator_update(self, batch, fakes=None):
        """Updates the generators to make the frozen discriminators answer "real".

        Args:
            batch: The step's examples on this replica.
            fakes: What `draw_fakes` returned. Default: a new draw.
        """
        real = self._part(batch, self.d_steps - 1)
        fakes = self.draw_fakes(batch, self.d_steps) if fakes is None else fakes
        variables = trainable_variables(self.generators)
        samples = [x for x in tf.nest.flatten(fakes.examples) if x.dtype.is_floating]
        with (
            keras.StatelessScope() as scope,
            self._layer_draws(self.d_steps, "discriminator"),
            tf.GradientTape(watch_accessed_variables=False) as tape,
        ):
            tape.watch([*samples, *(variable.value for variable in variables)])
            losses, terms = self.generator_loss(real, fakes.examples)
            loss = self._share(losses, self.generator_optimizer)
        direct, through = tape.gradient(loss, [variables, samples])
        # As an output gradient `None` would count as one.
        through = [
            tf.zeros_like(x) if g is None else g for g, x in zip(through, samples, strict=True)
        ]
        pulled = fakes.tape.gradient(samples, variables, output_gradients=through)
        gradients = sum_over_replicas([_add(a, b) for a, b in zip(direct, pulled, strict=True)])
        for variable, value in [*fakes.state, *self._generators_state(scope)]:
            variable.assign(value)
        norm = gradient_norm(self.generator_optimizer, gradients)
        self.generator_optimizer.apply(gradients, variables)
        self._update_averages(real)
        self._record(g_loss=losses, g_gradient_norm=norm, **terms)

    def _update_averages(self, real):
        batch_size = tf.nest.flatten(real)[0].shape[0] * self._replicas
        kept = ema.decay(self.ema_images, batch_size, self.step * batch_size)
        for average, network in zip(self.averages, self.generators, strict=True):
            ema.update(average, network, kept)

    def _part(self, batch, j):
        """Returns sub-batch j: every d_steps-th example from j, the same on any number of replicas.

        Contiguous blocks would give replicas other sub-batches than one device.
        """
        if self.d_steps == 1:
            return batch
        return {
            key: tf.reshape(x, [x.shape[0] // self.d_steps, self.d_steps, *x.shape[1:]])[:, j]
            for key, x in batch.items()
        }

    def _layer_draws(self, draw, player):
        """Returns a block in which the random layers of a player draw for this step."""
        seed = randomness.training_seed(self.seed, self.step, draw, f"{player}_layers")
        return randomness.layer_draws(seed)

    @property
    def _replicas(self):
        return self.distribute_strategy.num_replicas_in_sync

    def _share(self, losses, optimizer):
        """Returns this replica's share of the mean, scaled as the optimizer wants it.

        Gradients are summed over the replicas.
        """
        return optimizer.scale_loss(tf.reduce_mean(losses) / self._replicas)

    def _record(self, **values):
        """Adds per-example values to the metrics; returns their means over the global batch."""
        local = tf.stack([tf.reduce_mean(tf.cast(x, tf.float32)) for x in values.values()])
        means = dict(zip(values, tf.unstack(global_mean(local)), strict=True))
        for name, mean in means.items():
            self._means[name].update_state(mean)
        return means


def _add(a, b):
    if a is None or b is None:
        return b if a is None else a
    return a + b
