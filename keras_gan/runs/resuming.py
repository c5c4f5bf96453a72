"""Decides whether a run can be resumed with a configuration, and from which step."""

import json
import sys

from keras_gan import callbacks
from keras_gan.errors import UserError
from keras_gan.runs.config import changes
from keras_gan.runs.directory import load_run


def own_record(run, config):
    """Returns the record of the run in a directory, or `None` for a new run."""
    record = run.read()
    if record is not None:
        _check_same_run(run, record["config"].differences(config))
    elif run.is_occupied():
        raise UserError(
            f"{run.path} has logs or checkpoints but no config.json, so it cannot be resumed. Give "
            "another --run_dir."
        )
    if record is not None and run.checkpoints.newest_step() is None:
        _check_not_lost(run, record)
    return record


def finished_model(run, config):
    """Returns the model if the run has already finished all its steps, otherwise `None`."""
    if (run.checkpoints.newest_step() or 0) < config.steps:
        return None
    model, _ = load_run(run.path)
    return None if model.step.numpy() < config.steps else model


def restore(run, record, model, description, contents=None, allow_changed_data=False):
    """Restores the run's newest checkpoint into the model, if there is one.

    Args:
        run: `RunDirectory`.
        record: The run's record, or `None` for a new run.
        model: The compiled model.
        description: What `RunDirectory.describe` says of the run now.
        contents: `Contents` of the data now.
        allow_changed_data: Whether to warn of other data than the run's instead of refusing it.
    """
    if run.checkpoints.newest_step():
        # The data, or the package's defaults, may have changed since the run began.
        changed = _changed_data(run, record, description, contents)
        if changed and not allow_changed_data:
            raise UserError(
                f"{changed} Restore the data, or give another --run_dir, or go on with the data of "
                "now by --allow_changed_data."
            )
        if changed:
            print(f"Warning: {changed} Going on with the data of now.", file=sys.stderr)
        recorded = {**type(model).legacy, **record["model"]}
        _check_same_run(run, changes(recorded, description["model"]))
        run.checkpoints.restore(model)


def clean(run, config, done):
    """Removes logs and checkpoints after the step from which the run resumes."""
    run.sweep()
    run.checkpoints.forget_after(done)
    run.best.forget_after(done)
    run.checkpoints.protect(config.keep_last)
    callbacks.cut_logs(run, done if done else -1)


def check_same_work(workers, description):
    """Raises `UserError` if a worker has other settings or data than the chief."""
    chiefs = json.loads(workers.text_from_chief(json.dumps(description)))
    own_places = {"run_dir": None, "data_dir": None}
    theirs, mine = (
        {**d, **d["config"], "config": None, **own_places} for d in (chiefs, description)
    )
    differences = [
        f"{name} is {_shown(old)} on the chief, {_shown(new)} here"
        for name, old, new in changes(theirs, mine)
    ]
    others = workers.count(bool(differences))
    if differences:
        raise UserError(f"All workers need the same settings and data: {'; '.join(differences)}.")
    if others:
        raise UserError(
            "All workers need the same settings and data. Received: different ones on "
            f"{others} of them. Their messages name the differences."
        )


def _check_same_run(run, differences):
    if differences:
        listed = "; ".join(
            f"{name} is {_shown(old)} there, {_shown(new)} here" for name, old, new in differences
        )
        raise UserError(
            f"{run.path} holds a run with other settings: {listed}. Give another --run_dir, or "
            f"resume the run with its own settings ({run.own_flags()}), or delete the old run."
        )


def _changed_data(run, record, description, contents):
    """Returns a sentence on the first difference of the data, or `None`."""
    since = f"The data changed since {run.path} began:"
    changed = run.change_of_data(record, description["class_names"], contents)
    if changed:
        return f"{since} {changed}."
    before, now = (d.get("counts", d["num_examples"]) for d in (record, description))
    if before != now:
        config = record["config"]
        names = config.dataset if config.target is None else f"{config.dataset} and {config.target}"
        before, now = _counted(before), _counted(now)
        return f"{since} expected {before} examples. Received: {now} in {names}."
    return None


def _counted(count):
    """Formats a number of examples, or a dict of numbers by batch key."""
    if isinstance(count, dict):
        return ", ".join(f"{number:,} {key}" for key, number in count.items())
    return f"{count:,}"


def _check_not_lost(run, record):
    """Raises `UserError` if a run has lost its checkpoints."""
    logged = callbacks.last_logged_step(run)
    if run.checkpoints.are_lost() or logged > record["config"].checkpoint_every:
        raise UserError(
            f"{run.path} has logs up to step {logged}, but no checkpoint to resume from. Restore "
            f"{run.checkpoints.directory}, or give another --run_dir, or delete the old run."
        )
    if logged:
        print(f"{run.path} has no checkpoint yet, so its {logged} steps are repeated.")


def _shown(value):
    return "not set" if value is None else value
