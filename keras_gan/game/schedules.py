"""Schedules: settings that change with the images seen, and when each of them ends."""

import bisect
import math
from typing import NamedTuple

import keras

_LONGEST = 10**12  # Steps. A schedule that is not over by then counts as endless.


class Schedule(NamedTuple):
    """A setting that changes from step to step until its schedule ends.

    Attributes:
        name: The setting, such as `learning rate of the generator`.
        steps: Number of steps after which the setting no longer changes.
        value: The value that it keeps from then on.
        player: Name of the player whose learning rate it is, or `None` for other settings.
    """

    name: str
    steps: int
    value: float
    player: str | None = None


def over_images(name, images, value, batch_size):
    """Returns a `Schedule` that ends after a number of images; each step sees `batch_size`."""
    return Schedule(name, math.ceil(images / batch_size), value)


def of_optimizers(model, optimizers):
    """Returns the `Schedule`s of optimizers.

    An optimizer's `schedules` names its schedules, such as `CosineAdam`'s. Others have at most
    one, their learning rate's. A schedule has `ends`: (updates, value after them).

    Args:
        model: The `AdversarialModel` that they train.
        optimizers: Optimizers by player name.
    """
    found = []
    for player in model.players:
        optimizer = optimizers[player.name]
        if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
            optimizer = optimizer.inner_optimizer
        own = {"learning rate": optimizer._learning_rate}
        for name, schedule in getattr(optimizer, "schedules", own).items():
            if hasattr(schedule, "ends"):
                updates, value = schedule.ends
                steps = _steps_until(model, player.name, updates)
                who = player.name if name == "learning rate" else None
                found.append(Schedule(f"{name} of the {player.title}", steps, value, who))
    return found


def updates_after(model, player, steps):
    """Returns the number of updates that a player has made after a number of steps.

    Args:
        model: The `AdversarialModel`.
        player: Name of the player.
        steps: Number of steps from the start of the run, over all stages.
    """
    updates, left = 0, steps
    for stage in model.stages:
        inside = left if stage.steps is None else min(left, stage.steps)
        a_step = sum(own.updates for own in stage.players if own.name == player)
        if player == "d" and stage.steps is None:
            inside += model.long_runs.until(inside)
        updates, left = updates + inside * a_step, left - min(inside, left)
    return updates


def ended_at_zero(model, schedules, step):
    """Returns the schedules of learning rates that are 0 at a step, of players that still move."""
    moving, left = set(), step
    for stage in model.stages:
        if stage.steps is None or left < stage.steps:
            moving |= {player.name for player in stage.players}
        left = max(left - (stage.steps or 0), 0)
    return [s for s in schedules if s.player in moving and s.value == 0.0 and s.steps <= step]


def _steps_until(model, player, updates):
    """Returns the smallest number of steps in which a player makes so many updates."""

    def made(steps):
        return updates_after(model, player, steps)

    return bisect.bisect_left(range(_LONGEST), updates, key=made)
