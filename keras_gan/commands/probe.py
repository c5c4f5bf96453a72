"""Tests what a run's discriminator has learned: python -m keras_gan.probe --run_dir=runs/dcgan"""

import dataclasses
import json
import os
import warnings

from keras_gan import command
from keras_gan.errors import UserError
from keras_gan.options import CHECKPOINT, LABEL_KEY, check_options, option

DESCRIPTION = (
    "Classifies labelled images by a linear support vector machine on the discriminator's "
    "features, beside an untrained discriminator of the same shape and raw pixels (Radford, Metz, "
    "Chintala 2015, section 5.1), with all labels and with few."
)
KINDS = ("trained D", "untrained D", "pixels")
_PENALTIES = (1e-5, 1e-4, 1e-3, 1e-2)  # The machine's C, chosen by cross-validation.
_FOLDS = 3


@dataclasses.dataclass(frozen=True)
class Options:
    """What to probe and with which images."""

    run_dir: str | None = option(None, "The run directory.", path=True)
    checkpoint: str = option("newest", CHECKPOINT)
    dataset: str | None = option(
        None, "Labelled images. Default: the run's own dataset.", path=True
    )
    label_key: str | None = option(None, LABEL_KEY)
    split: str = option("train", "Split to learn from.")
    test_split: str = option("test", "Split to judge by; for a folder a fifth of it is held out.")
    data_dir: str | None = option(None, "Where TensorFlow Datasets keeps its data.", path=True)
    labels_per_class: int = option(10, "Labels of each class where they are few.", lower=2)
    draws: int = option(5, "Draws of the few labels, and untrained discriminators.", lower=2)
    seed: int = option(0, "Decides the draws.", lower=0, upper=2**31)

    def __post_init__(self):
        check_options(self)
        if self.run_dir is None:
            raise UserError("--run_dir is needed: the directory of a trained run.")


def probe(options):
    """Measures accuracies.

    Args:
        options: `Options`.

    Returns:
        `{kind: {"all": [accuracy of each draw], "few": [...]}}` for `KINDS`, each from 0 to 1.

    Raises:
        UserError: If the run has no convolutional discriminator, or the images no labels.
    """
    import keras

    from keras_gan import models
    from keras_gan.evaluation.discriminator_features import discriminator_features
    from keras_gan.runs.directory import load_run

    model, record = load_run(options.run_dir, options.checkpoint)
    _check_discriminator(model)
    train, test = _labelled(options, record, model.spec["image"].shape)
    chosen = [
        _few(train[1], options.labels_per_class, options.seed + draw)
        for draw in range(options.draws)
    ]

    def of_discriminator(network):
        return [discriminator_features(network, images) for images, _ in (train, test)]

    features = {"trained D": [of_discriminator(model.discriminator)], "untrained D": []}
    for draw in range(options.draws):
        keras.utils.set_random_seed(options.seed + draw)
        untrained = models.get(record["config"].model).from_config(record["model"])
        features["untrained D"].append(of_discriminator(untrained.discriminator))
    features["pixels"] = [[images.reshape(len(images), -1) for images, _ in (train, test)]]
    found = {}
    for kind in KINDS:
        sets = features[kind]
        found[kind] = {
            "all": [_accuracy(x, train[1], y, test[1]) for x, y in sets],
            "few": [
                _accuracy(x[rows], train[1][rows], y, test[1])
                for (x, y), rows in zip(_cycled(sets, options.draws), chosen, strict=True)
            ],
        }
    return found


def _check_discriminator(model):
    """Raises `UserError` unless the model has one discriminator of examples under `image`."""
    if getattr(model, "discriminator", None) is None or "image" not in model.spec:
        raise UserError(
            "The probe is for systems with one discriminator of images, such as dcgan. Received: "
            f"{type(model).__name__}."
        )


def _cycled(sets, count):
    return [sets[i % len(sets)] for i in range(count)]


