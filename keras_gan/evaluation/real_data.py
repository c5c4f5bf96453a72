"""The real examples that samples are compared with."""

import contextlib
import os
from typing import NamedTuple

from keras_gan.data import load_dataset, mixtures
from keras_gan.data.contents import Contents
from keras_gan.data.scan import MixedSizesError
from keras_gan.data.source import Source
from keras_gan.errors import UserError
from keras_gan.game.ports import Images, Port, Tokens
from keras_gan.runs.directory import bit_depths

FEWEST = 10  # Examples on either side, below which the measures mean nothing.


class RealData(NamedTuple):
    """Real examples of what a function makes, and of what it takes.

    Attributes:
        source: Real examples to compare with.
        training: Examples that a classifier is trained on, and that copies are looked for in.
        port: `ports.Port` of the examples.
        split: The split of `source`.
        crop: How images were cropped.
        is_own: Whether `training` is what the judged run was trained on.
        inputs: `Source`s of the inputs that the function is given, by the names of its ports.
        domain: The key of the examples in a dataset of several kinds, or `None`.
        held_out: Real examples to judge as well, or `None`.
        contents: `Contents` of what `training` is from, or `None` if they are unknown.
    """

    source: Source
    training: Source
    port: Port
    split: str
    crop: str
    is_own: bool
    inputs: dict = {}
    domain: str | None = None
    held_out: Source | None = None
    contents: Contents | None = None

    @property
    def name(self):
        """The dataset's name, without the path to a folder or file."""
        name = self.source.name
        return os.path.basename(os.path.normpath(name)) if os.path.exists(name) else name


def load_real_data(options, record=None, function=None):
    """Loads the real examples for a function of a run, or for no run.

    Args:
        options: `evaluate.Options`.
        record: The record of the run, or `None`.
        function: The `Function` that is judged, or `None`.

    Returns:
        `RealData`.

    Raises:
        UserError: If the dataset cannot be loaded, or has other examples than the run; if what is
            held out is what is judged against, or has other classes.
    """
    config = record["config"] if record else None
    same = config and options.dataset in (None, config.dataset)
    own = bool(same and options.target in (None, config.target))
    name = options.dataset or config.dataset
    target = options.target or (config.target if config else None)
    trained = config.split if own else "train"
    split = options.split or trained
    crop = options.crop or (config.crop if config else "center")
    size, channels = _preparation(options, config, function)
    kind = _kind_of_files(options, record, own)

    def load(split, name=name, target=None):
        with _sizes_of_a_run(config):
            return load_dataset(
                name,
                split=split,
                data_dir=options.data_dir or (config.data_dir if own else None),
                channels=channels,
                image_size=size,
                crop=crop,
                on_bad_image=config.on_bad_image if own else options.on_bad_image,
                target=target,
                class_names=record["class_names"] if record else None,
                **kind,
            )

    whole = load(split, target=target)
    kind["bit_depth"] = kind["bit_depth"] or whole.bit_depths or None  # One scale for all.
    key = function.output.key if function else next(iter(whole.shapes))
    source = whole.part(key)
    port = function.output if function else _port_of(source, key)
    check_fits(source, port)
    learnt = whole if split == trained else load(trained, target=target)
    seen = {(source.name, split)}
    names = (config.dataset, config.target) if config else (name, target)
    seen |= {(known, config.split if config else trained) for known in names if known}
    chosen = options.held_out
    return RealData(
        source,
        learnt.part(key),
        port,
        split,
        crop,
        own,
        inputs={one.name: whole.part(one.key) for one in (function.given if function else ())},
        domain=key if len(whole.shapes) > 1 else None,
        held_out=None if chosen is None else _held_out(chosen, source, seen, load),
        contents=learnt.contents,
    )


def given_real_data(source, function):
    """Returns the `RealData` for a function from a `Source` that its model was trained on."""
    key = function.output.key
    part = source.part(key)
    check_fits(part, function.output)
    return RealData(
        part,
        part,
        function.output,
        split="unknown",
        crop="unknown",
        is_own=True,
        inputs={port.name: source.part(port.key) for port in function.given},
        domain=key if len(source.shapes) > 1 else None,
    )


