"""Exports a run's generator: python export.py --run_dir=runs/dcgan"""

import dataclasses

from keras_gan import command
from keras_gan.config import Config, option

DESCRIPTION = (
    "Exports the averaged generator of a run to SavedModel and ONNX, as a new version. The flags "
    "of train.py are accepted as well, so that --flagfile=dcgan.flags names the run."
)


@dataclasses.dataclass(frozen=True)
class Options(Config):
    """The run's flags and where to export."""

    shown = ("run_dir", "export_dir", "formats")
    export_dir: str | None = option(None, "Where to write. Default: export in the run directory.")
    formats: str = option("saved_model,onnx", "What to write, separated by commas.")


def main(argv=None):
    """Reads the flags and exports."""

    def work(options):
        from keras_gan.exporting import export

        formats = tuple(name.strip() for name in options.formats.split(",") if name.strip())
        for name, path in export(options.directory, options.export_dir, formats).items():
            print(f"{name:12} {path}")

    command.run(Options, DESCRIPTION, work, argv)


if __name__ == "__main__":
    main()
