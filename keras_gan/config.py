"""The configuration of a run, and the command-line flags made from it.

`Config` is all that the library sees. Flags exist only here: `parse` makes one
flag from each field of a dataclass, reads the command line (and any
`--flagfile`) into them, and returns an instance of that dataclass. TensorFlow
is not imported.
"""

import dataclasses
import difflib
import re
import textwrap
import typing

from absl import flags

from keras_gan.errors import UserError

CHECKPOINT = "Which checkpoint of the run: newest, best (see train.py --keep_best) or a step."
STANDING_STATISTICS = (
    "Take batch norm's statistics from so many batches of samples, as BigGAN does (100 there). "
    "0: those of training."
)


def option(default, help, *, lower=None, upper=10**12, choices=None, pattern=None, free=False):
    """Returns a dataclass field that is also a command-line flag.

    Args:
        default: The default value. `None` means "decided later", for example
            by the system's paper.
        help: One sentence for `--help`.
        lower: Smallest allowed number.
        upper: Largest allowed number.
        choices: Allowed strings.
        pattern: Regular expression of allowed strings, and what it means in words.
        free: Whether the value may differ when a run is resumed.
    """
    metadata = {
        "help": help, "bounds": (lower, upper), "choices": choices, "pattern": pattern, "free": free
    }  # fmt: skip
    return dataclasses.field(default=default, metadata=metadata)


def check_options(options):
    """Raises `UserError` for the first field of the wrong type or out of its own bounds."""
    types = typing.get_type_hints(type(options))
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if not _has_type(value, types[field.name]):
            raise UserError(
                f"--{field.name} must be {_KINDS[_plain(types[field.name])]}. Received: {value!r}."
            )
        texts = value if isinstance(value, tuple) else (value,)
        if not all(text.isprintable() for text in texts if isinstance(text, str)):
            raise UserError(f"--{field.name} must be printable text. Received: {value!r}.")
        (lower, upper), choices = field.metadata["bounds"], field.metadata["choices"]
        if lower is not None and value is not None:
            if not value >= lower:
                raise UserError(f"--{field.name} must be at least {lower}. Received: {value}.")
            if value > upper:
                raise UserError(f"--{field.name} must be at most {upper}. Received: {value}.")
        pattern, meaning = field.metadata["pattern"] or ("", "")
        if pattern and value is not None and not re.fullmatch(pattern, value):
            raise UserError(f"--{field.name} must be {meaning}. Received: {value!r}.")
        if choices and value is not None and value not in choices:
            raise UserError(
                f"--{field.name} must be one of {', '.join(choices)}. Received: {value!r}."
            )


