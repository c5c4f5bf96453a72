"""Players and stages: which networks learn from which loss, and in which order."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_gan.distribution.replicas import takes_summed_gradients
from keras_gan.errors import UserError

_TITLES = {"d": "discriminator", "g": "generator"}


class Player(NamedTuple):
    """A player: networks that learn from one loss. In a step the players take turns.

    Attributes:
        name: Short name, the prefix of the player's metrics (`d_loss`) and the key of its
            optimizer. `"d"` is the discriminator and `"g"` the generator.
        networks: Networks and layers that its updates change: their weights and their state,
            such as batch-norm statistics or a pool of past samples. All others are frozen.
        loss: Function from (real, made), two dicts of examples, to a `Loss`.
        updates: Number of its updates in a step, the paper's k.
        needs_made: Whether its loss uses generated examples. `False` skips making them.
    """

    name: str
    networks: tuple
    loss: Callable
    updates: int = 1
    needs_made: bool = True

    @property
    def title(self):
        """The name in full, such as `discriminator`."""
        return _TITLES.get(self.name, self.name)

    @property
    def variables(self):
        """The weights that its optimizer updates."""
        return trainable_variables(self.networks)

    @property
    def state(self):
        """The variables that its forward passes update, such as batch-norm statistics."""
        return [v for network in self.networks for v in network.non_trainable_variables]

    def moves(self, network):
        """Returns whether its updates change any variable of a network."""
        own = {id(variable) for mine in self.networks for variable in mine.variables}
        return any(id(variable) in own for variable in network.variables)


class Stage(NamedTuple):
    """A part of a run with its own list of players, such as pre-training.

    Attributes:
        name: Name of the stage.
        players: `Player`s, in the order of their updates.
        steps: Number of steps. `None` for all remaining steps.
    """

    name: str
    players: tuple
    steps: int | None = None

    @property
    def updates(self):
        """The updates of a step in order: pairs (player, number of the player's update)."""
        return [(player, j) for player in self.players for j in range(player.updates)]

    @property
    def sub_batches(self):
        """The number of sub-batches in a step's batch: the most updates of any player."""
        return max(player.updates for player in self.players)


def trainable_variables(networks):
    """Returns the trainable variables of all networks, in order."""
    return [variable for network in networks for variable in network.trainable_variables]


def check_players(players, shared=()):
    """Raises `ValueError` if two players train the same variable without declaring it.

    Args:
        players: `Player`s of all stages.
        shared: Networks that several players may train.
    """
    allowed = {id(variable) for variable in trainable_variables(shared)}
    owners, networks = {}, {}
    for player in players:
        # One optimizer for a name, so its variables must be the same in every stage.
        if networks.setdefault(player.name, player.networks) != player.networks:
            raise ValueError(
                f"Expected players of one name to have the same networks. Received: {player.name} "
                "with others in another stage."
            )
        for variable in player.variables:
            owner = owners.setdefault(id(variable), player.name)
            if owner is not player.name and id(variable) not in allowed:
                raise ValueError(
                    "Expected every trainable variable in the networks of one player, or its "
                    f"network among `shared`. Received: {variable.path} of {owner} and "
                    f"{player.name}."
                )
        if len({id(v) for v in player.variables}) < len(player.variables):
            raise ValueError(
                f"Expected every trainable variable once in a player. Received: {player.name} "
                "with a network twice."
            )


def same_for_both(kind, *rate, **settings):
    """Returns two optimizers with the same settings, for the generator and discriminator."""
    return {"g": kind(*rate, **settings), "d": kind(*rate, **settings)}


def add(a, b):
    """Adds two gradients. `None` counts as zero."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


def scaling_losses(optimizer, networks):
    """Wraps the optimizer to scale the loss if a network computes in float16.

    Gradients below 6e-8 would be zero in float16. If scaled gradients become infinite, the
    optimizer skips the update and halves the scale.
    """
    layers = (layer for network in networks for layer in network._flatten_layers())
    half = any(layer.compute_dtype == "float16" for layer in layers)
    if not half or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def gradient_norm(optimizer, gradients):
    """Returns the global norm of the gradients, without the factor of `optimizer.scale_loss`.

    It is 0 if a loss-scaling optimizer skips the update.
    """
    norm = tf.linalg.global_norm(
        [tf.cast(g, keras.config.floatx()) for g in gradients if g is not None]
    )
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return norm
    norm = norm / optimizer.scale_loss(tf.ones(()))
    return tf.where(tf.math.is_finite(norm), norm, tf.zeros_like(norm))


def build_optimizers(pairs):
    """Creates the optimizers' variables now, so that checkpoints can restore them.

    Args:
        pairs: Pairs (optimizer, the variables that it updates).

    Raises:
        UserError: If two players share an optimizer.
    """
    seen = set()
    for optimizer, variables in pairs:
        if id(optimizer) in seen:
            raise UserError(
                "Each player needs an optimizer of its own, because an optimizer keeps state for "
                f"its variables. Received: the same {type(optimizer).__name__} twice. Make one for "
                "each player."
            )
        seen.add(id(optimizer))
        if not optimizer.built:
            optimizer.build(variables)
        takes_summed_gradients(optimizer)
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            takes_summed_gradients(optimizer.inner_optimizer)


def synchronizing(networks):
    """Returns the names of the layers that exchange values between replicas."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return [layer.name for layer in layers if getattr(layer, "synchronized", False)]
