"""Objectives by name: the losses of both players and the values to log."""

import dataclasses
import functools
from collections.abc import Callable

from keras_gan.checks import check_choice
from keras_gan.errors import UserError
from keras_gan.losses import cross_entropy, differences, margins, monitors


@dataclasses.dataclass(frozen=True)
class Objective:
    """The losses of both players and the values to log, as functions of logits.

    Attributes:
        discriminator: (real_logits, fake_logits) -> losses [N] of the discriminator.
        generator: fake_logits -> losses [N] of the generator. If `relativistic`, it is
            (fake_logits, real_logits) -> losses [N].
        monitors: (real_logits, fake_logits) -> named values [N], logged as means.
        relativistic: Whether the generator's loss needs the logits of real examples.
    """

    discriminator: Callable
    generator: Callable
    monitors: Callable = cross_entropy.cross_entropy_monitors
    relativistic: bool = False


_GENERATOR_LOSSES = {
    "non_saturating": cross_entropy.generator_non_saturating,
    "minimax": cross_entropy.generator_minimax,
}


def cross_entropy_game(generator_loss="non_saturating", label_smoothing=0.0):
    """Returns the `Objective` of the original GAN.

    Args:
        generator_loss: `"non_saturating"` or `"minimax"`.
        label_smoothing: See `discriminator_cross_entropy`; in [0, 1).

    Raises:
        UserError: If an argument is not one of these values.
    """
    check_choice("generator_loss", generator_loss, _GENERATOR_LOSSES)
    if not 0.0 <= label_smoothing < 1.0:
        raise UserError(f"label_smoothing must be in [0, 1). Received: {label_smoothing}.")
    return Objective(
        functools.partial(
            cross_entropy.discriminator_cross_entropy, label_smoothing=label_smoothing
        ),
        _GENERATOR_LOSSES[generator_loss],
    )


_WITHOUT_LABELS = {
    "least_squares": Objective(
        margins.discriminator_least_squares,
        margins.generator_least_squares,
        margins.least_squares_monitors,
    ),
    "hinge": Objective(
        margins.discriminator_hinge, margins.generator_hinge, monitors.threshold_monitors
    ),
    "wasserstein": Objective(
        differences.discriminator_wasserstein,
        differences.generator_wasserstein,
        monitors.wasserstein_monitors,
    ),
    "relativistic": Objective(
        differences.discriminator_relativistic,
        differences.generator_relativistic,
        monitors.difference_monitors,
        relativistic=True,
    ),
    "relativistic_average": Objective(
        differences.discriminator_relativistic_average,
        differences.generator_relativistic_average,
        monitors.difference_monitors,
        relativistic=True,
    ),
}
OBJECTIVES = ("minimax", "non_saturating", *_WITHOUT_LABELS)


def objective(name, *, label_smoothing=0.0):
    """Returns an `Objective` by name.

    Args:
        name: One of `OBJECTIVES`. `"minimax"` and `"non_saturating"` are the
            original GAN; the generator minimises equation 1 or -log D(G(z)).
        label_smoothing: One-sided smoothing of the real label, in [0, 1). Only
            these two objectives have label probabilities to smooth.

    Raises:
        UserError: If the name is unknown, or another objective gets label smoothing.
    """
    check_choice("objective", name, OBJECTIVES)
    if name in _GENERATOR_LOSSES:
        return cross_entropy_game(name, label_smoothing)
    if label_smoothing:
        raise UserError(
            f"label_smoothing has no meaning for the objective {name!r}, which has no label "
            f"probabilities. Received: {label_smoothing}. Leave it at 0, or use one of "
            f"{', '.join(_GENERATOR_LOSSES)}."
        )
    return _WITHOUT_LABELS[name]
