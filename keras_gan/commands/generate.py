"""Samples a run's generator: python -m keras_gan.generate --run_dir=runs/dcgan"""

import dataclasses
import os
import re

from keras_gan import command
from keras_gan.errors import UserError
from keras_gan.options import CHECKPOINT, STANDING_STATISTICS, check_options, option

DESCRIPTION = (
    "Samples the averaged generator of a run, one image for each seed. The image of a seed does "
    "not depend on the other seeds. With --walk or --minus and --plus, what lies between seeds."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to sample and where to put it."""

    run_dir: str | None = option(None, "The run directory.")
    checkpoint: str = option("newest", CHECKPOINT)
    seeds: str | None = option(
        None, "Seeds, like 0-63 or 1,5,9-12. Default: 0-63; with --labels 0-9."
    )
    labels: str | None = option(
        None, "A row of all seeds for each of these classes, like 0,3, 2-5 or all, or by name."
    )
    truncation: float | None = option(
        None,
        "Cut the normal prior of the latents off here, like 0.7: likelier, less varied samples.",
    )
    standing_statistics: int = option(0, STANDING_STATISTICS, lower=0, upper=10_000)
    walk: int | None = option(
        None, "Walk from each seed to the next, in a row of so many samples with both ends.",
        lower=2, upper=1000,
    )  # fmt: skip
    minus: str | None = option(
        None, "Calculate: the mean latent of --seeds, minus that of these seeds, ..."
    )
    plus: str | None = option(None, "... plus that of these seeds.")
    output: str = option(
        "samples.png",
        "A .png for one grid, an .npy for the float32 array, or a folder for one PNG a seed, with "
        "--labels in a folder for each class.",
    )

    def __post_init__(self):
        check_options(self)
        if self.run_dir is None:
            raise UserError("--run_dir is needed: the directory of a trained run.")
        if (self.minus is None) != (self.plus is None) or (self.minus is not None and self.walk):
            raise UserError(
                "--minus and --plus go together, without --walk: --seeds=3,14,15 --minus=9,26,5 "
                "--plus=35,8,97."
            )
        if (self.walk or self.minus) and self.truncation is not None:
            raise UserError(
                "--truncation is for samples of seeds, not what is between. Received: "
                f"--truncation={self.truncation} with {'--walk' if self.walk else '--minus'}."
            )
        if self.minus and self.labels is not None:
            raise UserError(
                "--labels is for samples of seeds and walks. Received: --labels with --minus."
            )


_MOST_SEEDS = 1_000_000


def parse_seeds(text, flag="--seeds"):
    """Turns "1,5,9-12" into [1, 5, 9, 10, 11, 12]."""
    seeds = []
    for part in text.split(","):
        first, last = _range(part)
        if last < first or max(abs(first), abs(last)) >= 2**63:
            raise UserError(f"{flag} must be like 0-63 or 1,5,9-12. Received: {text!r}.")
        if len(seeds) + last - first >= _MOST_SEEDS:
            raise UserError(
                f"{flag} must be at most {_MOST_SEEDS:,} at a time. Received: {text!r}."
            )
        seeds.extend(range(first, last + 1))
    return seeds


def _range(text):
    """Returns (9, 12) for "9-12", (5, 5) for "5", and (0, -1) for what is neither."""
    match = re.fullmatch(r"\s*(-?\d+)(?:-(\d+))?\s*", text)
    return (int(match[1]), int(match[2] or match[1])) if match else (0, -1)


def generate(options):
    """Writes samples.

    Args:
        options: `Options`.

    Returns:
        The number of samples.

    Raises:
        UserError: If the run cannot be loaded, the seeds mean nothing, or the output cannot be
            written.
    """
    import numpy as np

    from keras_gan.drawing import pictures
    from keras_gan.files import replacing
    from keras_gan.runs.directory import load_run

    output = options.output
    default = "0-9" if options.labels else "0-63"
    seeds = parse_seeds(default if options.seeds is None else options.seeds)
    kind = os.path.splitext(output)[1].lower()
    if not output or kind not in ("", ".png", ".npy"):
        raise UserError(f"--output must be a .png, an .npy or a folder. Received: {output}.")
    model, run = load_run(options.run_dir, options.checkpoint, options.standing_statistics)
    labels, class_names = None, run["class_names"]
    if options.labels is not None:
        labels = parse_labels(options.labels, model, class_names)
    samples, picture = _samples(model, seeds, labels, options)
    if labels:
        told = ", ".join(f"{label} ({class_names[label]})" for label in labels)
        print(f"Labels, each of all seeds, in turn: {told}.")
    if kind == ".npy":
        files = {output: lambda file: np.save(file, samples)}
    elif len(model.image_shape) != 3 and (kind == "" or model.image_shape != (2,)):
        raise UserError(
            f"These samples are vectors {model.image_shape}, not images: expected an .npy for "
            f"--output. Received: {output}."
        )
    elif kind == ".png":
        picture = pictures.picture(samples) if picture is None else picture
        files = {output: lambda file: file.write(pictures.png(picture))}
    else:
        folders = [re.sub(r"[/\\]", "_", class_names[label]) for label in labels or ()]
        own = _names(seeds, folders, options, len(samples))
        names = [os.path.join(output, name) for name in own]
        files = {
            name: lambda file, image=image: file.write(pictures.png(pictures.to_bytes(image)))
            for name, image in zip(names, samples, strict=True)
        }
    try:
        for path, write in files.items():
            with replacing(path) as temporary, open(temporary, "wb") as file:
                write(file)
    except OSError as error:
        raise UserError(f"Cannot write {output}: {error.strerror}.") from None
    return len(samples)


def parse_labels(text, model, class_names):
    """Turns "0,3", "all" or names of classes into labels.

    Args:
        text: What `--labels` says.
        model: An `AdversarialModel`.
        class_names: Names of the classes, in the order of their labels.

    Raises:
        UserError: If the model takes no labels, or there is no such class.
    """
    counts = {condition.name: condition.count for condition in model.conditions}
    if "labels" not in counts:
        raise UserError(
            f"{type(model).__name__} takes no labels. Received: --labels={text}. Leave it out."
        )
    if text == "all":
        return list(range(counts["labels"]))
    names = list(class_names or ())
    labels = []
    for part in (part.strip() for part in text.split(",")):
        # Folders can be named by numbers, which are not their labels.
        first, last = (names.index(part),) * 2 if part in names else _range(part)
        if not 0 <= first <= last < counts["labels"]:
            known = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
            raise UserError(
                f"--labels must be all, or of 0 to {counts['labels'] - 1}, or of their names "
                f"({known}). Received: {part!r}."
            )
        labels.extend(range(first, last + 1))
    return list(dict.fromkeys(labels))


def _samples(model, seeds, labels, options):
    """Returns samples, and for what is no plain grid a picture."""
    import numpy as np

    from keras_gan.drawing.pictures import grid

    are_images = len(model.image_shape) == 3
    between = (len(seeds) - 1) * options.walk if options.walk else len(seeds)
    number = between * len(labels or [0])
    if number > _MOST_SEEDS:
        raise UserError(
            f"Expected at most {_MOST_SEEDS:,} samples at a time. Received: {number:,}. Give fewer "
            "--seeds or --labels."
        )
    if not options.walk and options.minus is None:
        pairs, given = [(seed, 0) for seed in seeds], {}
        if labels:
            given["labels"] = [label for label in labels for _ in seeds]
        samples = model.sample_seeds(
            pairs * len(labels or [0]), truncation=options.truncation, **given
        )
        return samples, grid(samples, len(seeds)) if labels and are_images else None
    from keras_gan.evaluation import latent_pictures

    if options.walk:
        if len(seeds) < 2:
            raise UserError(f"--walk needs at least two --seeds. Received: {options.seeds}.")
        given = [{"labels": label} for label in labels] if labels else [{}]
        walks = [latent_pictures.seeds_walk(model, seeds, options.walk, **own) for own in given]
        samples = np.concatenate(walks)
        return samples, grid(samples, options.walk) if are_images else None
    minus, plus = parse_seeds(options.minus, "--minus"), parse_seeds(options.plus, "--plus")
    samples, rows = latent_pictures.arithmetic(model, seeds, minus, plus)
    return samples, latent_pictures.ragged(rows) if are_images else None


def _names(seeds, folders, options, count):
    folders = folders or [""]
    if options.walk or options.minus is not None:
        names = [f"step_{i:08d}.png" for i in range(count // len(folders))]
    else:
        names = [f"seed_{seed:08d}.png" for seed in seeds]
    return [os.path.join(folder, name) for folder in folders for name in names]


def main(argv=None):
    """Reads the flags and samples."""

    def work(options):
        count = generate(options)
        print(f"{count} sample{'s' * (count != 1)} of {options.run_dir}: {options.output}")

    command.run(Options, DESCRIPTION, work, argv)
