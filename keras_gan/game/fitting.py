"""What Keras' `fit` needs from a model that trains two players."""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import is_multi_worker, steps_of_workers
from keras_gan.errors import UserError
from keras_gan.game.players import build_optimizers, scaling_losses, synchronizing


class TwoOptimizers:
    """Mixin of `AdversarialModel`: `compile`, its config, and what stands between it and `fit`."""

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        *,
        seed=0,
        ema_images=None,
        reuse_fakes=True,
        accumulate_steps=1,
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
            accumulate_steps: Parts that the examples of an update are worked
                through in, one after another, to need less memory. Without batch
                norm the update is the same. Batch norm sees a part at a time,
                and its moving statistics move once a part. Fakes are not
                reused.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: Compile the step with XLA; with several replicas,
                forward passes and gradients, if nothing in them synchronises the
                replicas.
            steps_per_execution: As in `keras.Model.compile`.

        Raises:
            UserError: If `jit_compile`, or a lazy penalty, is asked for on several
                replicas and a layer synchronises them.
        """
        check_arguments(accumulate_steps=accumulate_steps)
        several = self._replicas > 1
        if jit_compile and several:
            _check_nothing_synchronises([*self.generators, *self.discriminators])
        if several:
            self.game.check_replicas(self.discriminators)
        super().compile(
            optimizer=None,
            run_eagerly=run_eagerly,
            jit_compile=jit_compile and not several,
            steps_per_execution=steps_per_execution,
        )
        self._compiles_gradients = jit_compile and several and not run_eagerly
        with self.distribute_strategy.scope():
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
        self.accumulate_steps = accumulate_steps
        self.reuse_fakes = reuse_fakes and accumulate_steps == 1

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
            "accumulate_steps": self.accumulate_steps,
            "run_eagerly": self.run_eagerly,
            "jit_compile": bool(self.jit_compile) or self._compiles_gradients,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))

    def make_train_function(self, force=False):
        if not is_multi_worker(self.distribute_strategy):
            super().make_train_function(force)
        elif self.train_function is None or force:
            self.train_function = steps_of_workers(
                self.distribute_strategy, self.train_step, self.steps_per_execution
            )

    @property
    def _replicas(self):
        return self.distribute_strategy.num_replicas_in_sync

    def _share(self, losses, optimizer):
        """Returns the share of the mean that this part on this replica has, scaled as needed.

        Gradients are summed over parts and replicas.
        """
        shares = self._replicas * self.accumulate_steps
        return optimizer.scale_loss(tf.reduce_mean(losses) / shares)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Builds nothing: all is built by now.

        Keras would first take a batch and average it over the replicas, which
        fails for dicts over several workers.
        """

    def _xla(self, function):
        """Returns the function, compiled by XLA where that is asked for part by part."""
        if not self._compiles_gradients:
            return function
        compiled = tf.function(function, jit_compile=True)

        def call(*args):
            try:
                return compiled(*args)
            except RuntimeError as error:
                if "merge_call" not in str(error):
                    raise
                raise UserError(
                    f"{type(self).__name__} synchronises the replicas in its losses or layers, so "
                    "jit_compile needs one device."
                ) from None

        return call


def _check_nothing_synchronises(networks):
    names = synchronizing(networks)
    if names:
        raise UserError(
            "--jit_compile works over several replicas only where nothing synchronises them. "
            f"Received: {names[0]}"
            + (f" and {len(names) - 1} more such layers" if names[1:] else "")
            + ". Drop --jit_compile, or train on one device."
        )
