"""The two players: which variables each moves, and with which optimizer."""

import keras
import tensorflow as tf

from keras_gan.distribution.replicas import takes_summed_gradients
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


def one_each(kind, *rate, **settings):
    """Returns (generator_optimizer, discriminator_optimizer) of one kind with equal settings."""
    return kind(*rate, **settings), kind(*rate, **settings)


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
    half = any(layer.compute_dtype == "float16" for n in networks for layer in n.layers)
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
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            takes_summed_gradients(optimizer.inner_optimizer)


def synchronizing(networks):
    """Returns the names of the layers that exchange values between replicas."""
    layers = (layer for network in networks for layer in network._flatten_layers())
    return [layer.name for layer in layers if getattr(layer, "synchronized", False)]