_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text",
    tuple: "a list of texts",
}


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a training run; each field is a flag of that name."""

    model: str = option("dcgan", "System to train: a module of keras_gan.models.")
    model_arg: tuple[str, ...] = option(
        (), "An argument of the system as key=value; repeat for more, the last of a key wins."
    )
    dataset: str = option(
        "digits",
        "A folder of images, a built-in (digits, ring, grid) or a TensorFlow Datasets name, "
        "tried in that order.",
    )
    data_dir: str | None = option(
        None, "Where TensorFlow Datasets keeps its data. Default: its own.", free=True
    )
    split: str = option("train", "Split of the dataset (digits: train, test, all).")
    channels: int | None = option(
        None, "Channels of the images: 1, 3 or 4. Default: the dataset's (a folder: 3).", lower=1
    )
    image_size: str | None = option(
        None, "Size to bring images to, as N or HEIGHTxWIDTH. Default: the dataset's own."
    )
    crop: str = option(
        "center",
        "Before resizing: center (largest part of the right shape), none (stretch), or N or "
        "HEIGHTxWIDTH pixels from the middle.",
    )
    on_bad_image: str = option(
        "fail",
        "For a file of a folder that cannot be used: fail, or skip up to 1 % of all.",
        choices=("fail", "skip"),
        free=True,
    )
    labels_per_class: int | None = option(
        None, "Use so many labels of each class only, drawn by --seed; for --model=semi.", lower=1
    )
    flip: bool = option(False, "Mirror half of the real images left to right.")
    seed: int = option(
        0, "Seed of weights, latents, data order and flips.", lower=0, upper=2**32 - 1
    )
    run_dir: str | None = option(None, "Where the run is kept. Default: runs/<model>.", free=True)
    steps: int = option(2000, "Generator steps in all.", lower=1, free=True)
    batch_size: int = option(64, "Images in one update, over all replicas together.", lower=1)
    accumulate_steps: int = option(
        1,
        "Work through the images of an update in this many parts, to need less memory; batch norm "
        "sees one part at a time.",
        lower=1,
        upper=100,
    )
    g_learning_rate: float | None = option(
        None, "The generator's learning rate. Default: the paper's.", lower=0.0
    )
    d_learning_rate: float | None = option(
        None, "The discriminator's learning rate. Default: the paper's.", lower=0.0
    )
    decay_images: int | None = option(
        None, "Let both learning rates fall linearly to zero over this many images.", lower=1
    )
    ema_images: int | None = option(
        None,
        "Half-life of the averaged generator in images; 0 switches averaging off. "
        "Default: the system's.",
        lower=0,
    )
    log_every: int = option(50, "Steps between log entries (means over them).", lower=1, free=True)
    sample_every: int = option(200, "Steps between sample grids.", lower=1, free=True)
    checkpoint_every: int = option(500, "Steps between checkpoints.", lower=1, free=True)
    keep_last: int = option(2, "Newest checkpoints to keep.", lower=1, free=True)
    keep_every: int | None = option(
        None, "Keep also every checkpoint at a multiple of this many steps.", lower=1, free=True
    )
    evaluate_every: int | None = option(
        None,
        "Steps between evaluations of the averaged generator's samples, a multiple of --log_every.",
        lower=1,
        free=True,
    )
    features: str | None = option(
        None,
        "What evaluations compare images by: inception, classifier, pixels or module:function. "
        "Default: classifier where there are labels, else pixels.",
    )
    keep_best: str | None = option(
        None,
        "Keep the checkpoint that did best in evaluations, by kid (kernel distance), fid (Frechet "
        "distance) or coverage.",
        choices=("kid", "fid", "coverage"),
        free=True,
    )
    strategy: str = option(
        "auto",
        "auto (mirrored when there are several GPUs), default (one device), mirrored, multi_worker "
        "(several machines, by TF_CONFIG) or tpu (untested).",
        choices=("auto", "default", "mirrored", "multi_worker", "tpu"),
        free=True,
    )
    cpu_replicas: int = option(
        1,
        "Train on this many logical CPUs, to try mirrored training.",
        lower=1,
        upper=64,
        free=True,
    )
    precision: str = option(
        "float32",
        "What the networks compute in; losses, statistics, weights and exports stay float32. "
        "mixed_bfloat16 suits most hardware better than mixed_float16.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: bool = option(
        False, "Compile with XLA; over several devices only where batch norm does not synchronise."
    )
    steps_per_execution: str = option(
        "1",
        "Run up to this many steps in one call, which is faster for tiny networks; the largest "
        "number that fits the intervals is used. auto times a copy of the model first.",
        pattern=("[1-9][0-9]{0,5}|auto", "a whole number from 1 to 999999, or auto"),
        free=True,
    )
    profile_steps: str | None = option(
        None, "FIRST,LAST: profile these steps for TensorBoard.", free=True
    )

    def __post_init__(self):
        if self.strategy == "parameter_server":
            raise UserError(
                "--strategy=parameter_server cannot train here: Keras 3 does not support it, and "
                "workers that do not wait for each other make another run each time. Use "
                "--strategy=multi_worker for several machines."
            )
        check_options(self)

    @property
    def directory(self):
        """The run directory, with its default filled in."""
        return self.run_dir or f"runs/{self.model}"

    def hyperparameters(self):
        """Returns what decides the training: fields by name, and each `model_arg=key`."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if not field.metadata["free"] and field.name != "model_arg"
        }
        arguments = key_values(self.model_arg)
        return {**values, **{f"model_arg={key}": value for key, value in arguments.items()}}

    def differences(self, other):
        """Returns `[(flag, mine, other's)]` for hyperparameters that differ."""
        changed = changes(self.hyperparameters(), other.hyperparameters())
        return [(f"--{name}", mine, theirs) for name, mine, theirs in changed]

    def to_dict(self):
        """Returns the fields as plain JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values):
        """Builds a `Config` from `to_dict()`'s result."""
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise UserError(
                f"The configuration has unknown entries: {', '.join(unknown)}. It was written by "
                "another version of keras_gan; use that version or a new run directory."
            )
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})

    def to_flagfile(self):
        """Returns the text of a flagfile that parses to this configuration."""
        lines = []
        for key, value in self.to_dict().items():
            if isinstance(value, bool):
                lines.append(f"--{key}" if value else f"--no{key}")
            elif isinstance(value, list):
                lines.extend(f"--{key}={item}" for item in value)
            elif value is not None:
                lines.append(f"--{key}={value}")
        return "\n".join(lines) + "\n"


def changes(old, new):
    """Returns `[(key, old value, new value)]` where two dicts differ; `None` means no value."""
    return [
        (key, old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)
    ]


