"""Trains a run: puts strategy, data, model, callbacks and checkpoints together."""

import contextlib
import functools
import json
import os
import sys
import time

import keras
import tensorflow as tf

from keras_gan import callbacks, models
from keras_gan.data import domains, load_dataset
from keras_gan.data.few_labels import keep_labels
from keras_gan.distribution import cluster
from keras_gan.distribution.replicas import make_strategy
from keras_gan.distribution.workers import Workers
from keras_gan.errors import UserError, first_line
from keras_gan.game import schedules as schedules_of
from keras_gan.layers.core import dtype_policy
from keras_gan.optimizers.linear import LinearDecay
from keras_gan.runs import checkpoints, lock, reports, resuming, schedules
from keras_gan.runs.config import key_values
from keras_gan.runs.directory import RunDirectory, bit_depths
from keras_gan.runs.steps_per_call import steps_per_execution


def train(config):
    """Trains a run from its configuration, or resumes it from its newest checkpoint.

    Args:
        config: A `Config`.

    Returns:
        The trained `AdversarialModel`. If the run was already finished, only the chief of
        several processes returns it; the others return `None`.

    Raises:
        UserError: For mistakes that the user can fix. All settings are checked before the first
            file is written.
    """
    processes = cluster.of_strategy(config.strategy)
    holds = lock.hold(config.directory) if processes.is_chief else contextlib.nullcontext()
    with holds:
        return _train(config, RunDirectory(config.directory), processes)


def _train(config, run, processes):
    models.check_name(config.model)
    profile = _profile_window(config.profile_steps)
    _check_intervals(config)
    if config.strategy != "multi_worker" and "TF_CONFIG" in os.environ:
        print("TF_CONFIG is ignored without --strategy=multi_worker.", file=sys.stderr)
    if processes.size > 1:
        print(
            f"Worker {processes.index} of {processes.size}: waiting for the others. "
            f"{processes.addresses[0]} writes the files and reports.",
            flush=True,
        )
    strategy = make_strategy(config.strategy, config.cpu_replicas)
    if processes.size > 1:
        print(f"Worker {processes.index}: all workers are connected.", flush=True)
    workers = Workers(strategy, processes)
    with workers.report_lost_workers():
        record = resuming.own_record(run, config) if processes.is_chief else None
        finished = resuming.finished_model(run, config) if processes.is_chief else None
        if workers.count(finished is not None):
            return _said_to_be_finished(run, config, finished)
        # Every process must read the data as the run did when it began.
        began = json.loads(workers.text_from_chief(json.dumps(_began(record, config))))
        model, source = _load(config, strategy, began)
        description = run.describe(config, model, source)
        resuming.check_same_work(workers, description)
        judge = _judge(config, source, model) if processes.is_chief else None
        if config.labels_per_class:  # Evaluation still uses all labels.
            keep_labels(source, config.labels_per_class, config.seed)
        if processes.is_chief:
            resuming.restore(
                run, record, model, description, source.contents, config.allow_changed_data
            )
        workers.share(checkpoints.variables(model))
        done, planned = int(model.step.numpy()), model.schedules(config.batch_size)
        schedules.check_learns(model, planned, config, done)
        if processes.is_chief:
            run.write(description, source.contents)
        batches = _batches(config, model, source, done)
        with _machine_errors(run):
            model.steps_per_execution = _steps_in_a_call(config, model, batches, done, workers)
            if processes.is_chief:
                resuming.clean(run, config, done)
                reports.announce(run, model, source, done, config)
                if line := schedules.note(planned, config, done):
                    print(line, flush=True)
            _fit(config, run, model, source, batches, done, profile, workers, judge)
    return model


def _began(record, config):
    """Returns how the run read its data when it began, and arguments that did not exist then."""
    if record is None:
        return {"data": {"class_names": None, "bit_depth": None}, "legacy": {}}
    legacy = models.get(config.model).legacy
    return {
        "data": {"class_names": record["class_names"], "bit_depth": bit_depths(record)},
        "legacy": {name: x for name, x in legacy.items() if name not in record["model"]},
    }


def _said_to_be_finished(run, config, model):
    """Says how to train a finished run on; returns its model, or `None` on other workers."""
    if model is not None:
        step = int(model.step.numpy())
        rates = schedules_of.of_optimizers(model, _optimizers(model, config))
        advice = schedules.advice(schedules_of.ended_at_zero(model, rates, step), config)
        print(f"{run.path} is already at step {step}. {advice}")
    return model


def _steps_in_a_call(config, model, batches, done, workers):
    if model.long_runs.calls:
        return 1  # The extra discriminator updates run between the calls.
    return steps_per_execution(config, model, batches, done, workers)


