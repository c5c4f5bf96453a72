"""The systems: one module each. Modules that start with an underscore are shared bases.

Adding a file adds a system; there is no list to edit. A module defines exactly one subclass of
`keras_gan.AdversarialModel`.
"""

import importlib
import inspect
import pkgutil

from keras_gan.errors import UserError, did_you_mean


def names():
    """Returns the sorted names of all systems, without importing TensorFlow."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))


def check_name(name):
    """Raises `UserError` if no system has this name."""
    if name not in names():
        raise UserError(
            f"Unknown model {name!r}.{did_you_mean(name, names())} "
            f"The models are: {', '.join(names())}."
        )


def get(name):
    """Returns the class of a system.

    Raises:
        UserError: If no system has this name.
    """
    from keras_gan.game.model import AdversarialModel

    check_name(name)
    module = importlib.import_module(f"{__name__}.{name}")
    return next(
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, AdversarialModel)
        and value.__module__ == module.__name__
    )


def name_of(system):
    """Returns the name of a system's class, which need not be one of this package."""
    module = system.__module__.removeprefix(f"{__name__}.")
    return module if module in names() else system.__name__.lower()


def arguments(system):
    """Returns the constructor parameters that `--model_arg` can set, by name."""
    return {
        name: parameter
        for name, parameter in inspect.signature(system).parameters.items()
        if parameter.kind == inspect.Parameter.KEYWORD_ONLY and name != "num_classes"
    }


def parse_arguments(system, texts):
    """Parses texts such as `{"latent_dim": "100"}` into constructor arguments of a system.

    A value gets the type of the parameter's default. Sequences are separated by commas.

    Raises:
        UserError: If the system does not take an argument (the message lists those it takes)
            or a value has the wrong type.
    """
    known = arguments(system)
    values = {}
    for name, text in texts.items():
        if name not in known:
            raise UserError(
                f"{system.__name__} has no argument {name!r}.{did_you_mean(name, known)} "
                f"Valid names for --model_arg: {', '.join(sorted(known))}."
            )
        values[name] = _convert(name, text, known[name].default)
    return values


def _convert(name, text, default):
    if isinstance(default, str):
        return text
    expected = f"a value like {default!r}"
    try:
        if isinstance(default, bool):
            return {"true": True, "false": False}[text.lower()]
        if isinstance(default, int):
            expected = "a whole number"
            return int(text)
        if isinstance(default, float):
            expected = "a number"
            return float(text)
        if isinstance(default, tuple):
            expected = f"values separated by commas, like {','.join(map(str, default))}"
            return tuple(type(default[0])(item) for item in text.split(",") if item.strip())
        expected = "a whole number or none"  # None: the default follows another argument.
        return None if text.lower() == "none" else int(text)
    except (ValueError, KeyError):
        raise UserError(f"--model_arg={name} must be {expected}. Received: {text!r}.") from None
