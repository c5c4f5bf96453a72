"""Judging a subject: examples to numbers, pictures and their record."""

import os

import numpy as np

from keras_gan.drawing import pictures
from keras_gan.evaluation import conditions, drawing, latent_pictures, measures
from keras_gan.evaluation.examples import gather, real_parts
from keras_gan.evaluation.features import make_extractor
from keras_gan.evaluation.judge import check_enough, mixture_of
from keras_gan.evaluation.record import Evaluation
from keras_gan.files import write_bytes

PICTURES = "evaluation"  # Folder beside evaluation.json.
_MOST = 10_000  # Examples, unless more are asked for.
_TRAINING = 50_000  # Examples among which nearest ones are looked for.
_FEW = 10_000
_SURE = 1.5  # Times as often right as by guessing: less is no classifier.
_SIDE = 512  # Pixels: smaller pictures are enlarged.
HOW_TO_READ = {
    "samples": "the first of them (points over real ones in grey)",
    "nearest_neighbours": "rows in turn: samples, and the training image nearest to each",
    "interpolation": "each pair of rows: straight, then on the sphere",
    "latent_walk": "to be read like text",
    "classes": "shares of the classes: data in grey, samples in blue",
}


def number_of(subjects, options):
    """Returns how many examples of each subject to judge: the same for all of them."""
    limits = [options.num_samples or _MOST]
    for subject in subjects:
        limits += [subject.reference.source.num_examples, subject.most or limits[0]]
    return min(limits)


def real_side(reference, count, options):
    """Returns (`Extractor`, the `Examples` of so many real ones): what `judge` compares with."""
    source = reference.source
    check_enough(source, count)
    extractor = make_extractor(options.features, source.shape, reference.training)
    return extractor, gather(real_parts(source, count), extractor)


def judge(subject, side, count, options):
    """Returns the `Evaluation` of a subject and {name: picture}.

    Args:
        subject: `subjects.Subject`.
        side: What `real_side` returned for its reference.
        count: Number of its examples, and of real ones.
        options: `evaluate.Options`.
    """
    reference, (extractor, real) = subject.reference, side
    source = reference.source
    print(
        f"Judging {subject.about}: {count:,} against {count:,} examples of {reference.name} "
        f"({reference.split}) by {extractor.about}",
        flush=True,
    )
    fake = gather(subject.parts(count), extractor)
    values, notes = measures.measure_features(real, fake, seed=options.seed)
    notes = [*subject.notes, *dict.fromkeys(notes)]
    drawn = {"samples": _grid(fake.images, real.images)}
    if extractor.knows_classes:
        values |= measures.measure_classes(real, fake)
        drawn["classes"] = drawing.class_histogram(real, fake)
        if extractor.accuracy < _SURE / source.num_classes:
            notes.append(
                f"The classifier is right on {100 * extractor.accuracy:.1f} % only: its features "
                "say little. Give more images, or --features=pixels."
            )
    classes = None
    if subject.model is not None and extractor.knows_classes:
        told, classes = conditions.measure(subject, real, fake, options, notes)
        values |= told
    elif subject.model is not None and subject.model.conditions:
        notes.append(
            "Whether samples are of their labels or codes was not measured: that takes "
            "--features=classifier and a dataset with labels."
        )
    values |= measures.measure_images(real, fake, options.seed)
    mixture = mixture_of(source)
    if mixture:
        values |= measures.measure_modes(fake.images, *mixture)
    elif reference.is_own or subject.model is None:
        near = _near(real, reference)
        compared = measures.compared(fake.images, near)
        values |= measures.measure_memorisation(compared, near)
        if len(source.shape) == 3:
            drawn["nearest_neighbours"] = drawing.nearest_neighbours(compared, near)
        total = reference.training.num_examples
        if len(near) < total or len(compared) < count:
            notes.append(
                f"Nearest training examples were looked for of {len(compared):,} samples among "
                f"{len(near):,} of {total:,}."
            )
    else:
        notes.append("Copies of training examples were not looked for in another dataset.")
    if subject.model is not None and len(source.shape) == 3:
        drawn["interpolation"] = latent_pictures.interpolation(
            subject.model.function(), options.seed
        )
        drawn["latent_walk"] = latent_pictures.latent_walk(subject.model.function(), options.seed)
    if count < _FEW:
        notes.append(
            f"From {count:,} examples on each side: all but the kernel distance would be others "
            "from more of them."
        )
    settings = {
        "dataset": reference.name,
        "split": reference.split,
        "shape": "x".join(map(str, source.shape)),
        "crop": reference.crop,
        "features": extractor.name,
        "about_features": extractor.about,
        "extractor": extractor.digest,
        "resizer": extractor.resizer,
        "n_real": count,
        "n_fake": count,
        "seed": options.seed,
        **subject.told,
    }
    plain = {name: float(v) if isinstance(v, float) else int(v) for name, v in values.items()}
    return Evaluation(settings, plain, notes, classes), drawn


def write(drawn, directory):
    """Writes pictures into a directory's folder for them; those of before go."""
    for name in HOW_TO_READ:
        path = os.path.join(directory, PICTURES, f"{name}.png")
        picture = drawn.get(name)
        if picture is not None:
            write_bytes(path, pictures.png(_enlarged(picture)))
        elif os.path.exists(path):
            os.remove(path)


def _near(real, reference):
    """Returns training examples as in `Examples.images`."""
    training = reference.training
    if training is reference.source and len(real.images) == training.num_examples:
        return real.images

    def nothing(examples):
        return examples.reshape(len(examples), -1)[:, :1], None

    return gather(real_parts(training, min(training.num_examples, _TRAINING)), nothing).images


def _grid(examples, real):
    fitting = pictures.count_that_fits(examples.shape[1:])
    if examples.ndim == 4:
        return pictures.grid(examples[:fitting])
    return pictures.picture(examples[:fitting], real[:fitting])


def _enlarged(picture):
    times = max(1, _SIDE // max(picture.shape[:2]))
    return np.repeat(np.repeat(picture, times, axis=0), times, axis=1)
