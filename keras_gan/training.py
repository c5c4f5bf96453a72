"""Training a run: where strategy, data, model, callbacks and checkpoints meet."""

import contextlib
import math
import shlex
import time

import keras
import tensorflow as tf

from keras_gan import callbacks, lock, models, pictures
from keras_gan.callbacks.progress import clock
from keras_gan.config import changes, key_values
from keras_gan.data import load_dataset
from keras_gan.distribution import make_strategy
from keras_gan.errors import UserError, first_line
from keras_gan.layers import dtype_policy
from keras_gan.run_directory import RunDirectory, load_run

_COMPARED = 8  # Real examples that samples are compared with, if no more are shown.


def train(config):
    """Trains a run from its configuration, or resumes it from its newest checkpoint.

    Args:
        config: A `Config`.

    Returns:
        The trained `AdversarialModel`.

    Raises:
        UserError: For anything the user can fix. Nothing is written before
            everything is known to fit together.
    """
    with lock.hold(config.directory):
        return _train(config, RunDirectory(config.directory))


def _train(config, run):
    record = run.read()
    if record is not None:
        _check_same_run(run, record["config"].differences(config))
    elif run.is_occupied():
        raise UserError(
            f"{run.path} has logs or checkpoints but no config.json, so it is not a run that can "
            "go on. Give another --run_dir."
        )
    models.check_name(config.model)
    done = run.checkpoints.newest_step() or 0
    if record is not None and not done:
        _check_not_lost(run, record)
    if done >= config.steps:
        model, _ = load_run(run.path)
        if model.step.numpy() >= config.steps:
            print(f"{run.path}: already at step {model.step.numpy()}; raise --steps to train on.")
            return model
    profile = _profile_window(config.profile_steps)
    if config.keep_every and config.keep_every % config.checkpoint_every:
        raise UserError(
            f"--keep_every must be a multiple of --checkpoint_every={config.checkpoint_every}. "
            f"Received: {config.keep_every}."
        )
    strategy = make_strategy(config.strategy, config.cpu_replicas)
    try:
        source = _load_source(config, strategy)
        model = _build(config, source, strategy)
    except (tf.errors.ResourceExhaustedError, MemoryError):
        raise UserError(
            "Not enough memory for these images or this network; make them smaller."
        ) from None
    description = run.describe(config, model, source)
    if done:
        # Defaults of the package, or the data, may have changed under the run.
        _check_same_data(run, record["num_examples"], source)
        _check_same_run(run, changes(record["model"], description["model"]))
        run.checkpoints.restore(model)
        done = int(model.step.numpy())
    run.write(description)
    with _failures_named(run):
        run.sweep()
        run.checkpoints.forget_after(done)
        run.checkpoints.protect(config.keep_last)
        callbacks.cut_logs(run, done if done else -1)
        model.steps_per_execution = _steps_per_execution(config, done)
        _announce(run, model, source, strategy, done, config)
        _fit(config, run, model, source, done, profile)
    return model


def _check_same_run(run, differences):
    if differences:
        listed = "; ".join(
            f"{name} is {_shown(old)} there, {_shown(new)} here" for name, old, new in differences
        )
        raise UserError(
            f"{run.path} holds a run with other settings: {listed}. Give another --run_dir, or "
            f"go on with its own settings ({run.own_flags()}), or delete the old run."
        )


def _check_same_data(run, before, source):
    if before != source.num_examples:
        raise UserError(
            f"The data changed under {run.path}: it began with {before:,} examples. Received: "
            f"{source.num_examples:,} in {source.name}. Bring them back as they were, or give "
            "another --run_dir."
        )


def _check_not_lost(run, record):
    """Raises `UserError` if a run without a checkpoint must have had one."""
    logged = callbacks.last_logged_step(run)
    if run.checkpoints.are_lost() or logged > record["config"].checkpoint_every:
        raise UserError(
            f"{run.path} has logs up to step {logged}, but no checkpoint to go on from. Bring back "
            f"{run.checkpoints.directory}, or give another --run_dir, or delete the old run."
        )
    if logged:
        print(f"{run.path} has no checkpoint yet: its {logged} steps are done again.")


def _shown(value):
    return "not set" if value is None else value


def _profile_window(text):
    if text is None:
        return None
    first, _, last = text.partition(",")
    if not (first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last)):
        raise UserError(f"--profile_steps must be FIRST,LAST, like 10,20. Received: {text!r}.")
    return int(first), int(last)


def _load_source(config, strategy):
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % replicas:
        raise UserError(
            f"--batch_size must be a multiple of the {replicas} replicas. Received: "
            f"{config.batch_size}."
        )
    source = load_dataset(
        config.dataset,
        split=config.split,
        data_dir=config.data_dir,
        channels=config.channels,
        image_size=config.image_size,
        crop=config.crop,
        on_bad_image=config.on_bad_image,
    )
    if source.num_examples < config.batch_size:
        raise UserError(
            f"{config.dataset} has {source.num_examples} examples, fewer than one batch. "
            f"Received: --batch_size={config.batch_size}; use {source.num_examples} or less."
        )
    if config.flip and len(source.shape) != 3:
        raise UserError(f"--flip mirrors images; {config.dataset} has vectors. Drop --flip.")
    return source


