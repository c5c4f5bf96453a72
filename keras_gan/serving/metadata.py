"""What a file states of the functions in it, as texts by name."""

import json

from keras_gan.game.ports import Images, Tokens
from keras_gan.serving.image_form import Form


def stated(functions, form=Form()):  # noqa: B008
    """Returns the texts that a file of these functions keeps.

    Args:
        functions: `ServedFunction`s, the main one first: of facts that differ, its count.
        form: The `Form` of images in the file.

    Returns:
        Texts by name: what `ServedFunction.metadata` has; `function <name>`, a line on all
        ports of each function; and a text for each fact on latents, conditions and output.
    """
    texts = dict(functions[0].metadata)
    for served in functions:
        own = _of_function(served.name, served.function, form)
        texts |= {name: text for name, text in own.items() if name not in texts}
    return texts


def _of_function(name, function, form):
    inputs = "; ".join(_line(port, form) for port in function.inputs)
    facts = {f"function {name}": f"{inputs} -> {_line(function.output, form)}"}
    if function.latents:
        facts["latent_dim"] = str(function.latents.dim)
        facts["latent_prior"] = function.latents.words
    for port in function.conditions:
        facts[port.name] = "any finite" if port.count is None else f"0 to {port.count - 1}"
    return facts | _of_output(function.output, form)


def _of_output(port, form):
    if isinstance(port, Tokens):
        return {"length": str(port.length), "vocabulary": json.dumps(port.vocabulary)}
    if not isinstance(port, Images):
        return {}
    sides = form.spec(port).shape[1:]
    fixed = {"shape": "x".join(map(str, sides))} if None not in port.shape else {}
    layout = {"layout": "NCHW" if form.nchw else "NHWC"} if port.are_images else {}
    return {**fixed, **layout, "value_range": form.words(port)}


def _line(port, form):
    """Returns a port's name, shape and what it holds."""
    axes = form.axes(port) | {0: "N"}
    shape = ", ".join(str(axes.get(i, side)) for i, side in enumerate(form.spec(port).shape))
    return f"{port.name} [{shape}], {form.words(port)}"
