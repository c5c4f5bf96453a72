"""The two players: which variables each moves, and with which optimizer."""

from keras_gan.distribution import takes_summed_gradients
from keras_gan.errors import UserError


def trainable_variables(networks):
    """Returns the trainable variables of several networks, in order."""
    return [variable for network in networks for variable in network.trainable_variables]


def check_players(variables):
    """Raises `ValueError` if a trainable variable belongs to both players or twice to one."""
    seen = set()
    for variable in variables:
        if id(variable) in seen:
            raise ValueError(
                "Expected every trainable variable in one network of one player. Received: "
                f"{variable.path} twice."
            )
        seen.add(id(variable))


def build_optimizers(players):
    """Makes the optimizers' variables now, so that checkpoints restore them.

    Args:
        players: Pairs (optimizer, networks).

    Raises:
        UserError: If the players share an optimizer.
    """
    (first, _), (second, _) = players
    if first is second:
        raise UserError(
            "Each player needs an optimizer of its own, because an optimizer keeps the state of "
            f"its variables. Received the same {type(first).__name__} twice."
        )
    for optimizer, networks in players:
        if not optimizer.built:
            optimizer.build(trainable_variables(networks))
        takes_summed_gradients(optimizer)
