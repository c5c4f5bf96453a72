"""Samples a run's generator: python -m keras_gan.generate --run_dir=runs/dcgan"""

import dataclasses
import os
import re

from keras_gan import command
from keras_gan.errors import UserError
from keras_gan.options import CHECKPOINT, STANDING_STATISTICS, check_options, option

DESCRIPTION = (
    "Samples a run's averaged network, one image, vector or text for each seed. The sample of a "
    "seed does not depend on the other seeds. With --walk or --minus and --plus, what lies between "
    "seeds. To change images of yours, see python -m keras_gan.translate."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to sample and where to put it."""

    run_dir: str | None = option(None, "The run directory.", path=True)
    checkpoint: str = option("newest", CHECKPOINT)
    function: str | None = option(
        None, "The function to sample, of those that the system has. Default: its main one."
    )
    seeds: str | None = option(
        None, "Seeds, like 0-63 or 1,5,9-12. Default: 0-63; with --labels 0-9."
    )
    labels: str | None = option(
        None,
        "A row of all seeds for each of these classes: names, or all, or numbers like 0,3 or 2-5. "
        "Numbers count the classes from 0, unless all names are whole numbers.",
    )
    truncation: float | None = option(
        None,
        "Cut the normal prior of the latents off here, like 0.7: likelier, less varied samples.",
    )
    standing_statistics: int = option(0, STANDING_STATISTICS, lower=0, upper=10_000)
    walk: int | None = option(
        None,
        "Walk from each seed to the next in so many samples, with both ends. In a grid a row leads "
        "from each seed to the first sample of the next row.",
        lower=2,
        upper=1000,
    )
    minus: str | None = option(
        None, "Calculate: the mean latent of --seeds, minus that of these seeds, ..."
    )
    plus: str | None = option(None, "... plus that of these seeds.")
    output: str | None = option(
        None,
        "A .png for one grid, an .npy for the array of the samples, or a folder for one PNG a "
        "seed, with --labels in a folder for each class. Of tokens: a .txt or an .npy. Default: "
        "samples.png; texts are printed.",
        path=True,
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
    """Writes samples, or prints those that are texts if there is no `output`.

    Args:
        options: `Options`.

    Returns:
        (number of samples, path of the output or `None` for printed texts).

    Raises:
        UserError: If the run cannot be loaded, the function cannot be sampled, the seeds mean
            nothing, or the output cannot be written.
    """
    from keras_gan.files import replacing
    from keras_gan.runs.directory import load_run

    default = "0-9" if options.labels else "0-63"
    seeds = parse_seeds(default if options.seeds is None else options.seeds)
    kind = os.path.splitext(options.output or "")[1].lower()
    if options.output == "" or kind not in ("", ".png", ".npy", ".txt"):
        raise UserError(
            f"--output must be a .png, an .npy, a .txt or a folder. Received: {options.output}."
        )
    model, run = load_run(options.run_dir, options.checkpoint, options.standing_statistics)
    function = _drawn_function(model, options)
    labels, class_names = None, run["class_names"]
    if options.labels is not None:
        labels = parse_labels(options.labels, model, class_names, options.function)
    output = _output(function.output, kind, options.output)
    samples, picture = _samples(function, seeds, labels, options)
    if labels:
        told = ", ".join(f"{class_names[label]} (label {label})" for label in labels)
        print(f"Classes, each with all seeds: {told}.")
    if output is None:
        print("\n".join(function.output.text(samples)))
        return len(samples), None
    folders = [re.sub(r"[/\\]", "_", class_names[label]) for label in labels or ()]
    if len(set(folders)) < len(folders):  # Names that differ only in what a path cannot have.
        folders = [f"{label}_{name}" for label, name in zip(labels, folders, strict=True)]
    names = _names(seeds, folders, options, len(samples))
    if kind == "":  # Each sample has a file, and a seed that comes twice has one.
        samples = list(dict(zip(names, samples, strict=True)).values())
        names = list(dict.fromkeys(names))
    try:
        for path, write in _files(function.output, output, samples, picture, names):
            with replacing(path) as temporary, open(temporary, "wb") as file:
                write(file)
    except OSError as error:
        raise UserError(f"Cannot write {output}: {error.strerror}.") from None
    return len(samples), output


def _drawn_function(model, options):
    """Returns the function to sample; all its inputs are drawn from seeds."""
    from keras_gan.game.ports import Images

    name = options.function or model.main_function
    function = model.function(options.function)
    if function.given:
        port = function.given[0]
        advice = "Use another --function"
        if port.are_images:
            advice = (
                f"Use python -m keras_gan.translate --run_dir={options.run_dir} --function={name} "
                "--images=FOLDER --output=FOLDER"
            )
        raise UserError(
            f"{name} is no function of seeds. Received: a function that takes {port.name}. "
            f"{advice}."
        )
    between = "--walk" if options.walk else "--minus" if options.minus is not None else None
    if between and (function.latents is None or not isinstance(function.output, Images)):
        raise UserError(
            f"{between} needs a function from latents to images or vectors. Received: {name}, "
            f"which makes {function.output.name}."
        )
    return function


def _output(port, kind, output):
    """Returns where samples of a port go, or `None` for the terminal; checks the kind of file."""
    from keras_gan.game.ports import Tokens

    if isinstance(port, Tokens):
        if kind not in (".txt", ".npy") and output is not None:
            raise UserError(
                "These samples are texts: expected a .txt or an .npy for --output, or none. "
                f"Received: {output}."
            )
        return output
    output = "samples.png" if output is None else output
    if kind == ".txt":
        raise UserError(
            f"These samples are {port.name}: expected a .png, an .npy or a folder for --output. "
            f"Received: {output}."
        )
    are_images = port.are_images
    if (
        not are_images
        and kind != ".npy"
        and (port.shape != (2,) or os.path.splitext(output)[1] == "")
    ):
        raise UserError(
            f"These samples are vectors {port.shape}, not images: expected an .npy for "
            f"--output. Received: {output}."
        )
    return output


def _files(port, output, samples, picture, names):
    """Yields pairs (path, function that writes into a binary file) of an output."""
    import numpy as np

    from keras_gan.drawing import pictures

    kind = os.path.splitext(output)[1].lower()
    if kind == ".npy":
        yield output, lambda file: np.save(file, samples)
    elif kind == ".txt":
        text = "".join(f"{line}\n" for line in port.text(samples))
        yield output, lambda file: file.write(text.encode())
    elif kind == ".png":
        picture = pictures.picture(samples) if picture is None else picture
        yield output, lambda file: file.write(pictures.png(picture))
    else:
        for name, image in zip(names, samples, strict=True):
            data = pictures.png(pictures.to_bytes(image))
            yield os.path.join(output, name), lambda file, data=data: file.write(data)


def parse_labels(text, model, class_names, function=None):
    """Turns "0,3", "all" or names of classes into labels; see `class_names.labels_of`.

    Args:
        text: What `--labels` says.
        model: An `AdversarialModel`.
        class_names: Names of the classes, in the order of their labels.
        function: Name of the function that takes them. Default: the main one.

    Raises:
        UserError: If the model takes no labels, or there is no such class.
    """
    from keras_gan.data import class_names as class_names_of

    counts = {condition.name: condition.count for condition in model.function(function).conditions}
    if "labels" not in counts:
        raise UserError(
            f"{type(model).__name__} takes no labels. Received: --labels={text}. Leave it out."
        )
    return class_names_of.labels_of(text, counts["labels"], class_names)


def _samples(function, seeds, labels, options):
    """Returns samples, and for images that belong in rows a picture."""
    import numpy as np

    from keras_gan.drawing.pictures import grid
    from keras_gan.evaluation import latent_pictures

    between = (len(seeds) - 1) * (options.walk - 1) + 1 if options.walk else len(seeds)
    number = between * len(labels or [0])
    if number > _MOST_SEEDS:
        raise UserError(
            f"Expected at most {_MOST_SEEDS:,} samples at a time. Received: {number:,}. Give fewer "
            "--seeds or --labels."
        )
    columns = len(seeds) if labels else None
    if options.walk:
        if len(seeds) < 2:
            raise UserError(f"--walk needs at least two --seeds. Received: {options.seeds}.")
        given = [{"labels": label} for label in labels or ()] or [{}]
        walks = [latent_pictures.seeds_walk(function, seeds, options.walk, **own) for own in given]
        rows = [r for walk in walks for r in latent_pictures.rows_of_walk(walk, options.walk)]
        drawn = latent_pictures.ragged(rows) if function.draws_images else None
        return np.concatenate(walks), drawn
    elif options.minus is not None:
        others = parse_seeds(options.minus, "--minus"), parse_seeds(options.plus, "--plus")
        samples, rows = latent_pictures.arithmetic(function, seeds, *others)
        return samples, latent_pictures.ragged(rows) if function.draws_images else None
    else:
        given = {"labels": np.repeat(labels, len(seeds))} if labels else {}
        pairs = [(seed, 0) for seed in seeds] * len(labels or [0])
        samples = function.sample(pairs, truncation=options.truncation, **given)
    return samples, grid(samples, columns) if columns and function.draws_images else None


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
        count, output = generate(options)
        if output is not None:
            print(f"{count} sample{'s' * (count != 1)} of {options.run_dir}: {output}")

    command.run(Options, DESCRIPTION, work, argv)
