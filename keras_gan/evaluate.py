"""Judges samples against a dataset: python -m keras_gan.evaluate --run_dir=runs/dcgan

`keras_gan.evaluate` is also a function. Importing this module puts it in the function's place, so
the module can be called as well.
"""

import sys
import types

from keras_gan.commands.evaluate import main


class _Module(types.ModuleType):
    """A module that does what the function `keras_gan.evaluate` does when it is called."""

    def __call__(self, *args, **kwargs):
        from keras_gan.commands.judging import evaluate

        return evaluate(*args, **kwargs)


if __name__ == "__main__":
    main()
else:
    sys.modules[__name__].__class__ = _Module
