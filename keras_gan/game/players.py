"""Players and stages: who moves which networks by which loss, and in which order."""

from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from keras_gan.distribution.replicas import takes_summed_gradients
from keras_gan.errors import UserError

_TITLES = {"d": "discriminator", "g": "generator"}


class Player(NamedTuple):
    """A player of a game. A step is a list of players, each of which moves in turn.

    Attributes:
        name: Its short name: the prefix of its metrics (`d_loss`), and the key of its
            optimizer. `"d"` and `"g"` are the discriminator and the generator.
        networks: Networks and layers that move in its updates, weights as well as state (the
            statistics of batch norm, a pool of past samples). All others are frozen.
        loss: Function from (real, made), two dicts of examples, to a `Loss`.
        updates: Its updates in a step, the paper's k.
        needs_made: Whether its loss looks at what the system makes of a batch.
    """

    name: str
    networks: tuple
    loss: Callable
    updates: int = 1
    needs_made: bool = True

    @property
    def title(self):
        """The name in words."""
        return _TITLES.get(self.name, self.name)

    @property
    def variables(self):
        """The weights that its optimizer moves."""
        return trainable_variables(self.networks)

    @property
    def state(self):
        """The variables that move by themselves in its updates."""
        return [v for network in self.networks for v in network.non_trainable_variables]

    def moves(self, network):
        """Returns whether its updates move any variable of a network, or of a part of it."""
        own = {id(variable) for mine in self.networks for variable in mine.variables}
        return any(id(variable) in own for variable in network.variables)


class Stage(NamedTuple):
    """A part of a run with a list of players of its own, such as pre-training.

    Attributes:
        name: What it is called.
        players: `Player`s, in the order of their updates.
        steps: How many steps it takes; `None` for all that are left.
    """

    name: str
    players: tuple
    steps: int | None = None

    @property
    def updates(self):
        """Pairs (player, number among the player's own updates), in order."""
        return [(player, j) for player in self.players for j in range(player.updates)]

    @property
    def sub_batches(self):
        """Sub-batches that the batch of a step is made of: one for each update of a player."""
        return max(player.updates for player in self.players)


def trainable_variables(networks):
    """Returns the trainable variables of several networks, in order."""
    return [variable for network in networks for variable in network.trainable_variables]


def check_players(players, shared=()):
    """Raises `ValueError` if a variable has two owners that the system does not name.

    Args:
        players: `Player`s.
        shared: Networks that several players move.
    """
    allowed = {id(variable) for variable in trainable_variables(shared)}
    owners = {}
    for player in players:
        for variable in player.variables:
            owner = owners.setdefault(id(variable), player.name)
            if owner is not player.name and id(variable) not in allowed:
                raise ValueError(
                    "Expected every trainable variable in the networks of one player, or the "
                    f"network among `shared`. Received: {variable.path} of {owner} and "
                    f"{player.name}."
                )
        if len({id(v) for v in player.variables}) < len(player.variables):
            raise ValueError(
                f"Expected every trainable variable once in a player. Received: {player.name} "
                "with a network twice."
            )


def same_for_both(kind, *rate, **settings):
    """Returns optimizers of one kind with equal settings for the generator and discriminator."""
    return {"g": kind(*rate, **settings), "d": kind(*rate, **settings)}


def add(a, b):
    """Returns the sum of two gradients; `None` is one that is zero."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


def scaling_losses(optimizer, networks):
    """Returns the optimizer, made to scale the loss if the networks compute in float16.

    Gradients below 6e-8 are zero in float16. The scaled ones may be infinite;
    such a step is skipped and the scale halved.
    """
    layers = (layer for network in networks for layer in network._flatten_layers())
    half = any(layer.compute_dtype == "float16" for layer in layers)
    if not half or isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def gradient_norm(optimizer, gradients):
    """Returns the norm of all gradients together, of the loss before `optimizer.scale_loss`.

    It is 0 for a step that a loss-scaling optimizer skips.
    """
    norm = tf.linalg.global_norm(
        [tf.cast(g, keras.config.floatx()) for g in gradients if g is not None]
    )
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return norm
    norm = norm / optimizer.scale_loss(tf.ones(()))
    return tf.where(tf.math.is_finite(norm), norm, tf.zeros_like(norm))


def build_optimizers(pairs):
    """Makes the optimizers' variables now, so that checkpoints restore them.

    Args:
        pairs: Pairs (optimizer, the variables that it moves).

    Raises:
        UserError: If two players share an optimizer.
    """
    seen = set()
    for optimizer, variables in pairs:
        if id(optimizer) in seen:
            raise UserError(
                "Each player needs an optimizer of its own, because an optimizer keeps the state "
                f"of its variables. Received the same {type(optimizer).__name__} twice."
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