def _load(config, strategy, began):
    try:
        source = _load_source(config, strategy, began["data"])
        return _build(config, source, strategy, began["legacy"]), source
    except (tf.errors.ResourceExhaustedError, MemoryError):
        raise UserError(
            "Not enough memory for these images or this network. Make them smaller."
        ) from None


def _check_intervals(config):
    if config.keep_every and config.keep_every % config.checkpoint_every:
        raise UserError(
            f"--keep_every must be a multiple of --checkpoint_every={config.checkpoint_every}. "
            f"Received: {config.keep_every}."
        )
    if config.evaluate_every and config.evaluate_every % config.log_every:
        raise UserError(
            f"--evaluate_every must be a multiple of --log_every={config.log_every}. Received: "
            f"{config.evaluate_every}."
        )
    if config.keep_best and not config.evaluate_every:
        raise UserError(
            "--keep_best needs evaluations during training. Received: "
            f"--keep_best={config.keep_best} without --evaluate_every. Add "
            f"--evaluate_every={10 * config.log_every}."
        )


def _judge(config, source, model):
    if not config.evaluate_every:
        return None
    from keras_gan import evaluation  # It takes part of a second to import.

    return evaluation.SampleScores(source, config.features, model.function())


def _profile_window(text):
    if text is None:
        return None
    first, _, last = text.partition(",")
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        raise UserError(f"--profile_steps must be FIRST,LAST, like 10,20. Received: {text!r}.")
    return int(first), int(last)


def _load_source(config, strategy, began):
    replicas, parts = strategy.num_replicas_in_sync, config.accumulate_steps
    if config.batch_size % (replicas * parts):
        needed = f"the {replicas} replicas"
        if parts > 1:
            needed = f"{replicas * parts}, {needed} times --accumulate_steps={parts}"
        raise UserError(
            f"--batch_size must be a multiple of {needed}. Received: {config.batch_size}."
        )
    source = load_dataset(
        config.dataset,
        split=config.split,
        data_dir=config.data_dir,
        channels=config.channels,
        image_size=config.image_size,
        crop=config.crop,
        on_bad_image=config.on_bad_image,
        target=config.target,
        image_key=config.image_key,
        label_key=config.label_key,
        **{**began, "bit_depth": config.bit_depth or began["bit_depth"]},
    )
    _check_keys(config, source)
    if source.num_examples < config.batch_size:
        raise UserError(
            f"{source.name} has {source.num_examples} examples, fewer than one batch. Received: "
            f"--batch_size={config.batch_size}. Use {source.num_examples} or less."
        )
    if config.flip and any(len(shape) != 3 for shape in source.shapes.values()):
        kind = "tokens" if source.vocabulary else "vectors"
        raise UserError(f"--flip mirrors images. Received: {source.name} with {kind}. Drop --flip.")
    return source


def _check_keys(config, source):
    """Raises `UserError` if the dataset does not have the keys that the system needs."""
    system, keys = models.get(config.model), ", ".join(source.shapes)
    if set(system.data_keys) == set(source.shapes):
        return
    given = f"--dataset={config.dataset}"
    if config.target is not None:
        given += f" --target={config.target}"
        advice = "Drop --target."
    elif set(domains.KEYS) == set(system.data_keys) and keys == "image":
        advice = "Add --target: a second folder or dataset."
    else:
        fitting = [n for n in models.names() if set(models.get(n).data_keys) == set(source.shapes)]
        advice = f"Use --model={' or '.join(fitting)}." if fitting else "Use another --dataset."
    word = "key" if len(system.data_keys) == 1 else "keys"
    raise UserError(
        f"{system.__name__} learns from batches with the {word} {', '.join(system.data_keys)}. "
        f"Received: {given} with {keys}. {advice}"
    )


def _check_labels(config, system, source):
    if config.labels_per_class and not system.takes_unlabelled:
        raise UserError(
            "--labels_per_class needs a system that learns from few labels (semi). Received: "
            f"--model={config.model}. Drop --labels_per_class."
        )
    wants_labels = system.needs_labels or system.takes_unlabelled
    if wants_labels and not source.num_classes and source.label_hint:
        raise UserError(
            f"{system.__name__} learns from labels. Received: --dataset={config.dataset} without "
            f"--label_key. {source.label_hint}"
        )
    unknown = 0 if source.labels is None else int((source.labels < 0).sum())
    if system.needs_labels and unknown:
        raise UserError(
            f"{system.__name__} needs a label for each example. Received: {unknown:,} examples of "
            f"{config.dataset} without one. Use another --split, or --model=semi."
        )


def _build(config, source, strategy, legacy):
    system = models.get(config.model)
    _check_labels(config, system, source)
    arguments = models.parse_arguments(system, key_values(config.model_arg))
    keras.utils.set_random_seed(config.seed)
    with strategy.scope(), dtype_policy(config.precision):
        model = system(**system.data_arguments(source), **{**legacy, **arguments})
        model.compile(
            optimizers=_optimizers(model, config),
            seed=config.seed,
            ema_images=config.ema_images,
            accumulate_steps=config.accumulate_steps,
            jit_compile=config.jit_compile,
        )
    return model


