"""Schedules of a run: says which end before it does, and refuses to train at a rate of 0."""

from keras_gan.errors import UserError
from keras_gan.game.schedules import ended_at_zero

_STRETCH = "--decay_images=run, which lets the learning rates fall over all steps of the run"
_OWN = "another --run_dir and a longer schedule of the system, by its --model_arg"


def _cure(config):
    """What a run needs to learn on: its optimizers keep the decay, or the lack of one."""
    return _OWN if config.decay_images is None else _STRETCH


def note(schedules, config, done):
    """Returns a line on the schedules that end before the run does, or `None` without any.

    Args:
        schedules: What `AdversarialModel.schedules` returned.
        config: The run's `Config`.
        done: Number of steps before this session.
    """
    early, ends = [s for s in schedules if s.steps < config.steps], {}
    for schedule in sorted(early, key=lambda s: s.steps):
        told = f"{schedule.name} is {schedule.value:,.6g}"
        ends.setdefault(schedule.steps, []).append(told)
    if not ends:
        return None
    listed = "; ".join(
        f"from step {steps:,} ({steps * config.batch_size:,} images) the {', the '.join(told)}"
        for steps, told in ends.items()
    )
    line = f"Schedules that end before step {config.steps:,}: {listed}."
    if any(s.player and s.value == 0.0 and s.steps >= done for s in early):
        line += f" At a learning rate of 0 nothing is learned. To learn on, use {_cure(config)}."
    return line


def check_learns(model, schedules, config, done):
    """Raises `UserError` if the learning rate of a player has already fallen to 0.

    Args:
        model: The `AdversarialModel`.
        schedules: What `AdversarialModel.schedules` returned.
        config: The run's `Config`.
        done: Number of steps before this session.
    """
    ended = ended_at_zero(model, schedules, done)
    if done and ended:
        given, more = "", ""
        if config.decay_images is not None:
            given = f" by --decay_images={config.decay_images}"
            more = f", or --decay_images with more than {done * config.batch_size:,} images"
        raise UserError(
            f"The {ended[0].name} fell to 0 at step {ended[0].steps:,}{given}, so the steps "
            f"{done + 1:,} to {config.steps:,} would change nothing. Give {_cure(config)}{more}."
        )


def advice(ended, config):
    """Returns what to do to train a finished run on.

    Args:
        ended: Schedules of learning rates that are 0 at its last step.
        config: The run's `Config`.
    """
    if not ended or config.decay_images == "run":
        return "Raise --steps to train on."
    raised = "" if config.decay_images is None else "raise --steps and "
    return f"Its learning rates have fallen to 0. To train on, {raised}give {_cure(config)}."