def mixture_of(source):
    """Returns (centers, standard deviation) of a built-in mixture, or `None` for other sources."""
    return mixtures.centers(source.name) if source.name in ("ring", "grid") else None


def check_enough(source, count):
    """Raises `UserError` if there are too few examples to measure anything."""
    if count < FEWEST:
        raise UserError(
            f"Judging samples needs at least {FEWEST} examples; some thousand are better. "
            f"Received: {count} in {source.name}."
        )


def _kind_of_files(options, record, own):
    """Returns the arguments of `load_dataset` that say how files are read."""
    given = {key: getattr(options, key) for key in ("image_key", "label_key", "bit_depth")}
    if not own:
        return given
    for key, value in given.items():
        if value is not None:
            raise UserError(
                f"--{key} is for another --dataset than the run's, which is read as in training. "
                f"Received: --{key}={value}. Drop it."
            )
    config = record["config"]
    return {
        "image_key": config.image_key,
        "label_key": config.label_key,
        "bit_depth": bit_depths(record),
    }


@contextlib.contextmanager
def _sizes_of_a_run(config):
    """Gives other advice on images of several sizes where there is a run: it has its own size."""
    try:
        yield
    except MixedSizesError as error:
        if config is None:
            raise
        raise MixedSizesError(error.sizes, "Bring them to one size.") from None


def _preparation(options, config, function):
    """Returns the size and the channels to read images in, those of the run where there is one."""
    if function is None:
        return options.image_size, options.channels
    port = function.output
    if not port.are_images:
        return None, None
    if None in port.shape[:2]:  # Any size: that of training.
        return config.image_size, port.shape[2]
    return f"{port.shape[0]}x{port.shape[1]}", port.shape[2]


def _port_of(source, key):
    """Returns the port of the examples of a `Source`."""
    if source.vocabulary:
        return Tokens(source.shape[0], source.vocabulary, key=key)
    return Images(source.shape, key=key)


def check_fits(source, port):
    """Raises `UserError` unless examples of a `Source` are of the kind of a port."""
    sides = zip(source.shape, port.shape, strict=False)
    fits = len(source.shape) == len(port.shape) and all(b in (None, a) for a, b in sides)
    if not fits:
        raise UserError(
            f"Expected a dataset of examples {tuple(port.shape)}, like the model's. Received: "
            f"{source.name} of {source.shape}. Give another --dataset."
        )
    if isinstance(port, Tokens) and tuple(source.vocabulary or ()) != tuple(port.vocabulary):
        raise UserError(
            f"Expected a dataset with the run's vocabulary of {len(port.vocabulary)} tokens. "
            f"Received: {source.name} with {len(source.vocabulary or ())} or others. Give another "
            "--dataset."
        )


def _held_out(chosen, source, seen, load):
    """Returns the `Source` of `--held_out`: a split, or for a folder or file another one.

    Args:
        chosen: What `--held_out` says.
        source: `Source` that is judged against.
        seen: Pairs (dataset, split) that are judged against or were trained on.
        load: Function from a split and a dataset to its `Source`.
    """
    is_path = os.path.exists(source.name)
    if is_path and not os.path.exists(chosen):
        kind = "folder of images" if os.path.isdir(source.name) else "file"
        raise UserError(
            f"{source.name} is a {kind.split()[0]}, which has no splits: --held_out must be "
            f"another {kind}. Received: {chosen}."
        )
    if is_path:
        paths = [name for name, _ in seen if os.path.exists(name)]
        is_seen = any(os.path.samefile(chosen, path) for path in paths)
    else:
        is_seen = chosen == "all" or (source.name, chosen) in seen
    if is_seen:
        raise UserError(
            "--held_out must be another split or folder than that judged against or trained on. "
            f"Received: {chosen}."
        )
    if not is_path:
        return load(chosen, source.name)
    held_out = load("train", chosen)
    if source.class_names and held_out.class_names != source.class_names:
        only = [
            ", ".join(sorted(set(x.class_names or ()) - set(y.class_names or ()))[:10]) or "none"
            for x, y in ((source, held_out), (held_out, source))
        ]
        raise UserError(
            f"--held_out must have the classes of {source.name}. Received: {chosen}, where the "
            f"missing classes are {only[0]} and the additional ones are {only[1]}."
        )
    return held_out