def key_values(items):
    """Turns `("a=1", "b=2", "a=3")` into `{"a": "3", "b": "2"}`."""
    pairs = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--model_arg must be key=value. Received: {item!r}.")
        pairs[key.strip()] = value.strip()
    return pairs


def did_you_mean(word, known):
    """Returns " Did you mean 'x'?" for the nearest known word, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f" Did you mean {near[0]!r}?" if near else ""


def parse(options_class, argv):
    """Reads a command line into an instance of `options_class`.

    Args:
        options_class: A dataclass whose fields were made by `option`.
        argv: Program name and arguments. `--flagfile=FILE` is expanded in
            place and the last value of a flag wins.

    Returns:
        An `options_class` instance, or `None` when `--help` was given.

    Raises:
        UserError: For an unknown flag, a bad value or a positional argument.
    """
    values = flags.FlagValues()
    types = typing.get_type_hints(options_class)
    for field in dataclasses.fields(options_class):
        define = _definer(types[field.name])
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        define(field.name, default, field.metadata["help"], flag_values=values)
    flags.DEFINE_boolean("help", False, "Show this help.", flag_values=values, short_name="h")
    if any(word in ("--flagfile=", "-flagfile=") for word in argv):
        raise UserError("--flagfile must name a file. Received: an empty name.")
    try:
        positional = values(argv)[1:]
    except flags.Error as error:
        shown = [field.name for field in _shown(options_class)]
        raise UserError(_explain(error, types, shown)) from None
    except UnicodeDecodeError:
        raise UserError("The flagfile is no UTF-8 text.") from None
    except RecursionError:
        raise UserError("The flagfiles name each other too deeply.") from None
    except ValueError as error:  # What Python says to a name with a NUL in it.
        raise UserError(f"Cannot read the flags: {error}.") from None
    if values["help"].value:
        return None
    if positional:
        word = positional[0]
        meant = f"--flagfile={word}" if word.endswith(".flags") else f"--{word}"
        advice = f" Did you mean {meant}?" if "=" in meant else ""
        raise UserError(
            f"Expected only flags, --name=value. Received: {word!r}.{advice} See --help."
        )
    chosen = {field.name: values[field.name].value for field in dataclasses.fields(options_class)}
    return options_class(
        **{key: tuple(v) if isinstance(v, list) else v for key, v in chosen.items()}
    )


def _explain(error, types, shown):
    """Returns what a flag error means, in the words of this package."""
    if isinstance(error, flags.UnrecognizedFlagError):
        near = did_you_mean(error.flagname, shown).replace("'", "").replace("mean ", "mean --")
        if not near and "model_arg" in shown:
            near = f" An argument of the model would be --model_arg={error.flagname}=VALUE."
        return f"Unknown flag --{error.flagname}.{near} See --help."
    if isinstance(error, flags.CantOpenFlagFileError):
        reason = str(error).partition("[Errno")[2].partition("] ")[2]
        return f"Cannot open the flagfile: {reason}."
    value = re.match(r"flag --(\w+)=(.*?): ", str(error), flags=re.DOTALL)
    if value and value[1] in types:
        return f"--{value[1]} must be {_KINDS[_plain(types[value[1]])]}. Received: {value[2]!r}."
    return " ".join(str(error).split())


def _plain(annotation):
    """Returns the type of a flag that may be `None`, and `tuple` for one that repeats."""
    if typing.get_origin(annotation) is tuple:
        return tuple
    return next((t for t in typing.get_args(annotation) if t is not type(None)), annotation)


def _has_type(value, annotation):
    kind = _plain(annotation)
    if value is None:
        return type(None) in typing.get_args(annotation)
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if kind is tuple:
        return isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return isinstance(value, (int, float) if kind is float else kind)


def _definer(annotation):
    return {
        tuple: flags.DEFINE_multi_string,
        str: flags.DEFINE_string,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_boolean,
    }[_plain(annotation)]


def _shown(options_class):
    """Returns the fields that users are told of: those that `options_class.shown` names, or all."""
    shown = getattr(options_class, "shown", None)
    return [f for f in dataclasses.fields(options_class) if not shown or f.name in shown]


def usage(options_class, description):
    """Returns the text of `--help`."""
    lines = [textwrap.fill(description, 88), "", "Flags (--flagfile=FILE reads them from a file):"]
    for field in _shown(options_class):
        name = f"--[no]{field.name}" if isinstance(field.default, bool) else f"--{field.name}"
        default = "" if field.default in (None, ()) else f" (default: {field.default})"
        lines.append(f"  {name}")
        text = field.metadata["help"] + default
        lines.append(textwrap.fill(text, 88, initial_indent=" " * 6, subsequent_indent=" " * 6))
    return "\n".join(lines)
