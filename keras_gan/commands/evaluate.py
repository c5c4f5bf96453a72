"""Judges samples against a dataset: python -m keras_gan.evaluate --run_dir=runs/dcgan"""

import dataclasses
import os

from keras_gan import command
from keras_gan.errors import UserError
from keras_gan.options import CHECKPOINT, STANDING_STATISTICS, check_options, option

DESCRIPTION = (
    "Measures a run's samples, or a folder of images, against the images of a dataset: a table, "
    "evaluation.json and pictures. Numbers compare only at the same settings, which are recorded."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to judge, against what, by which features."""

    run_dir: tuple[str, ...] = option((), "A run directory; repeat it for runs side by side.")
    checkpoint: str = option("newest", CHECKPOINT)
    standing_statistics: int = option(0, STANDING_STATISTICS, lower=0, upper=10_000)
    images: str | None = option(None, "A folder of images to judge, alone or beside runs.")
    dataset: str | None = option(None, "What to judge against. Default: the (first) run's own.")
    split: str | None = option(None, "Split of the dataset. Default: the run's, or train.")
    data_dir: str | None = option(None, "Where TensorFlow Datasets keeps its data.")
    channels: int | None = option(
        None, "Without a run: channels of the images. Default: the dataset's.", lower=1
    )
    image_size: str | None = option(
        None, "Without a run: size to bring dataset and --images to. Default: the dataset's."
    )
    crop: str | None = option(None, "How, as in training. Default: the run's, or center.")
    features: str | None = option(
        None,
        "What images are compared by: inception, classifier, pixels or module:function. Default: "
        "classifier where there are labels, else pixels.",
    )
    num_samples: int | None = option(
        None,
        "Examples on each side, at most as many as there are real ones. Default: up to 10,000.",
        lower=10,
        upper=1_000_000,
    )
    held_out: str | None = option(
        None,
        "A split of the dataset to judge as well, such as test, or of a folder another folder: "
        "what real examples get that were not trained on. All numbers are then from at most as "
        "many examples.",
    )
    on_bad_image: str = option(
        "fail", "For a file of --images that cannot be used: fail, or skip up to 1 % of all.",
        choices=("fail", "skip"),
    )  # fmt: skip
    seed: int = option(0, "Decides the samples.", lower=0, upper=2**31)
    output: str | None = option(
        None,
        "Where evaluation.json and the pictures go. Default: a run's own directory; of --images "
        "there is only the table.",
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
        if len(set(self.run_dir)) < len(self.run_dir):
            raise UserError(f"--run_dir names a run twice. Received: {', '.join(self.run_dir)}.")
        if self.run_dir and (self.image_size or self.channels):
            raise UserError(
                "--image_size and --channels are for --images without a run: a run's samples have "
                "the size and the channels that it was trained with. Drop them."
            )
        alone = len(self.run_dir) + bool(self.images) == 1
        if self.output and not alone:
            raise UserError(
                "--output is for one run or folder. Received: --output with several; each run "
                "directory gets its own evaluation.json."
            )
        if self.output and self.images and _is_within(self.output, self.images):
            raise UserError(
                f"--output must not be in the folder that is judged. Received: {self.output}."
            )
        if self.dataset_report:
            others = ("images", "features", "num_samples", "held_out", "output")
            given = [name for name in others if getattr(self, name)]
            if given or len(self.run_dir) > 1:
                raise UserError(
                    "--dataset_report describes one dataset and judges nothing. Received also: "
                    f"--{given[0] if given else 'run_dir twice'}."
                )


def _is_within(path, folder):
    path, folder = (os.path.realpath(x) for x in (path, folder))
    return os.path.commonpath([path, folder]) == folder


def evaluate(options):
    """Judges runs, a folder of images, held-out examples; writes evaluation.json and pictures.

    Nothing is written before everything that was named is found.

    Args:
        options: `Options`.

    Returns:
        `{run directory, folder or split: evaluation.record.Evaluation}`.

    Raises:
        UserError: For runs or data that cannot be loaded, too few examples, features that do not
            fit, or a directory that cannot be written to.
    """
    from keras_gan.evaluation import record, subjects, verdict

    judged = subjects.all_subjects(options)
    places = {subject.name: place(subject.name, options) for subject in judged}
    before = {name: record.read(where) for name, where in places.items() if where}
    count = verdict.number_of(judged, options)
    found, sides = {}, {}
    for subject in judged:
        key = id(subject.reference)  # Subjects can share one.
        if key not in sides:
            sides[key] = verdict.real_side(subject.reference, count, options)
        evaluation, drawn = verdict.judge(subject, sides[key], count, options)
        found[subject.name], where = evaluation, places[subject.name]
        if not where:
            continue
        old = before[subject.name]
        changed = old and record.differences(old.settings, evaluation.settings)
        if changed:
            evaluation.notes.append(
                "The evaluation that was here before had other settings, so that its numbers do "
                f"not compare: {changed}."
            )
        try:
            evaluation.write(where)
            verdict.write(drawn, where)
        except OSError as error:
            raise UserError(f"Cannot write into {where}: {error.strerror or error}.") from None
    return found


def place(name, options):
    """Returns where the evaluation of a subject goes, or `None`."""
    if name in options.run_dir or name == options.images:
        return options.output or (name if name in options.run_dir else None)
    return None


def lines(found):
    """Returns the lines that tell of `evaluate`'s result."""
    from keras_gan.evaluation import record

    told = ["", *record.table(found)]
    first, *others = found
    for name in others:
        differing = record.differences(found[first].settings, found[name].settings)
        if differing:
            told.append(f"Warning: {first} and {name} do not compare: {differing}.")
    for name, evaluation in found.items():
        if evaluation.classes:
            told += ["", f"{name}, class by class:", *record.table_of_classes(evaluation.classes)]
    notes = dict.fromkeys(note for evaluation in found.values() for note in evaluation.notes)
    return told + [f"Note: {note}" for note in notes]


def main(argv=None):
    """Reads the flags and evaluates."""

    def work(options):
        from keras_gan.evaluation import dataset_report, record, subjects, verdict

        if options.dataset_report:
            reference = subjects.reference_of(options)
            print("\n".join(dataset_report.lines(reference.source, reference.split)))
            return
        found = evaluate(options)
        print("\n".join(lines(found)))
        for where in filter(None, [place(name, options) for name in found]):
            print(f"Written: {os.path.join(where, record.FILE)}, and pictures:")
            for name, how in verdict.HOW_TO_READ.items():
                path = os.path.join(where, verdict.PICTURES, f"{name}.png")
                if os.path.exists(path):
                    print(f"  {path}: {how}")

    command.run(Options, DESCRIPTION, work, argv)
