"""Command-line flags made from the fields of a dataclass.

`option` declares a field, `parse` reads the command line (and any `--flagfile`) into an
instance, `usage` returns the text of `--help`. No other module of the package uses flags.
This one does not import TensorFlow.
"""

import dataclasses
import functools
import os
import re
import textwrap
import typing

from absl import flags

from keras_gan.errors import UserError, did_you_mean

CHECKPOINT = "Checkpoint of the run to use: newest, best (see train.py --keep_best) or a step."

IMAGE_KEY = (
    "Feature of a TensorFlow Datasets set with the images. Default: image, or else the first one."
)
LABEL_KEY = (
    "Feature of a TensorFlow Datasets set with the labels: a ClassLabel, or whole numbers from 0. "
    "Default: label, or else the only ClassLabel."
)
BIT_DEPTH = (
    "Bits that the samples of 16-bit images use, 8 to 16. Default: 16, or fewer if all stay below "
    "an eighth of the range."
)
STANDING_STATISTICS = (
    "Compute batch norm's statistics from this many batches of samples, as BigGAN does with 100. "
    "0: use the statistics of training."
)


def option(
    default,
    help,
    *,
    lower=None,
    upper=10**12,
    choices=None,
    pattern=None,
    words=(),
    free=False,
    once=False,
    path=False,
):
    """Returns a dataclass field that is also a command-line flag.

    Args:
        default: The default value. `None` means "decided later", for example by the
            system.
        help: The text for `--help`.
        lower: Smallest allowed number.
        upper: Largest allowed number.
        choices: Allowed strings.
        pattern: (regular expression, description in words) of allowed strings.
        words: Words that a number's place may hold instead, such as `("run",)`.
        free: Whether the value may change when a run is resumed.
        once: Whether the value counts for one call only, so that a run does not keep it.
        path: Whether the value may be a path; `check_options` expands a leading `~` then.
    """
    metadata = {
        "help": help,
        "bounds": (lower, upper),
        "choices": choices,
        "pattern": pattern,
        "words": words,
        "free": free or once,
        "once": once,
        "path": path,
    }
    return dataclasses.field(default=default, metadata=metadata)


def check_options(options):
    """Raises `UserError` for the first field with a wrong type or a value out of bounds.

    Paths are expanded: the shell leaves `--dataset=~/photos` as it is.
    """
    types = typing.get_type_hints(type(options))
    for field in dataclasses.fields(options):
        value, words = getattr(options, field.name), field.metadata["words"]
        if isinstance(value, str) and value in words:
            continue
        if not _has_type(value, types[field.name]):
            raise UserError(
                f"--{field.name} must be {_kind(types[field.name], words)}. Received: {value!r}."
            )
        texts = value if isinstance(value, tuple) else (value,)
        if not all(text.isprintable() for text in texts if isinstance(text, str)):
            raise UserError(f"--{field.name} must be printable text. Received: {value!r}.")
        if field.metadata["path"] and value is not None:
            found = tuple(os.path.expanduser(text) for text in texts)
            object.__setattr__(options, field.name, found if isinstance(value, tuple) else found[0])
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


def parse(options_class, argv):
    """Reads a command line into an instance of `options_class`.

    Args:
        options_class: A dataclass whose fields were made by `option`.
        argv: Program name and arguments. `--flagfile=FILE` is replaced by the flags in
            the file. If a flag is repeated, its last value counts.

    Returns:
        An `options_class` instance, or `None` if `--help` was given.

    Raises:
        UserError: If a flag is unknown, a value is bad, or an argument is not a flag.
    """
    values = flags.FlagValues()
    types = typing.get_type_hints(options_class)
    for field in dataclasses.fields(options_class):
        define = _definer(types[field.name], field.metadata["words"])
        default = list(field.default) if isinstance(field.default, tuple) else field.default
        define(field.name, default, field.metadata["help"], flag_values=values)
    flags.DEFINE_boolean("help", False, "Show this help.", flag_values=values, short_name="h")
    if any(word in ("--flagfile=", "-flagfile=") for word in argv):
        raise UserError("--flagfile must name a file. Received: an empty name.")
    try:
        positional = values(argv)[1:]
    except flags.Error as error:
        shown = [field.name for field in _shown(options_class)]
        raise UserError(_explain(error, options_class, shown)) from None
    except UnicodeDecodeError:
        raise UserError("The flagfile must be text in UTF-8. Received: other bytes.") from None
    except RecursionError:
        raise UserError("The flagfiles include each other too deeply.") from None
    except ValueError as error:  # For example a file name that contains a NUL.
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


def _explain(error, options_class, shown):
    """Returns a message about a flag error in the style of this package."""
    types = typing.get_type_hints(options_class)
    words = {f.name: f.metadata["words"] for f in dataclasses.fields(options_class)}
    if isinstance(error, flags.UnrecognizedFlagError):
        near = did_you_mean(error.flagname, shown).replace("'", "").replace("mean ", "mean --")
        if not near and "model_arg" in shown:
            near = f" If it is an argument of the model, use --model_arg={error.flagname}=VALUE."
        return f"Unknown flag --{error.flagname}.{near} See --help."
    if isinstance(error, flags.CantOpenFlagFileError):
        reason = str(error).partition("[Errno")[2].partition("] ")[2]
        return f"Cannot open the flagfile: {reason}."
    value = re.match(r"flag --(\w+)=(.*?): ", str(error), flags=re.DOTALL)
    if value and value[1] in types:
        kind = _kind(types[value[1]], words[value[1]])
        return f"--{value[1]} must be {kind}. Received: {value[2]!r}."
    return " ".join(str(error).split())


def _kind(annotation, words):
    """Returns what a field takes, in words."""
    return " or ".join([_KINDS[_plain(annotation)], *words])


def _plain(annotation):
    """Returns the plain type of a field: without `None`, and `tuple` for a repeated flag."""
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


def _definer(annotation, words=()):
    """Returns the function that defines the flag of a field."""
    if words:
        return functools.partial(flags.DEFINE, _NumberOrWord(words))
    return {
        tuple: flags.DEFINE_multi_string,
        str: flags.DEFINE_string,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        bool: flags.DEFINE_boolean,
    }[_plain(annotation)]


class _NumberOrWord(flags.IntegerParser):
    """Reads a whole number, or one of some words."""

    def __init__(self, words):
        super().__init__()
        self.words = words

    def parse(self, argument):
        return argument if argument in self.words else super().parse(argument)


def _shown(options_class):
    """Returns the fields that `--help` lists: those named in `options_class.shown`, or all."""
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
