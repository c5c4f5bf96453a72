"""Trains a system: python train.py --flagfile=dcgan.flags"""

from keras_gan import command
from keras_gan.runs.config import Config

DESCRIPTION = (
    "Trains a generative adversarial network, or resumes the run if --run_dir has a checkpoint. "
    "The last value of a flag wins, so put overrides after --flagfile."
)


def main(argv=None):
    """Reads the flags and trains."""

    def work(config):
        from keras_gan.commands.training import train

        train(config)

    command.run(Config, DESCRIPTION, work, argv, holds_run=True)


if __name__ == "__main__":
    main()
