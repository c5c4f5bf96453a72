"""Sets of samples to judge: of a run, of a folder of images, and held-out real examples."""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from keras_gan.data import load_dataset
from keras_gan.data.scan import MixedSizesError
from keras_gan.errors import UserError
from keras_gan.evaluation.digests import weights_digest
from keras_gan.evaluation.examples import generated_parts, real_parts
from keras_gan.evaluation.real_data import RealData, load_real_data
from keras_gan.game.functions import Function
from keras_gan.runs.directory import RunDirectory, load_run


class SampleSet(NamedTuple):
    """Samples to be judged.

    Attributes:
        name: As the user named it.
        about: What it is, in words.
        real: `RealData` to compare it with.
        most: How many examples there are of it, or `None` for any number.
        parts: Function from a number to arrays of as many examples together.
        told: What the record says of it.
        model: The `AdversarialModel` that made it, or `None`.
        function: The `Function` of the model, or `None`.
        class_names: Names of the classes that the model learnt, or `None`.
        notes: What the reader should know.
    """

    name: str
    about: str
    real: RealData
    most: int | None
    parts: Callable
    told: dict
    model: Any = None
    function: Function | None = None
    class_names: list | None = None
    notes: tuple = ()


def load_sample_sets(options):
    """Returns the `SampleSet`s that `evaluate.Options` name; whatever is missing is found here.

    Raises:
        UserError: For runs, functions, folders or splits that cannot be loaded or do not fit
            together.
    """
    found = [_of_run(run_dir, options) for run_dir in options.run_dir]
    real = found[0].real if found else load_real_data(options)
    if options.held_out:
        found.append(_held_out(options.held_out, real))
    if options.images:
        found.append(_of_folder(options.images, options, real))
    return found


def real_data_of(options):
    """Returns the `RealData` of the run that the options name, or of no run."""
    return _of_run(options.run_dir[0], options).real if options.run_dir else load_real_data(options)


def _of_run(run_dir, options):
    model, record = load_run(run_dir, options.checkpoint, options.standing_statistics)
    real = load_real_data(options, record, model.function(options.function))
    told = {"standing_statistics": options.standing_statistics}
    changed = real.is_own and RunDirectory(run_dir).change_of_data(
        record, real.training.class_names if real.domain is None else None, real.contents
    )
    notes = (f"The data changed since {run_dir} was trained on it: {changed}.",) if changed else ()
    names = record["class_names"]
    return of_model(model, run_dir, options.function, real, options.seed, names, told, notes)


def of_model(model, name, function, real, seed, class_names, told, notes=()):
    """Returns the `SampleSet` of a function of a model.

    Args:
        model: The `AdversarialModel`.
        name: Name of the set.
        function: Name of the function, or `None` for the main one.
        real: `RealData` to compare with.
        seed: Decides the samples.
        class_names: Names of the classes that the model learnt, or `None`.
        told: What else the record says of it.
        notes: What to know when reading the measures, sentences.
    """
    called, function = function or model.main_function, model.function(function)
    step = int(model.step.numpy())
    by = "" if called == model.main_function else f" by {called}"
    return SampleSet(
        name,
        f"{name} at step {step:,}{by}",
        real,
        min((source.num_examples for source in real.inputs.values()), default=None),
        lambda count: generated_parts(function, count, seed, real.inputs),
        {
            "checkpoint": step,
            "function": called,
            **told,
            "weights": weights_digest(function.averaged),
        },
        model,
        function,
        class_names,
        notes,
    )


def _held_out(split, real):
    source = real.held_out
    return SampleSet(
        f"{real.name} ({split})",
        f"real examples of {real.name} ({split})",
        real,
        source.num_examples,
        lambda count: real_parts(source, count),
        {"checkpoint": None, "held_out": split},
    )


def _of_folder(folder, options, real):
    shape = real.source.shape
    if len(shape) != 3:
        kind = "tokens" if real.source.vocabulary else "vectors"
        raise UserError(
            f"--images needs a dataset of images to compare with. Received: {real.name}, of "
            f"{kind} {shape}."
        )
    if not os.path.isdir(folder):
        raise UserError(f"--images must be a folder of images. Received: {folder!r}.")
    advice = f"Bring them to {shape[0]}x{shape[1]}, the size of {real.name}"
    advice += "." if options.run_dir else ", or give --image_size for both."
    try:
        source = load_dataset(
            folder,
            channels=shape[2],
            image_size=options.image_size,
            crop=real.crop,
            on_bad_image=options.on_bad_image,
            bit_depth=options.bit_depth,
        )
    except MixedSizesError as error:
        raise MixedSizesError(error.sizes, advice) from None
    if source.shape != shape:
        raise UserError(
            f"Expected images of {shape[0]}x{shape[1]} in {folder}, like those of {real.name}. "
            f"Received: {source.shape[0]}x{source.shape[1]}. {advice}"
        )
    told = "grey" if shape[2] == 1 else f"of {shape[2]} channels"
    notes = [f"The images of {folder} were read as {told}, like those of {real.name}."]
    if options.image_size:
        notes.append(f"They and those of {real.name} were brought to {shape[0]}x{shape[1]}.")
    depths = (source.bit_depth, real.source.bit_depth)
    if None not in depths and depths[0] != depths[1]:
        notes.append(
            f"16-bit images of {folder} were scaled by {depths[0]} bits, those of {real.name} by "
            f"{depths[1]}."
        )
    return SampleSet(
        folder,
        folder,
        real,
        source.num_examples,
        lambda count: real_parts(source, count),
        {"checkpoint": None, "images": os.path.basename(os.path.normpath(folder))},
        notes=tuple(notes),
    )
