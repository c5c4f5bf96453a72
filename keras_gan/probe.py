"""Tests what a run's discriminator has learned: python -m keras_gan.probe --run_dir=runs/dcgan"""

from keras_gan.commands.probe import main

if __name__ == "__main__":
    main()
