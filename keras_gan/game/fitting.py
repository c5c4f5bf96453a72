"""Lets Keras' `compile` and `fit` train several players: optimizers, stages, replicas."""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import is_multi_worker, steps_of_workers
from keras_gan.errors import UserError
from keras_gan.game.keras_methods import Optimizers, get_optimizer, unknown_settings
from keras_gan.game.players import build_optimizers, scaling_losses, synchronizing


class Fitting:
    """Mixin of `AdversarialModel`: `compile`, its config, and the train function of each stage."""

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
        **others,
    ):
        """Configures training.

        Args:
            optimizers: Dict by player name of optimizers or their names, such as `"adam"`.
                Default: the paper's optimizer for each player. An optimizer's `iterations` count
                the updates of its player.
            seed: Seed of the random numbers in training: latents, dropout, augmentation.
            ema_images: Half-life of the averaged networks, in images. With 0 they equal the
                networks in training. Default: the system's.
            reuse_fakes: Whether the generator learns from the samples of the last discriminator
                update. This saves a forward pass and does not change any distribution. `False`
                draws new samples, as the papers' pseudo-code does.
            accumulate_steps: Number of parts into which each update splits its examples. It
                works through them one after another, which needs less memory. Without batch
                norm the update is the same. Batch norm sees one part at a time and moves its
                statistics once for each part. Samples are then not reused.
            run_eagerly: As in `keras.Model.compile`.
            jit_compile: Whether to compile the step with XLA. On several replicas only forward
                passes and gradients are compiled, and no layer in them may synchronise the
                replicas.
            steps_per_execution: As in `keras.Model.compile`.
            **others: None: other arguments of `keras.Model.compile` are refused.

        Raises:
            UserError: If an optimizer belongs to no player, or an argument is unknown; if a layer
                synchronises the replicas and `jit_compile` or a lazy penalty does not allow it.
        """
        if optimizers is not None and not isinstance(optimizers, dict):
            others = {"optimizer": optimizers, **others}
        if others:
            raise unknown_settings(self, others)
        check_arguments(accumulate_steps=accumulate_steps)
        given = dict(optimizers or {})
        names = [player.name for player in self.players]
        if unknown := sorted(set(given) - set(names)):
            raise UserError(
                f"{type(self).__name__} has the players {', '.join(names)}. Received: an optimizer "
                f"for {unknown[0]!r}. Leave it out."
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
                get_optimizer(given.get(player.name) or default[player.name], player.name),
                player.networks,
            )
            for player in self.players
        }
        with self.distribute_strategy.scope():
            build_optimizers([(self.optimizers[p.name], p.variables) for p in self.players])
        object.__setattr__(self, "optimizer", Optimizers(self))  # Past Keras' tracking.
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

    # Stages: each has its own train function, traced once. `fit` calls the current one.

    @property
    def stage(self):
        """The current `Stage`: the last one, unless `fit` is running an earlier one."""
        return self._stage or self.stages[-1]

    def stage_at(self, step):
        """Returns the `Stage` that follows `step` finished steps, and the steps left in it.

        The steps left are `None` for the last stage, which has no end.
        """
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
        """Makes the function that Keras calls with an iterator, for the current stage."""
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
        """Returns this part's and replica's share of the mean loss, scaled for float16.

        Gradients are later summed over parts and replicas.
        """
        shares = self._replicas * self.accumulate_steps
        return optimizer.scale_loss(tf.reduce_mean(losses) / shares)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Does nothing, because the model is already built.

        Keras would take a batch and average it over the replicas, which fails for dicts on
        several workers.
        """

    def _xla(self, function):
        """Compiles a function with XLA if `jit_compile` applies to parts of the step."""
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
                    "jit_compile on several replicas needs losses and layers that do not "
                    f"synchronise them. Received: {type(self).__name__}, which does. Drop "
                    "jit_compile, or train on one device."
                ) from None

        return call


class _Staged:
    """The train function of a run with several stages. Each stage is traced once.

    The stage depends only on the step, so a resumed run continues in the right stage.

    Args:
        model: The compiled model.
    """

    def __init__(self, model):
        self.model, self.traced, self.step = model, {}, 0

    def begin(self):
        """Reads the model's step when `fit` begins."""
        self.step = int(self.model.step.numpy())

    def __call__(self, iterator):
        model, count = self.model, self.model.steps_per_execution
        stage, left = model.stage_at(self.step)
        if left is not None and left < count:
            raise UserError(
                "Expected a steps_per_execution that divides the steps of each stage. Received: "
                f"{count}, so that the stage {stage.name} ends in the middle of a call of {count} "
                "steps. Compile with another steps_per_execution."
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
            self.begin()  # The call made fewer steps if the data ended.
        else:
            self.step += count
        return logs


def _check_nothing_synchronises(networks):
    names = synchronizing(networks)
    if names:
        raise UserError(
            "--jit_compile works on several replicas only if no layer synchronises them. "
            f"Received: {names[0]}"
            + (f" and {len(names) - 1} more such layers" if names[1:] else "")
            + ". Drop --jit_compile, or train on one device."
        )
