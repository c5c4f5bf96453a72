"""Exports a trained run: python export.py --run_dir=runs/dcgan"""

from keras_gan import command
from keras_gan.serving.options import ExportOptions

DESCRIPTION = (
    "Exports the functions of a run to SavedModel and ONNX, as a new version, with the files to "
    "serve them. The networks are the averaged ones. The flags of train.py are accepted as well, "
    "so --flagfile=dcgan.flags names the run."
)


def main(argv=None):
    """Reads the flags and exports."""

    def work(options):
        from keras_gan.commands import exporting

        exporting.report(exporting.export(options.directory, **options.exported()))

    command.run(ExportOptions, DESCRIPTION, work, argv)


if __name__ == "__main__":
    main()
