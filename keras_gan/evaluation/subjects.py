"""What can be judged, a run's samples or a folder of images, and against which examples."""

import os
from typing import NamedTuple

from keras_gan import pictures
from keras_gan.data import load_dataset
from keras_gan.data.source import Source
from keras_gan.errors import UserError
from keras_gan.evaluation import drawing, latent_pictures, measures
from keras_gan.evaluation.examples import gather, generated_parts, real_parts
from keras_gan.evaluation.features import make_extractor
from keras_gan.evaluation.judge import check_enough, mixture_of
from keras_gan.evaluation.record import Evaluation
from keras_gan.files import replacing
from keras_gan.run_directory import load_run

PICTURES = "evaluation"  # Folder beside evaluation.json.
_MOST = 10_000  # Examples, unless more are asked for.
_TRAINING = 50_000  # Examples among which nearest ones are looked for.
_FEW = 10_000


class Reference(NamedTuple):
    """What is judged against.

    Attributes:
        source: Real examples to compare with.
        training: Examples that a classifier is trained on, and that samples may be copies of.
        split: The split of `source`.
    """

    source: Source
    training: Source
    split: str


def load_reference(options, config=None, shape=None):
    """Returns the `Reference` for a run of this configuration and shape, or for no run.

    Args:
        options: `evaluate.Options`.
        config: `Config` of the run, or `None`.
        shape: Shape of its examples, or `None`.
    """
    own = config is not None and options.dataset in (None, config.dataset)
    name = config.dataset if own else options.dataset
    trained = config.split if own else "train"
    split = options.split or trained
    size, channels = options.image_size, options.channels
    if shape is not None and len(shape) == 3:
        size, channels = f"{shape[0]}x{shape[1]}", shape[2]

    def load(split):
        return load_dataset(
            name,
            split=split,
            data_dir=options.data_dir or (config.data_dir if own else None),
            channels=channels,
            image_size=size,
            crop=options.crop or (config.crop if config else "center"),
            on_bad_image=config.on_bad_image if own else "fail",
        )

    source = load(split)
    if shape is not None and source.shape != tuple(shape):
        raise UserError(
            f"Expected a dataset of examples {tuple(shape)}, like the run's. Received: {name} of "
            f"{source.shape}. Give another --dataset."
        )
    return Reference(source, source if split == trained else load(trained), split)


def reference_of(options):
    """Returns the `Reference` of the first run, or of no run."""
    if not options.run_dir:
        return load_reference(options)
    model, record = load_run(options.run_dir[0], options.checkpoint)
    return load_reference(options, record["config"], model.image_shape)


def judge_run(run_dir, options, directory=None):
    """Judges a run's samples.

    Args:
        run_dir: The run directory.
        options: `evaluate.Options`.
        directory: Where pictures go.

    Returns:
        `Evaluation`.
    """
    model, record = load_run(run_dir, options.checkpoint)
    step = int(model.step.numpy())
    reference = load_reference(options, record["config"], model.image_shape)
    count = options.num_samples or min(reference.source.num_examples, _MOST)
    parts = generated_parts(model, count, options.seed)
    told = {"seed": options.seed, "checkpoint": step}
    about = f"{run_dir} at step {step:,}"
    evaluation, drawn = _judge(about, parts, count, reference, options, told)
    if len(model.image_shape) == 3:
        drawn["interpolation"] = latent_pictures.interpolation(model, options.seed)
        drawn["latent_walk"] = latent_pictures.latent_walk(model, options.seed)
    _write(drawn, directory)
    return evaluation


def judge_folder(folder, options, directory=None):
    """Judges a folder of images against a dataset; see `judge_run`."""
    reference = reference_of(options)
    shape = reference.source.shape
    if len(shape) != 3:
        raise UserError(
            f"--images needs a dataset of images to compare with. Received: {reference.source.name}"
            f", of vectors {shape}."
        )
    size = options.image_size or None
    source = load_dataset(folder, channels=shape[2], image_size=size, crop=options.crop or "center")
    if source.shape != shape:
        raise UserError(
            f"Expected images of {shape[0]}x{shape[1]} in {folder}, like those of "
            f"{reference.source.name}. Received: {source.shape[0]}x{source.shape[1]}. Give "
            f"--image_size={shape[0]}x{shape[1]} to resize them, which changes what is measured."
        )
    check_enough(source, source.num_examples)
    count = min(source.num_examples, options.num_samples or _MOST)
    parts = real_parts(source, count)
    evaluation, drawn = _judge(folder, parts, count, reference, options, {"images": folder})
    _write(drawn, directory)
    return evaluation


def _judge(about, parts, count, reference, options, told):
    """Returns the `Evaluation` of examples that come in parts, and pictures by name."""
    source, training = reference.source, reference.training
    extractor = make_extractor(options.features, source.shape, training)
    number = min(count, source.num_examples)
    check_enough(source, number)
    print(
        f"Judging {about}: {count:,} samples against {number:,} examples of {source.name} "
        f"({reference.split}) by {extractor.about}",
        flush=True,
    )
    real = gather(real_parts(source, number), extractor)
    fake = gather(parts, extractor)
    values, notes = measures.measure_features(real, fake, seed=options.seed)
    values |= measures.measure_images(real, fake, options.seed)
    drawn = {"samples": _grid(fake.images)}
    mixture = mixture_of(source)
    if mixture:
        values |= measures.measure_modes(fake.images, *mixture)
    else:
        near = real.images
        if training is not source or len(near) < source.num_examples:
            near = _stored(training)
        values |= measures.measure_memorisation(fake.images, near)
        if len(near) < training.num_examples:
            notes.append(
                f"Nearest examples were looked for among {len(near):,} of "
                f"{training.num_examples:,}."
            )
        if len(source.shape) == 3:
            drawn["nearest_neighbours"] = drawing.nearest_neighbours(
                fake.images[: measures.COMPARED], near
            )
    if fake.probabilities is not None:
        drawn["classes"] = drawing.class_histogram(real, fake)
    if count < _FEW:
        notes.append(
            f"From {count:,} samples: Frechet distances and the like depend on that number."
        )
    settings = {
        "dataset": source.name,
        "split": reference.split,
        "shape": "x".join(map(str, source.shape)),
        "features": extractor.name,
        "about_features": extractor.about,
        "extractor": extractor.digest,
        "resizer": extractor.resizer,
        "n_real": number,
        "n_fake": count,
        **told,
    }
    plain = {name: float(v) if isinstance(v, float) else int(v) for name, v in values.items()}
    return Evaluation(settings, plain, notes), drawn


def _stored(source):
    """Returns examples of a source as in `Examples.images`."""

    def nothing(examples):
        return examples.reshape(len(examples), -1)[:, :1], None

    return gather(real_parts(source, min(source.num_examples, _TRAINING)), nothing).images


def _grid(examples):
    fitting = pictures.count_that_fits(examples.shape[1:])
    if examples.ndim == 4:
        return pictures.grid(examples[:fitting])
    return pictures.picture(examples[:fitting])


def _write(drawn, directory):
    for name, picture in drawn.items():
        if directory and picture is not None:
            path = os.path.join(directory, PICTURES, f"{name}.png")
            with replacing(path) as temporary, open(temporary, "wb") as file:
                file.write(pictures.png(picture))
