"""Samples a run: python -m keras_gan.generate --run_dir=runs/dcgan"""

from keras_gan.commands.generate import main

if __name__ == "__main__":
    main()
