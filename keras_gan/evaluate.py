"""Judges samples against a dataset: python -m keras_gan.evaluate --run_dir=runs/dcgan"""

import dataclasses
import os

from keras_gan import command
from keras_gan.config import CHECKPOINT, check_options, option
from keras_gan.errors import UserError

DESCRIPTION = (
    "Measures a run's samples, or a folder of images, against the images of a dataset: a table, "
    "evaluation.json and pictures. Numbers compare only at the same settings, which are recorded."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to judge, against what, by which features."""

    run_dir: tuple[str, ...] = option((), "A run directory; repeat it for runs side by side.")
    checkpoint: str = option("newest", CHECKPOINT)
    images: str | None = option(None, "A folder of images to judge, alone or beside runs.")
    dataset: str | None = option(None, "What to judge against. Default: the (first) run's own.")
    split: str | None = option(None, "Split of the dataset. Default: the run's, or train.")
    data_dir: str | None = option(None, "Where TensorFlow Datasets keeps its data.")
    channels: int | None = option(
        None, "Channels of the images. Default: the run's or the dataset's.", lower=1
    )
    image_size: str | None = option(
        None, "Size to bring dataset and --images to. Default: the run's or the dataset's."
    )
    crop: str | None = option(None, "How, as in training. Default: the run's, or center.")
    features: str | None = option(
        None,
        "What images are compared by: inception, classifier, pixels or module:function. Default: "
        "classifier where there are labels, else pixels.",
    )
    num_samples: int | None = option(
        None,
        "Samples, and real examples if there are as many. Default: all real ones, up to 10,000.",
        lower=10,
        upper=1_000_000,
    )
    seed: int = option(0, "Decides the samples.", lower=0, upper=2**31)
    output: str | None = option(
        None, "Where evaluation.json and the pictures go. Default: the run's directory."
    )
    dataset_report: bool = option(
        False, "Only describe the dataset, with its intrinsic dimension, to choose latent_dim by."
    )

    def __post_init__(self):
        check_options(self)
        if not (self.run_dir or self.images or self.dataset_report):
            raise UserError("--run_dir or --images is needed: what to judge.")
        if not (self.run_dir or self.dataset):
            raise UserError("--dataset is needed where no --run_dir names one.")
        if self.output and len(self.run_dir) + bool(self.images) > 1:
            raise UserError(
                "--output is for one run or folder. Received: --output with several; each run "
                "directory gets its own evaluation.json."
            )


def evaluate(options):
    """Judges runs and a folder of images, and writes evaluation.json and pictures for each.

    Args:
        options: `Options`.

    Returns:
        `{run directory or folder: evaluation.record.Evaluation}`.

    Raises:
        UserError: For runs or data that cannot be loaded, too few examples, features that do not
            fit, or a directory that cannot be written to.
    """
    from keras_gan.evaluation import record, subjects

    found = {}
    for name in (*options.run_dir, *filter(None, [options.images])):
        is_run = name in options.run_dir
        directory = options.output or (name if is_run else None)
        before = directory and record.read(directory)
        judge = subjects.judge_run if is_run else subjects.judge_folder
        try:
            found[name] = judge(name, options, directory)
            changed = before and record.differences(before.settings, found[name].settings)
            if changed:
                found[name].notes.append(
                    "The evaluation that was here before had other settings, so that its numbers "
                    f"do not compare: {changed}."
                )
            if directory:
                found[name].write(directory)
        except OSError as error:
            raise UserError(f"Cannot write into {directory}: {error.strerror or error}.") from None
    return found


def lines(found):
    """Returns the lines that tell of `evaluate`'s result."""
    from keras_gan.evaluation import record

    told = ["", *record.table(found)]
    first, *others = found
    for name in others:
        differing = record.differences(found[first].settings, found[name].settings)
        if differing:
            told.append(f"Warning: {first} and {name} do not compare: {differing}.")
    notes = dict.fromkeys(note for evaluation in found.values() for note in evaluation.notes)
    return told + [f"Note: {note}" for note in notes]


def main(argv=None):
    """Reads the flags and evaluates."""

    def work(options):
        from keras_gan.evaluation import dataset_report, record, subjects

        if options.dataset_report:
            reference = subjects.reference_of(options)
            print("\n".join(dataset_report.lines(reference.source, reference.split)))
            return
        found = evaluate(options)
        print("\n".join(lines(found)))
        for name in options.run_dir or ([options.images] if options.output else []):
            directory = options.output or name
            print(
                f"Written: {os.path.join(directory, record.FILE)}, pictures in "
                f"{os.path.join(directory, subjects.PICTURES)}"
            )

    command.run(Options, DESCRIPTION, work, argv)


if __name__ == "__main__":
    main()
