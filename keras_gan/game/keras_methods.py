"""Keras' own methods on a model with several players: what they do, or what to do instead."""

import keras
import numpy as np

from keras_gan.checks import check_batch
from keras_gan.errors import UserError
from keras_gan.game.given_data import GivenData, prepared, with_rows


class KerasMethods:
    """Mixin of `AdversarialModel`: `fit` and other methods of `keras.Model`."""

    _rows = None  # Examples in a batch, if only `fit` knows.
    _shapes = None  # Their shapes when the step was traced.
    num_classes = None  # Of the labels in batches; `None` if the model takes none.

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=None,
        class_weight=None,
        sample_weight=None,
        **others,
    ):
        """Trains the model. The arguments are those of `keras.Model.fit`.

        Images in uint8, from 0 to 255, are scaled to [-1, 1].

        Args:
            x: Batches that are dicts with the keys of `spec`, and `label` [B] where the system
                learns from labels: a `tf.data.Dataset`, a `keras.utils.PyDataset`, a generator,
                or a dict of arrays. All batches have the same size.
            y: Not supported: labels are in the dict.
            batch_size: Examples in a batch of arrays. Default: 32.
            epochs: As in Keras.
            verbose: As in Keras.
            callbacks: As in Keras.
            validation_split: Not supported: a game has no validation loss.
            validation_data: Not supported.
            shuffle: Whether to shuffle arrays or a `PyDataset`. Default: yes.
            class_weight: Not supported.
            sample_weight: Not supported.
            **others: As in Keras.

        Returns:
            Keras' `History`.

        Raises:
            UserError: For arguments that are not supported; if the batches do not fit, or images
                are floats outside of [-1, 1].
        """
        self._assert_compile_called("fit")
        _refuse_targets(y, sample_weight, class_weight)
        if validation_split or validation_data is not None:
            raise _no_validation("validation data")
        given = self._given(x, batch_size)
        if shuffle is None:  # Keras warns if it is true for data that it does not shuffle.
            shuffle = isinstance(x, dict | keras.utils.PyDataset)
        counters = [self.step, *(x.iterations for x in self.optimizers.values())]
        with given.reporting(counters):
            return super().fit(
                given.x,
                batch_size=batch_size,
                epochs=epochs,
                verbose=verbose,
                callbacks=callbacks,
                shuffle=shuffle,
                **others,
            )

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Makes one step with one batch, a dict of arrays as in `fit`; returns the metrics."""
        _refuse_targets(y, sample_weight, class_weight)
        shapes = [np.shape(part) for part in x.values()] if isinstance(x, dict) else []
        size = next((shape[0] for shape in shapes if shape), None)
        return super().train_on_batch(self._given(x, size).x, return_dict=return_dict)

    def _given(self, x, batch_size):
        """Returns the `GivenData` of a call, whose batches may have another size than before."""
        first = -1 if self.takes_unlabelled else 0
        labels = range(first, self.num_classes) if self.num_classes else None
        given = GivenData(x, self.spec, batch_size, labels)
        if (given.rows, given.shapes) != (self._rows, self._shapes):  # Traced for one size.
            for name, value in (("_rows", given.rows), ("_shapes", given.shapes)):
                object.__setattr__(self, name, value)  # Past Keras' tracking of attributes.
            self.train_function = None
        return given

    def evaluate(self, *args, **kwargs):
        """Not supported: a game has no validation loss. See `keras_gan.evaluate`."""
        raise _no_validation("a call of evaluate")

    def test_on_batch(self, *args, **kwargs):
        """Not supported: a game has no validation loss. See `keras_gan.evaluate`."""
        raise _no_validation("a call of test_on_batch")

    def export(self, filepath, format="tf_saved_model", **options):
        """Exports the averaged network of the first function, as `keras.Model.export` does.

        `keras_gan.export` writes all functions, with checks, signatures for seeds and PNG files,
        and a server's files.
        """
        function = self.function()
        specs = {port.name: port.spec for port in function.inputs}
        inputs = specs if len(specs) > 1 else next(iter(specs.values()))
        function.averaged.export(filepath, format, **{"input_signature": [inputs], **options})

    def checked_batch(self, batch, sub_batches):
        """Checks the batch of a step on this replica and returns it as the networks take it.

        Args:
            batch: What Keras gives to a step.
            sub_batches: Number of sub-batches in it.

        Raises:
            UserError: If it is no dict with the keys, shapes and dtypes of `spec`.
        """
        batch = with_rows(batch, self._rows and self._rows // self._replicas)
        check_batch(batch, self.spec, sub_batches, self.accumulate_steps)
        return prepared(batch, self.spec)


class Optimizers:
    """The optimizers of all players as one, for Keras' callbacks that set the learning rate.

    `LearningRateScheduler` and `ReduceLROnPlateau` set the rate of each of `optimizers`.

    Args:
        model: A compiled `AdversarialModel`.

    Attributes:
        optimizers: A `PlayersRate` for each player.
    """

    built = True

    def __init__(self, model):
        self.model = model
        self.optimizers = [PlayersRate(name, x) for name, x in model.optimizers.items()]

    @property
    def iterations(self):
        """The number of finished steps."""
        return self.model.step

    @property
    def variables(self):
        """The variables of all optimizers."""
        return [v for optimizer in self.model.optimizers.values() for v in optimizer.variables]


class PlayersRate:
    """The learning rate of a player, under the player's name.

    Args:
        name: Name of the player.
        optimizer: Its optimizer.
    """

    def __init__(self, name, optimizer):
        self.name, self.optimizer = name, optimizer

    @property
    def learning_rate(self):
        """The learning rate, which can be set if it follows no schedule."""
        return self.optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        try:
            self.optimizer.learning_rate = value
        except TypeError:
            raise UserError(
                f"The learning rate of the player {self.name} follows a schedule of its own, so a "
                "callback cannot set it. Compile with an optimizer of a fixed learning rate, or "
                "drop the callback."
            ) from None


def get_optimizer(given, player):
    """Returns a Keras optimizer from an instance, a name such as `"adam"`, or its config.

    Raises:
        UserError: If it is none of these.
    """
    try:
        return keras.optimizers.get(given)
    except (ValueError, TypeError, KeyError):
        raise UserError(
            f"Expected a Keras optimizer or its name for the player {player}. Received: {given!r}. "
            "Give optimizers by player, such as compile(optimizers={'d': 'adam', 'g': 'adam'})."
        ) from None


def unknown_settings(model, settings):
    """Returns the `UserError` for arguments of `compile` that a game does not take."""
    name, value = next(iter(settings.items()))
    if name == "optimizer":
        each = ", ".join(f"{player.name!r}: {value!r}" for player in model.players)
        advice = f"Give one for each player: compile(optimizers={{{each}}})."
    elif name in ("loss", "loss_weights", "metrics", "weighted_metrics"):
        advice = (
            "A system has its own losses and metrics: drop it. docs/extending.md says how to "
            "change a loss."
        )
    else:
        advice = "Drop it."
    return UserError(
        f"{type(model).__name__}.compile takes no {name}. Received: {name}={value!r}. {advice}"
    )


def _refuse_targets(y, sample_weight, class_weight):
    if y is not None:
        raise UserError(
            "Expected no y: labels are in the dict, as in fit({'image': images, 'label': labels}). "
            "Received: y."
        )
    for name, value in (("sample_weight", sample_weight), ("class_weight", class_weight)):
        if value is not None:
            raise UserError(
                f"{name} is not supported, because the players compare whole batches. Received: "
                f"{name}. To let some examples count more, serve them more often, as by "
                "tf.data.Dataset.sample_from_datasets."
            )


def _no_validation(received):
    return UserError(
        "A game of several players has no validation loss: the losses say who is ahead, not how "
        f"good the samples are. Received: {received}. Compare samples with real examples by "
        "keras_gan.evaluate(model, source), or while training by the callback "
        "keras_gan.callbacks.Evaluate."
    )