def _labelled(options, record, shape):
    """Returns (images, labels) to learn from and to judge by, prepared like the run's."""
    import numpy as np

    from keras_gan.data import load_dataset
    from keras_gan.runs.directory import bit_depths

    config = record["config"]
    name = options.dataset or config.dataset
    own = name == config.dataset

    def load(split):
        source = load_dataset(
            name, split=split, data_dir=options.data_dir, channels=shape[-1],
            image_size=f"{shape[0]}x{shape[1]}", crop=config.crop,
            image_key=config.image_key if own else None,
            label_key=options.label_key or (config.label_key if own else None),
            bit_depth=bit_depths(record) if own else None,
        )  # fmt: skip
        if not source.num_classes:
            advice = source.label_hint or "Give another --dataset."
            raise UserError(f"The probe needs labels; {name} has none. {advice}")
        batch = next(iter(source.batches(source.num_examples)))
        return batch["image"].numpy(), batch["label"].numpy()

    if len(shape) != 3:
        raise UserError(
            f"The probe is for images. Received: a run whose examples are vectors {shape}."
        )
    if not os.path.isdir(name):
        return load(options.split), load(options.test_split)
    images, labels = load("train")
    order = np.random.default_rng(options.seed).permutation(len(images))
    held_out = max(1, len(order) // 5)
    return [(images[rows], labels[rows]) for rows in (order[held_out:], order[:held_out])]


def _few(labels, per_class, seed):
    """Returns the rows of `per_class` examples of each class."""
    import numpy as np

    draw = np.random.default_rng(seed)
    rows = []
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        if len(of_class) < per_class:
            raise UserError(
                f"--labels_per_class must be at most {len(of_class)}, the examples of class "
                f"{label}. Received: {per_class}."
            )
        rows.extend(draw.choice(of_class, per_class, replace=False))
    return np.array(rows)


def _accuracy(train, train_labels, test, test_labels):
    """Returns the share of the test that a linear L2-SVM names rightly, C by cross-validation.

    Each feature is scaled to the training examples' mean 0 and variance 1.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV
    from sklearn.svm import LinearSVC

    train, test = _coordinates(train, test)
    machine = LinearSVC(dual=True, tol=1e-3, random_state=0)
    search = GridSearchCV(machine, {"C": _PENALTIES}, cv=_FOLDS)
    with warnings.catch_warnings():  # A penalty that does not converge is hardly the best one.
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(train, train_labels)
    return float(search.score(test, test_labels))


def _coordinates(train, test):
    """Returns scaled features in as few dimensions as there are training examples.

    The machine's weights are a sum of training examples, so nothing is lost, and it is faster.
    """
    import numpy as np

    train, test = train.astype("float64"), test.astype("float64")
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    train, test = ((x - mean) / np.where(deviation > 0.0, deviation, 1.0) for x in (train, test))
    if train.shape[1] <= train.shape[0]:
        return train, test
    values, vectors = np.linalg.eigh(train @ train.T)
    kept = values > 1e-9 * values[-1]
    axes = train.T @ (vectors[:, kept] / np.sqrt(values[kept]))
    return train @ axes, test @ axes


def table(found, labels_per_class):
    """Returns the lines of a table of `probe`'s result, in percent."""
    import statistics

    def told(values):
        mean = f"{100 * statistics.mean(values):.1f}"
        return f"{mean} +- {100 * statistics.stdev(values):.1f}" if len(values) > 1 else mean

    head = f"{'features':12}  {'all labels':>14}  {f'{labels_per_class} a class':>14}"
    rows = [f"{k:12}  {told(v['all']):>14}  {told(v['few']):>14}" for k, v in found.items()]
    return [head, *rows]


def main(argv=None):
    """Reads the flags and probes."""

    def work(options):
        from keras_gan.files import write_text

        found = probe(options)
        print("Accuracy on the test images in percent, mean and standard deviation of the draws:")
        print("\n".join(table(found, options.labels_per_class)))
        path = os.path.join(options.run_dir, "probe.json")
        settings = dataclasses.asdict(options)
        write_text(path, json.dumps({"settings": settings, "accuracy": found}, indent=2) + "\n")
        print(f"Written to {path}")

    command.run(Options, DESCRIPTION, work, argv)
