"""What can be judged: a run's samples, a folder of images, held-out real examples."""

import os
from collections.abc import Callable
from typing import NamedTuple

from keras_gan.data import load_dataset
from keras_gan.errors import UserError
from keras_gan.evaluation.digests import weights_digest
from keras_gan.evaluation.examples import generated_parts, real_parts
from keras_gan.evaluation.references import Reference, load_reference
from keras_gan.runs.directory import load_run


class Subject(NamedTuple):
    """Something to be judged.

    Attributes:
        name: As the user named it.
        about: What it is, in words.
        reference: `Reference` to judge it against.
        most: How many examples there are of it, or `None` for any number.
        parts: Function from a number to float32 arrays of as many examples together.
        told: What the record says of it.
        model: The `AdversarialModel`, or `None`.
        class_names: Names of the classes that the model learnt, or `None`.
        notes: What the reader should know.
    """

    name: str
    about: str
    reference: Reference
    most: int | None
    parts: Callable
    told: dict
    model: object = None
    class_names: list | None = None
    notes: tuple = ()


def all_subjects(options):
    """Returns the `Subject`s that `evaluate.Options` name; whatever is missing is found here.

    Raises:
        UserError: For runs, folders or splits that cannot be loaded or do not fit together.
    """
    found = [_run(run_dir, options) for run_dir in options.run_dir]
    reference = found[0].reference if found else load_reference(options)
    if options.held_out:
        found.append(_held_out(options.held_out, reference))
    if options.images:
        found.append(_folder(options.images, options, reference))
    return found


def reference_of(options):
    """Returns the `Reference` of the run that the options name, or of no run."""
    return (
        _run(options.run_dir[0], options).reference if options.run_dir else load_reference(options)
    )


def _run(run_dir, options):
    model, record = load_run(run_dir, options.checkpoint, options.standing_statistics)
    step = int(model.step.numpy())
    return Subject(
        run_dir,
        f"{run_dir} at step {step:,}",
        load_reference(options, record["config"], model.image_shape),
        None,
        lambda count: generated_parts(model, count, options.seed),
        {
            "checkpoint": step,
            "standing_statistics": options.standing_statistics,
            "weights": weights_digest(model.averaged_generator),
        },
        model,
        record["class_names"],
    )


def _held_out(split, reference):
    source = reference.held_out
    return Subject(
        f"{reference.name} ({split})",
        f"real examples of {reference.name} ({split})",
        reference,
        source.num_examples,
        lambda count: real_parts(source, count),
        {"checkpoint": None, "held_out": split},
    )


def _folder(folder, options, reference):
    shape = reference.source.shape
    if len(shape) != 3:
        raise UserError(
            f"--images needs a dataset of images to compare with. Received: {reference.name}, of "
            f"vectors {shape}."
        )
    if not os.path.isdir(folder):
        raise UserError(f"--images must be a folder of images. Received: {folder!r}.")
    source = load_dataset(
        folder,
        channels=shape[2],
        image_size=options.image_size,
        crop=reference.crop,
        on_bad_image=options.on_bad_image,
    )
    if source.shape != shape:
        raise UserError(
            f"Expected images of {shape[0]}x{shape[1]} in {folder}, like those of "
            f"{reference.name}. Received: {source.shape[0]}x{source.shape[1]}. Bring them to one "
            "size, or without --run_dir give --image_size for both."
        )
    told = "grey" if shape[2] == 1 else f"of {shape[2]} channels"
    notes = [f"The images of {folder} were read as {told}, like those of {reference.name}."]
    if options.image_size:
        notes.append(f"They and those of {reference.name} were brought to {shape[0]}x{shape[1]}.")
    return Subject(
        folder,
        folder,
        reference,
        source.num_examples,
        lambda count: real_parts(source, count),
        {"checkpoint": None, "images": os.path.basename(os.path.normpath(folder))},
        notes=tuple(notes),
    )