def _optimizers(model, config):
    """Returns the optimizers by player, with the learning rates of the flags."""
    rates = {"g": config.g_learning_rate, "d": config.d_learning_rate}
    players = {player.name: player for player in model.players}
    for name, rate in rates.items():
        if rate is not None and name not in players:
            raise UserError(
                f"{type(model).__name__} has the players {', '.join(players)}. Received: "
                f"--{name}_learning_rate={rate}. Drop it."
            )
    return {
        name: _with_learning_rate(
            optimizer,
            rates.get(name),
            config,
            players[name].updates,
            functools.partial(schedules_of.updates_after, model, name),
        )
        for name, optimizer in model.default_optimizers().items()
    }


def _with_learning_rate(optimizer, rate, config, updates_per_step, updates_after):
    """Copies the optimizer with another learning rate and, if asked for, a linear decay.

    Args:
        optimizer: The system's default.
        rate: Initial learning rate. `None` keeps the default.
        config: A `Config`; `decay_images` is the length of the decay.
        updates_per_step: Updates of the player in a step.
        updates_after: Function from a number of steps to the player's updates in them.
    """
    settings, steps = optimizer.get_config(), config.decay_steps
    if "images_per_update" in settings:  # It has schedules that count images.
        settings["images_per_update"] = config.batch_size / updates_per_step
    if rate is not None:
        settings["learning_rate"] = rate
    if steps is not None:
        settings["learning_rate"] = LinearDecay(
            settings["learning_rate"], max(updates_after(steps), 1), end_learning_rate=0.0
        )
    return type(optimizer).from_config(settings)


@contextlib.contextmanager
def _machine_errors(run):
    """Turns errors of disk, memory and data in the block into a `UserError`."""
    try:
        yield
    except BrokenPipeError:  # Nobody reads our output any more.
        raise
    except OSError as error:
        message = f"Cannot write into {run.path}: {error.strerror or error}."
    except tf.errors.OpError as error:
        if "No space left" in error.message:
            message = f"Cannot write into {run.path}: No space left on device."
        elif isinstance(error, tf.errors.ResourceExhaustedError):
            message = (
                "Not enough memory for a step. Lower --batch_size or the size of the networks, in "
                "another --run_dir."
            )
        elif "IteratorGetNext" in error.message or isinstance(error, tf.errors.NotFoundError):
            message = f"Cannot read the data: {first_line(error)}."
        else:
            raise
    else:
        return
    raise UserError(
        f"{message} Run the same command to resume from step {run.checkpoints.newest_step() or 0}."
    )


def _fit(config, run, model, source, batches, done, profile, workers, judge):
    chief = workers.cluster.is_chief
    interruption = callbacks.Interruption(config.steps, done, workers)
    watchers = [
        callbacks.Means(done, config.log_every),
        callbacks.Finite(done, config.log_every),
        interruption,
    ]
    if chief:
        report = reports.Reports(config, run, model, source, done, judge)
        watchers = report.around(*watchers)
        if profile:
            watchers.insert(0, callbacks.Profile(run.tensorboard, *profile, done))
    if model.long_runs.calls:
        # Shuffled differently from the batches of the steps, whatever the seed.
        more = functools.partial(_batches, config, model, source, seed=~config.seed)
        watchers.append(callbacks.DiscriminatorRuns(more))
    start = time.perf_counter()
    with interruption.handling():
        model.fit(
            batches,
            steps_per_epoch=config.steps - done,
            callbacks=watchers,
            verbose=0,
            shuffle=False,
        )
    if chief and interruption.stopped:
        print(f"Stopped: saved {report.saves.newest}. Run the same command to resume.")
    elif chief:
        report.summary(time.perf_counter() - start)
    workers.wait()  # Workers that exit early would end the chief while it saves.
    if interruption.stopped:
        interruption.leave()


def _batches(config, model, source, done, seed=None):
    """Returns the batches from step `done` on. Each process gets those of its replicas."""
    per_step = model.sub_batches * config.batch_size
    seed = config.seed if seed is None else seed
    kind = {"seed": seed, "start": done * per_step, "flip": config.flip}
    strategy = model.distribute_strategy
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return source.batches(per_step, **kind)

    def own(context):
        share = (context.input_pipeline_id, context.num_input_pipelines)
        batches = source.batches(per_step, **kind, share=share)
        return batches.map(lambda batch: tf.nest.map_structure(split, batch)).unbatch()

    def split(values):  # The rows of each replica. `rebatch` would lose that the data is endless.
        return tf.reshape(values, [-1, per_step // replicas, *values.shape[1:]])

    return strategy.distribute_datasets_from_function(own)
