"""Judges samples against a dataset: python -m keras_gan.evaluate --run_dir=runs/dcgan"""

from keras_gan.commands.evaluate import main

if __name__ == "__main__":
    main()
