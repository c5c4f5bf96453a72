"""Changes images by a run: python -m keras_gan.translate --run_dir=runs/cyclegan --images=FOLDER"""

from keras_gan.commands.translate import main

if __name__ == "__main__":
    main()
