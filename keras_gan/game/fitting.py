"""What Keras' `fit` needs from a model of several players: optimizers, stages, replicas."""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import is_multi_worker, steps_of_workers
from keras_gan.errors import UserError
from keras_gan.game.players import build_optimizers, scaling_losses, synchronizing


class Fitting:
    """Mixin of `AdversarialModel`: `compile`, its config, and what stands between it and `fit`."""

    _stage = None

    def compile(
        self,
        optimizers=None,
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
            optimizers: Optimizers by the names of the players. Default for each: the paper's.
                Their iterations count the player's updates.
            seed: Seed of the latents and layers drawn in training.
            ema_images: Half-life of the averaged networks in images; 0 keeps them equal to
                those that train. Default: the system's.
            reuse_fakes: Let the generator learn from the samples that the last discriminator
                update saw, which saves a pass and changes no distribution; False draws fresh
                ones, as the papers' pseudo-code does.
            accumulate_steps: Parts that the examples of an update are worked through in, one
                after another, to need less memory. Without batch norm the update is the same.
                Batch norm sees a part at a time, and its moving statistics move once a part.
                Fakes are not reused.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: Compile the step with XLA; with several replicas, forward passes and
                gradients, if nothing in them synchronises the replicas.
            steps_per_execution: As in `keras.Model.compile`.

        Raises:
            UserError: If `jit_compile`, or a lazy penalty, is asked for on several replicas and
                a layer synchronises them; for an optimizer of no player.
        """
        check_arguments(accumulate_steps=accumulate_steps)
        given = dict(optimizers or {})
        names = [player.name for player in self.players]
        if unknown := sorted(set(given) - set(names)):
            raise UserError(
                f"{type(self).__name__} has the players {', '.join(names)}. Received an optimizer "
                f"for {unknown[0]!r}."
            )
        several = self._replicas > 1
        networks = [network for player in self.players for network in player.networks]
        if jit_compile and several:
            _check_nothing_synchronises(networks)
        if several:
            self.check_replicas()
        super().compile(
            optimizer=None,
            run_eagerly=run_eagerly,
            jit_compile=jit_compile and not several,
            steps_per_execution=steps_per_execution,
        )
        self._compiles_gradients = jit_compile and several and not run_eagerly
        with self.distribute_strategy.scope():
            default = self.default_optimizers()
        self.optimizers = {
            player.name: scaling_losses(
                keras.optimizers.get(given.get(player.name) or default[player.name]),
                player.networks,
            )
            for player in self.players
        }
        with self.distribute_strategy.scope():
            build_optimizers([(self.optimizers[p.name], p.variables) for p in self.players])
        self.seed = seed
        self.ema_images = self.default_ema_images if ema_images is None else ema_images
        self.accumulate_steps = accumulate_steps
        self.reuse_fakes = reuse_fakes and accumulate_steps == 1

    def check_replicas(self):
        """Raises `UserError` if the system cannot be trained on several replicas."""

    def get_compile_config(self):
        if not self.compiled:
            return {}
        serialize = keras.optimizers.serialize
        return {
            "optimizers": {name: serialize(x) for name, x in self.optimizers.items()},
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

    # Stages: each has a function of its own, traced once; `fit` calls the one that is due.

    @property
    def stage(self):
        """The `Stage` that a step is traced for: the last, unless `fit` says another."""
        return self._stage or self.stages[-1]

    def stage_at(self, step):
        """Returns (the `Stage` of the step after so many, the steps that are left of it)."""
        for stage in self.stages[:-1]:
            if step < stage.steps:
                return stage, stage.steps - step
            step -= stage.steps
        return self.stages[-1], None

    def make_train_function(self, force=False):
        if len(self.stages) == 1:
            self._make_one_train_function(force)
        elif self.train_function is None or force or not hasattr(self.train_function, "begin"):
            self.train_function = _Staged(self)
        if len(self.stages) > 1:
            self.train_function.begin()

    def _make_one_train_function(self, force=False):
        """Makes the function that Keras calls with an iterator, for the stage that is set."""
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
        """Returns what this part on this replica adds to the mean loss, scaled for float16.

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


class _Staged:
    """The function that `fit` calls where a run has several stages; one trace for each.

    Which stage a step belongs to is a function of the step alone, so that a run that is resumed
    goes on in the right one.

    Args:
        model: The compiled model.
    """

    def __init__(self, model):
        self.model, self.traced, self.step = model, {}, 0

    def begin(self):
        """Reads the step that the model is at, as `fit` begins."""
        self.step = int(self.model.step.numpy())

    def __call__(self, iterator):
        model, count = self.model, self.model.steps_per_execution
        stage, left = model.stage_at(self.step)
        if left is not None and left < count:
            raise UserError(
                f"The stage {stage.name} ends in the middle of a call of {count} steps. Compile "
                f"with a steps_per_execution that divides the steps of each stage."
            )
        object.__setattr__(model, "_stage", stage)  # Past Keras' tracking of attributes.
        try:
            if stage.name not in self.traced:
                model._make_one_train_function(force=True)
                self.traced[stage.name] = model.train_function
            logs = self.traced[stage.name](iterator)
        finally:
            object.__setattr__(model, "_stage", None)
            model.train_function = self
        if left is not None and count > 1:
            self.begin()  # A call makes fewer steps where the data ends.
        else:
            self.step += count
        return logs


def _check_nothing_synchronises(networks):
    names = synchronizing(networks)
    if names:
        raise UserError(
            "--jit_compile works over several replicas only where nothing synchronises them. "
            f"Received: {names[0]}"
            + (f" and {len(names) - 1} more such layers" if names[1:] else "")
            + ". Drop --jit_compile, or train on one device."
        )
