"""Judges samples against a dataset: python -m keras_gan.evaluate --run_dir=runs/dcgan"""

import dataclasses
import os

from keras_gan import command
from keras_gan.errors import UserError, first_line
from keras_gan.options import (
    BIT_DEPTH,
    CHECKPOINT,
    IMAGE_KEY,
    LABEL_KEY,
    STANDING_STATISTICS,
    check_options,
    option,
)

DESCRIPTION = (
    "Measures what a function of a run makes, or a folder of images, against the real examples of "
    "a dataset: a table, evaluation.json and pictures or texts. Numbers compare only at the same "
    "settings, which are recorded."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to judge, against what, by which features."""

    run_dir: tuple[str, ...] = option(
        (), "A run directory; repeat it for runs side by side.", path=True
    )
    checkpoint: str = option("newest", CHECKPOINT)
    function: str | None = option(
        None,
        "The function of the run to judge, of those that the system has. Default: its main one.",
    )
    standing_statistics: int = option(0, STANDING_STATISTICS, lower=0, upper=10_000)
    images: str | None = option(
        None, "A folder of images to judge, alone or beside runs.", path=True
    )
    dataset: str | None = option(
        None, "What to judge against. Default: the (first) run's own.", path=True
    )
    target: str | None = option(
        None, "The second dataset of systems that translate between two. Default: the run's own.",
        path=True,
    )  # fmt: skip
    split: str | None = option(None, "Split of the dataset. Default: the run's, or train.")
    data_dir: str | None = option(None, "Where TensorFlow Datasets keeps its data.", path=True)
    image_key: str | None = option(None, IMAGE_KEY)
    label_key: str | None = option(None, LABEL_KEY)
    bit_depth: int | None = option(None, BIT_DEPTH, lower=8, upper=16)
    channels: int | None = option(
        None, "Without a run: channels of the images. Default: the dataset's.", lower=1
    )
    image_size: str | None = option(
        None, "Without a run: size to bring dataset and --images to. Default: the dataset's."
    )
    crop: str | None = option(None, "How, as in training. Default: the run's, or center.")
    features: str | None = option(
        None,
        "What examples are compared by: inception, classifier, pixels or module:function. Default: "
        "classifier where there are labels, else pixels. Of tokens: ngrams.",
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
        path=True,
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
        path=True,
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
        if self.function and not self.run_dir:
            raise UserError(
                f"--function is for a --run_dir. Received: --function={self.function} without one."
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

    A function other than a system's main one has its own folder, `evaluation/<function>/`.

    Nothing is written before everything that was named is found.

    Args:
        options: `Options`.

    Returns:
        (`{run directory, folder or split: evaluation.record.Evaluation}`, the directories that
        were written).

    Raises:
        UserError: For runs or data that cannot be loaded, too few examples, features that do not
            fit, or a directory that cannot be written to.
    """
    from keras_gan.evaluation import evaluate_samples, record, sample_sets

    judged = sample_sets.load_sample_sets(options)
    places = {samples.name: place(samples, options) for samples in judged}
    before = {name: record.read(where) for name, where in places.items() if where}
    count = evaluate_samples.number_of(judged, options)
    found, sides = {}, {}
    for samples in judged:
        key = id(samples.real)  # Several sets can share one.
        if key not in sides:
            sides[key] = evaluate_samples.real_side(samples.real, count, options)
        evaluation, drawn = evaluate_samples.evaluate(samples, sides[key], count, options)
        found[samples.name], where = evaluation, places[samples.name]
        if not where:
            continue
        old = before[samples.name]
        changed = old and record.differences(old.settings, evaluation.settings)
        if changed:
            evaluation.notes.append(
                "The evaluation that was here before had other settings, so that its numbers do "
                f"not compare: {changed}."
            )
        write(evaluation, drawn, where)
        if samples.model is not None and not options.output:
            show_in_tensorboard(evaluation, samples)
    return found, list(filter(None, places.values()))


def write(evaluation, drawn, directory):
    """Writes an `Evaluation` and what it has drawn into a directory."""
    from keras_gan.evaluation import evaluate_samples

    try:
        evaluation.write(directory)
        evaluate_samples.write(drawn, directory)
    except OSError as error:
        raise UserError(f"Cannot write into {directory}: {error.strerror or error}.") from None


def show_in_tensorboard(evaluation, samples):
    """Adds the numbers to the logs of a run, below `evaluation`; TensorBoard's HParams find them.

    Args:
        evaluation: The `Evaluation`.
        samples: The `SampleSet` of the run.
    """
    import tensorflow as tf

    from keras_gan.callbacks import EventLog
    from keras_gan.runs.directory import RunDirectory

    name = samples.told["function"]
    prefix = "" if name == samples.model.main_function else f"{name}/"
    directory = os.path.join(RunDirectory(samples.name).tensorboard, "evaluation")
    try:
        log = EventLog(directory)
        with log.at(samples.told["checkpoint"]):
            for measure, value in evaluation.values.items():
                tf.summary.scalar(prefix + measure, value)
        log.close()
    except (OSError, tf.errors.OpError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise UserError(f"Cannot write into {directory}: {reason}.") from None


def place(samples, options):
    """Returns where the evaluation of a `SampleSet` goes, or `None`."""
    if samples.model is None:
        return options.output if samples.name == options.images else None
    if options.output:
        return options.output
    name = samples.told["function"]
    is_main = name == samples.model.main_function
    return samples.name if is_main else os.path.join(samples.name, "evaluation", name)


def lines(found):
    """Returns the lines of a report on evaluations by name."""
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
        from keras_gan.evaluation import dataset_report, evaluate_samples, record, sample_sets

        if options.dataset_report:
            data = sample_sets.real_data_of(options)
            print("\n".join(dataset_report.lines(data.source, data.split)))
            return
        found, places = evaluate(options)
        print("\n".join(lines(found)))
        for where in places:
            written = evaluate_samples.files(where)
            kind = "pictures" if any(path.endswith(".png") for path, _ in written) else "texts"
            print(f"Written: {os.path.join(where, record.FILE)}, and {kind}:")
            for path, how in written:
                print(f"  {path}: {how}")

    command.run(Options, DESCRIPTION, work, argv)
