"""Evaluates one set of samples: computes the measures, draws the pictures, makes the record."""

import os

import numpy as np

from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.evaluation import conditions, drawing, latent_pictures, measures, sequences
from keras_gan.evaluation.examples import gather, real_parts
from keras_gan.evaluation.features import make_extractor
from keras_gan.evaluation.real_data import check_enough, mixture_of
from keras_gan.evaluation.record import Evaluation
from keras_gan.files import write_bytes, write_text
from keras_gan.game import showing
from keras_gan.game.ports import Tokens

PICTURES = "evaluation"  # Folder beside evaluation.json.
_MOST = 10_000  # Examples, unless more are asked for.
_TRAINING = 50_000  # Examples among which nearest ones are looked for.
_FEW = 10_000
_TEXTS = 100
_PAIRS = 16
_SURE = 1.5  # Times as often right as by guessing: less is no classifier.
_SIDE = 512  # Pixels: smaller pictures are enlarged.
HOW_TO_READ = {
    "samples": "the first samples; points are drawn over real points in grey",
    "pairs": "the first inputs, each with what was made of it to the right",
    "nearest_neighbours": "pairs of rows: samples, and below each its nearest training image",
    "interpolation": "pairs of rows between two latents: on a line, then on the sphere",
    "latent_walk": "one walk, from left to right and row by row",
    "classes": "shares of the classes: data in grey, samples in blue",
}


def number_of(sample_sets, options):
    """Returns how many examples of each set to judge: the same for all of them."""
    limits = [options.num_samples or _MOST]
    for samples in sample_sets:
        limits += [samples.real.source.num_examples, samples.most or limits[0]]
    return min(limits)


def real_side(data, count, options):
    """Returns (`Extractor`, the `Examples` of so many real ones): what `evaluate` compares with."""
    source = data.source
    check_enough(source, count)
    extractor = make_extractor(options.features, source.shape, data.training, source.vocabulary)
    return extractor, gather(real_parts(source, count), extractor)


def evaluate(samples, side, count, options):
    """Returns the `Evaluation` of a set of samples, and what to look at.

    Args:
        samples: `SampleSet`.
        side: What `real_side` returned for its real data.
        count: Number of its examples, and of real ones.
        options: `evaluate.Options`.

    Returns:
        (`Evaluation`; pictures and lists of texts by name).
    """
    data, (extractor, real) = samples.real, side
    print(
        f"Judging {samples.about}: {count:,} against {count:,} examples of {data.name} "
        f"({data.split}) by {extractor.about}",
        flush=True,
    )
    fake = gather(samples.parts(count), extractor)
    _check_comparable(samples, extractor, real, fake)
    values, notes = measures.measure_features(real, fake, seed=options.seed)
    notes = [*samples.notes, *dict.fromkeys(notes)]
    drawn = _first(samples, real, fake)
    found, classes = _class_values(samples, side, fake, options, notes, drawn)
    values |= found
    if isinstance(data.port, Tokens):
        size = len(data.port.vocabulary)
        values |= sequences.measure_sequences(real.images, fake.images, size)
    elif _same_shape(real, fake):
        values |= measures.measure_images(real, fake, options.seed)
    values |= _memorisation(samples, real, fake, count, notes, drawn)
    function = samples.function
    if function is not None and function.latents and function.draws_images and not function.given:
        drawn["interpolation"] = latent_pictures.interpolation(function, options.seed)
        drawn["latent_walk"] = latent_pictures.latent_walk(function, options.seed)
    if count < _FEW:
        notes.append(
            f"Measured on {count:,} examples a side. All measures but the kernel distance change "
            "with this number: compare evaluations of the same number."
        )
    settings = _settings(samples, extractor, count, options)
    plain = {name: float(v) if isinstance(v, float) else int(v) for name, v in values.items()}
    return Evaluation(settings, plain, notes, classes), drawn


def write(drawn, directory):
    """Writes pictures and texts into a directory's folder for them; those of before go."""
    for name in HOW_TO_READ:
        found = drawn.get(name)
        path = os.path.join(directory, PICTURES, name)
        if isinstance(found, list):
            write_text(f"{path}.txt", "".join(f"{text}\n" for text in found))
        elif found is not None:
            write_bytes(f"{path}.png", pictures.png(_enlarged(found)))
        for ending, is_used in ((".txt", isinstance(found, list)), (".png", found is not None)):
            if not is_used and os.path.exists(path + ending):
                os.remove(path + ending)


def files(directory):
    """Returns pairs (path, how to read it) of what `write` left in a directory."""
    found = []
    for name, how in HOW_TO_READ.items():
        path = os.path.join(directory, PICTURES, name)
        found += [(f"{path}.png", how), (f"{path}.txt", "the first samples, one a line")]
    return [(path, how) for path, how in found if os.path.exists(path)]


