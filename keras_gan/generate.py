"""Samples a run's generator: python -m keras_gan.generate --run_dir=runs/dcgan"""

import dataclasses
import os
import re

from keras_gan import command
from keras_gan.config import check_options, option
from keras_gan.errors import UserError

DESCRIPTION = (
    "Samples the averaged generator of a run, one image for each seed. The image of a seed does "
    "not depend on the other seeds."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to sample and where to put it."""

    run_dir: str | None = option(None, "The run directory.")
    seeds: str = option("0-63", "Seeds, like 0-63 or 1,5,9-12.")
    output: str = option(
        "samples.png",
        "A .png for one grid, an .npy for the float32 array, or a folder for one PNG a seed.",
    )

    def __post_init__(self):
        check_options(self)
        if self.run_dir is None:
            raise UserError("--run_dir is needed: the directory of a trained run.")


_MOST_SEEDS = 1_000_000


def parse_seeds(text):
    """Turns "1,5,9-12" into [1, 5, 9, 10, 11, 12]."""
    seeds = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(-?\d+)(?:-(\d+))?\s*", part)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
        if last < first or max(abs(first), abs(last)) >= 2**63:
            raise UserError(f"--seeds must be like 0-63 or 1,5,9-12. Received: {text!r}.")
        if len(seeds) + last - first >= _MOST_SEEDS:
            raise UserError(
                f"--seeds must be at most {_MOST_SEEDS:,} at a time. Received: {text!r}."
            )
        seeds.extend(range(first, last + 1))
    return seeds


def generate(run_dir, seeds, output):
    """Writes the samples of seeds.

    Args:
        run_dir: The run directory.
        seeds: Integers.
        output: Path ending in .png or .npy, or a folder.

    Raises:
        UserError: If the run cannot be loaded or the output not be written.
    """
    import numpy as np

    from keras_gan import pictures
    from keras_gan.files import replacing
    from keras_gan.run_directory import load_run

    kind = os.path.splitext(output)[1].lower()
    if not output or kind not in ("", ".png", ".npy"):
        raise UserError(f"--output must be a .png, an .npy or a folder. Received: {output}.")
    model, _ = load_run(run_dir)
    samples = model.sample_seeds([(seed, 0) for seed in seeds])
    if kind == ".npy":
        files = {output: lambda file: np.save(file, samples)}
    elif len(model.image_shape) != 3 and (kind == "" or model.image_shape != (2,)):
        raise UserError(
            f"These samples are vectors {model.image_shape}, not images: expected an .npy for "
            f"--output. Received: {output}."
        )
    elif kind == ".png":
        picture = pictures.picture(samples)
        files = {output: lambda file: file.write(pictures.png(picture))}
    else:
        names = [os.path.join(output, f"seed_{seed:08d}.png") for seed in seeds]
        files = {
            name: lambda file, image=image: file.write(pictures.png(pictures.to_bytes(image)))
            for name, image in zip(names, samples, strict=True)
        }
    try:
        for path, write in files.items():
            with replacing(path) as temporary, open(temporary, "wb") as file:
                write(file)
    except OSError as error:
        raise UserError(f"Cannot write {output}: {error.strerror}.") from None


def main(argv=None):
    """Reads the flags and samples."""

    def work(options):
        seeds = parse_seeds(options.seeds)
        generate(options.run_dir, seeds, options.output)
        print(
            f"{len(seeds)} sample{'s' * (len(seeds) != 1)} of {options.run_dir}: {options.output}"
        )

    command.run(Options, DESCRIPTION, work, argv)


if __name__ == "__main__":
    main()
