"""Runs image files through a trained function: python -m keras_gan.translate --run_dir=DIR"""

import dataclasses
import os

from keras_gan import command
from keras_gan.errors import UserError, first_line
from keras_gan.options import CHECKPOINT, check_options, option

DESCRIPTION = (
    "Runs images through a function of a run that takes images, such as a_to_b of cyclegan, each "
    "at its own size, and writes what it makes of them as PNG files."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to translate, by which function, and where to."""

    run_dir: str | None = option(None, "The run directory.", path=True)
    checkpoint: str = option("newest", CHECKPOINT)
    function: str | None = option(
        None, "A function of the system that takes images. Default: the first one."
    )
    images: str | None = option(None, "An image file, or a folder of them.", path=True)
    output: str | None = option(
        None, "A folder for the PNG files, which get the names of the images.", path=True
    )

    def __post_init__(self):
        check_options(self)
        if self.run_dir is None:
            raise UserError("--run_dir is needed: the directory of a trained run.")
        if not self.images:
            raise UserError("--images is needed: an image file, or a folder of them.")
        if not self.output:
            raise UserError("--output is needed: a folder for the PNG files.")


def translate(options):
    """Writes what a function makes of each image.

    Each file is whole or not there. Those before a file that cannot be used stay.

    Args:
        options: `Options`.

    Returns:
        (number of images, name of the function).

    Raises:
        UserError: If the run has no such function; for a file that cannot be used, by name; if
            the output cannot be written.
    """
    from keras_gan.drawing import pictures
    from keras_gan.files import write_bytes
    from keras_gan.runs.directory import load_run

    files = _files(options)
    model, record = load_run(options.run_dir, options.checkpoint)
    name = _name(model, options.function)
    function = model.function(name)
    for number, (path, target) in enumerate(files.items()):
        image = _translated(function, path, number, record)
        try:
            write_bytes(target, pictures.png(pictures.to_bytes(image)))
        except OSError as error:
            raise UserError(f"Cannot write {target}: {error.strerror}.") from None
    return len(files), name


def _files(options):
    """Returns the path of the output for the path of each image."""
    from keras_gan.data.folder import find_images

    source, output = options.images, options.output
    if os.path.isfile(source):
        source, paths = os.path.dirname(source), [source]
    elif os.path.isdir(source):
        paths = [path for group in find_images(source)[0].values() for path in group]
    else:
        raise UserError(f"--images must be an image file or a folder. Received: {source!r}.")
    if os.path.realpath(source) == os.path.realpath(output):
        raise UserError(
            f"--output must be another folder than that of --images. Received: {output}."
        )
    files, names = {}, {}
    for path in paths:
        stem = os.path.splitext(os.path.relpath(path, source or "."))[0]
        if stem in names:
            raise UserError(
                f"Expected images of different names, whatever their endings. Received: "
                f"{names[stem]} and {path}. Rename one of them."
            )
        names[stem] = path
        files[path] = os.path.join(output, f"{stem}.png")
    return files


def _name(model, name):
    """Returns the name of a function from images to images."""

    def takes_images(function):
        given = function.given
        return len(given) == 1 and given[0].are_images

    able = [key for key, f in model.functions.items() if takes_images(f) and f.draws_images]
    system, chosen = type(model).__name__, name or next(iter(able), None)
    if not able:
        raise UserError(
            f"Expected a system with a function from images to images. Received: {system}, which "
            f"has {', '.join(model.functions)}. To sample it use python -m keras_gan.generate."
        )
    model.function(chosen)  # Which knows whether there is one of this name.
    if chosen not in able:
        raise UserError(
            f"{system} makes images from images by {', '.join(able)}. Received: --function={name}."
        )
    return chosen


def _translated(function, path, number, record):
    """Returns what a function makes of an image file, float32 [height, width, channels]."""
    port = function.given[0]
    image = _read(path, port.shape[-1], record.get("bit_depths", {}).get(port.key))
    try:
        (made,) = function.sample([(0, number)], **{port.name: image[None]})
    except UserError:
        sides = ["any" if side is None else str(side) for side in port.shape[:2]]
        raise UserError(
            f"The function takes images of {'x'.join(sides)}. Received: {path} of "
            f"{image.shape[0]}x{image.shape[1]}. Resize it."
        ) from None
    except Exception as error:  # Whatever layers say to sizes that do not fit them.
        raise UserError(
            f"Cannot translate {path} of {image.shape[0]}x{image.shape[1]}: {first_line(error)}"
        ) from None
    return made


def _read(path, channels, depth):
    """Returns an image file as float32 [height, width, channels] in [-1, 1], scaled as the data."""
    from keras_gan.data import decoding, images

    try:
        with open(path, "rb") as file, decoding.quiet():
            pixels = decoding.read(file.read(), images.Preparation(channels), depth)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or first_line(error)
        raise UserError(f"Cannot read the image {path}: {reason}.") from None
    return pixels.astype("float32") / 127.5 - 1.0


def main(argv=None):
    """Reads the flags and translates."""

    def work(options):
        count, name = translate(options)
        print(f"{count} image{'s' * (count != 1)} by {name} of {options.run_dir}: {options.output}")

    command.run(Options, DESCRIPTION, work, argv)