def _check_comparable(samples, extractor, real, fake):
    """Raises `UserError` unless the features of both sides have the same dimension."""
    if real.features.shape[1] != fake.features.shape[1]:
        raise UserError(
            f"--features={extractor.name} cannot compare examples of {real.images.shape[1:]} with "
            f"the {fake.images.shape[1:]} that {samples.name} makes. Use --features=inception."
        )


def _same_shape(real, fake):
    return real.images.shape[1:] == fake.images.shape[1:]


def _first(samples, real, fake):
    """Returns what shows the first samples, as a dict: a grid, points, pairs or texts."""
    port, examples = samples.real.port, fake.images
    if isinstance(port, Tokens):
        return {"samples": showing.show_examples(port, examples[:_TEXTS]).texts}
    fitting = pictures.count_that_fits(examples.shape[1:])
    examples = examples[:fitting]
    reference = None if examples.ndim == 4 else real.images[:fitting]
    drawn = {"samples": pictures.picture(examples, reference)}
    given = samples.function.given if samples.function else ()
    if given and all(x.are_images for x in (*given, port)):
        sources = [samples.real.inputs[one.name] for one in given]
        count = min(
            len(examples), _PAIRS, pictures.pairs_that_fit(sources[0].shape, len(given) + 1)
        )
        rows = [next(real_parts(source, count)) for source in sources]
        drawn["pairs"] = showing.show_pairs(rows, examples[:count])
    return drawn


def _class_values(samples, side, fake, options, notes, drawn):
    """Returns (values by name, values of each class or `None`) of what classes samples show."""
    (extractor, real), function = side, samples.function
    drawn_by = function if function is not None and not function.given else None
    values, classes = {}, None
    if extractor.knows_classes:
        values |= measures.measure_classes(real, fake)
        drawn["classes"] = drawing.class_histogram(real, fake)
        if extractor.accuracy < _SURE / samples.real.source.num_classes:
            notes.append(
                f"The classifier is right on {100 * extractor.accuracy:.1f} % only: its features "
                "say little. Give more images, or --features=pixels."
            )
        if drawn_by is not None:
            found, classes = conditions.measure(samples, real, fake, options, notes)
            values |= found
    elif drawn_by is not None and drawn_by.conditions:
        notes.append(
            "Whether samples are of their labels or codes was not measured: that takes "
            "--features=classifier and a dataset with labels."
        )
    return values, classes


def _memorisation(samples, real, fake, count, notes, drawn):
    """Returns values by name of how samples relate to single training examples."""
    data, mixture = samples.real, mixture_of(samples.real.source)
    if mixture:
        return measures.measure_modes(fake.images, *mixture)
    if not (data.is_own or samples.model is None):
        notes.append("Copies of training examples were not looked for in another dataset.")
        return {}
    near = _near(real, data)
    if isinstance(data.port, Tokens):
        compared, values = fake.images, {"copies": sequences.copied(fake.images, near)}
    elif near.shape[1:] != fake.images.shape[1:]:
        notes.append("Copies were not looked for: the samples have another size than the data.")
        return {}
    else:
        compared = measures.compared(fake.images, near)
        values = measures.measure_memorisation(compared, near)
        if compared.ndim == 4:
            drawn["nearest_neighbours"] = drawing.nearest_neighbours(compared, near)
    total = data.training.num_examples
    if len(near) < total or len(compared) < count:
        notes.append(
            f"Nearest training examples were looked for of {len(compared):,} samples among "
            f"{len(near):,} of {total:,}."
        )
    return values


def _settings(samples, extractor, count, options):
    """Returns the settings of an evaluation, plain JSON values by name."""
    data = samples.real
    return {
        "dataset": data.name,
        **({"domain": data.domain} if data.domain else {}),
        "split": data.split,
        "shape": "x".join(map(str, data.source.shape)),
        "crop": data.crop,
        "features": extractor.name,
        "about_features": extractor.about,
        "extractor": extractor.digest,
        "resizer": extractor.resizer,
        "n_real": count,
        "n_fake": count,
        "seed": options.seed,
        **samples.told,
    }


def _near(real, data):
    """Returns training examples as in `Examples.images`."""
    training = data.training
    if training is data.source and len(real.images) == training.num_examples:
        return real.images

    def nothing(examples):
        return examples.reshape(len(examples), -1)[:, :1], None

    return gather(real_parts(training, min(training.num_examples, _TRAINING)), nothing).images


def _enlarged(picture):
    times = max(1, _SIDE // max(picture.shape[:2]))
    return np.repeat(np.repeat(picture, times, axis=0), times, axis=1)