def _build(config, source, strategy):
    system = models.get(config.model)
    arguments = models.parse_arguments(system, key_values(config.model_arg))
    keras.utils.set_random_seed(config.seed)
    with strategy.scope(), dtype_policy(config.precision):
        model = system(source.shape, num_classes=source.num_classes, **arguments)
        optimizers = [
            _with_learning_rate(optimizer, rate, config, updates)
            for optimizer, rate, updates in zip(
                model.default_optimizers(),
                (config.g_learning_rate, config.d_learning_rate),
                (1, model.d_steps),
                strict=True,
            )
        ]
        model.compile(
            *optimizers,
            seed=config.seed,
            ema_images=config.ema_images,
            jit_compile=config.jit_compile,
        )
    return model


def _with_learning_rate(optimizer, rate, config, updates_per_step):
    """Returns the optimizer with another learning rate, falling linearly if asked for."""
    settings = optimizer.get_config()
    if rate is not None:
        settings["learning_rate"] = rate
    if config.decay_images is not None:
        updates = math.ceil(config.decay_images / config.batch_size) * updates_per_step
        settings["learning_rate"] = keras.optimizers.schedules.PolynomialDecay(
            settings["learning_rate"], updates, end_learning_rate=0.0
        )
    return type(optimizer).from_config(settings)


def _announce(run, model, source, strategy, done, config):
    generator, discriminator = (
        sum(math.prod(v.shape) for n in networks for v in n.trainable_variables)
        for networks in (model.generators, model.discriminators)
    )
    shape = "x".join(map(str, source.shape))
    replicas = strategy.num_replicas_in_sync
    together = model.steps_per_execution
    print(
        f"{type(model).__name__}: generator {generator:,} weights, discriminator "
        f"{discriminator:,}; {source.name}: {source.num_examples:,} examples of {shape}"
        + (f" in {source.num_classes} classes" if source.num_classes else "")
    )
    print(
        f"{'Resuming at' if done else 'Training from'} step {done} to {config.steps}, batch "
        f"{config.batch_size}"
        + (f" over {replicas} replicas" if replicas > 1 else "")
        + (f", {together} steps at a time" if together > 1 else "")
        + f", into {run.path}",
        flush=True,
    )


@contextlib.contextmanager
def _failures_named(run):
    """Turns what the machine may refuse in the block into a `UserError`."""
    try:
        yield
    except BrokenPipeError:  # The reader of our output has left.
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
        f"{message} The same command goes on from step {run.checkpoints.newest_step() or 0}."
    )


def _steps_per_execution(config, done):
    """Returns the largest number of steps, up to the one asked for, that meets every interval."""
    fits = math.gcd(
        done, config.steps, config.log_every, config.sample_every, config.checkpoint_every
    )
    return max(n for n in range(1, config.steps_per_execution + 1) if fits % n == 0)


def _fit(config, run, model, source, done, profile):
    events = callbacks.EventLog(run.tensorboard)
    shown = pictures.count_that_fits(source.shape)
    real = source.first(max(shown, _COMPARED))
    samples = callbacks.SampleGrids(run, events, real[:shown], shown, done, config.sample_every)
    progress = callbacks.Progress(config.steps, config.batch_size, done)
    health = callbacks.Health(run, events, real, done, config.log_every, progress.say)
    saves = callbacks.SaveCheckpoints(run.checkpoints, config, done)
    interruption = callbacks.Interruption(config.steps, done)
    watchers = [
        samples,
        health,
        callbacks.Logs(run, events, config, done),
        callbacks.Finite(done, config.log_every),
        saves,
        progress,
        interruption,
    ]
    if profile:
        watchers.insert(0, callbacks.Profile(run.tensorboard, *profile, done))
    per_step = model.d_steps * config.batch_size
    data = source.batches(per_step, seed=config.seed, start=done * per_step, flip=config.flip)
    start = time.perf_counter()
    with interruption.handling():
        model.fit(
            data, steps_per_epoch=config.steps - done, callbacks=watchers, verbose=0, shuffle=False
        )
    if interruption.stopped:
        print(f"Stopped: saved {saves.newest}. The same command goes on from there.")
        interruption.leave()
    _report(run, config, saves, samples, health, time.perf_counter() - start)


def _report(run, config, saves, samples, health, seconds):
    images = config.steps * config.batch_size
    print(f"Done: {config.steps:,} steps, {images:,} images seen, {clock(seconds)} this time.")
    if samples.newest:
        print(f"  samples     {samples.newest}")
    if health.verdict:
        print(f"  health      {health.verdict}")
    print(f"  logs        {run.metrics_file}, {run.tensorboard}")
    print(f"  checkpoint  {saves.newest}")
    path = shlex.quote(run.path)
    print("Next:")
    print(f"  tensorboard --logdir {path}")
    print(f"  python -m keras_gan.generate --run_dir={path} --seeds=0-63 --output=samples.png")
    print(f"  python export.py --run_dir={path}", flush=True)
