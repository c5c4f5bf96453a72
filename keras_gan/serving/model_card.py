"""The model card of an export, in the format of the Hugging Face Hub."""

import inspect
import json
import math
import os
import re
from typing import NamedTuple

import keras_gan
from keras_gan import files
from keras_gan.evaluation.digests import weights_digest
from keras_gan.serving.card_words import words_of

FILE, PICTURE = "model_card.md", "samples.png"


def write(directory, text, picture):
    """Writes a card, and the picture that it shows if there is one (as a PNG file)."""
    if picture is not None:
        with open(os.path.join(directory, PICTURE), "wb") as file:
            file.write(picture)
    files.write_text(os.path.join(directory, FILE), text)


class Training(NamedTuple):
    """What a card says of the training.

    Attributes:
        system: Name of the system.
        images: Number of examples that the updates have seen, or `None` if it is unknown.
        data: Facts on the data by name. Empty if they are unknown.
        configuration: Settings by name.
    """

    system: str
    images: int | None
    data: dict
    configuration: dict


def card(model, name, format, stated, training, evaluation, shown):
    """Returns the text of a card.

    Args:
        model: The `AdversarialModel`.
        name: Name of the model on the server.
        format: The format of the files, in words.
        stated: The metadata in the files.
        training: `Training`.
        evaluation: What `evaluation.record.read` returned.
        shown: An `Illustration`.
    """
    function = model.function()
    words = words_of(function)
    limits = "".join(f"- {limit}\n" for limit in words.limits)
    kind = "images" if function.output.are_images and function.latents else "examples"
    seen = "" if training.images is None else f", {training.images:,} {kind}"
    facts = {
        "file": format,
        "system": f"{training.system}: {inspect.getdoc(type(model)).splitlines()[0]}",
        **_weights(model),
        "training": f"{stated['step']} steps" + seen,
        "made with": f"keras_gan {keras_gan.__version__}",
    }
    data = _table(training.data) if training.data else "Unknown: the model was trained in Python.\n"
    return f"""\
---
{_front(training.system, format, stated, words)}---

# {_cell(name)}

{words.what}

{_illustrated(shown)}{_table(facts)}
## Inputs and outputs

{_table(_inputs(stated))}
## Training data

{data}
## Configuration

{_table(training.configuration)}
## Evaluation

{_evaluated(evaluation, weights_digest(function.averaged))}
## Intended use

{words.use} Whether what it makes
may be used for more depends on the rights in that data, which this file does not know.

## Limits

{limits}"""


# What other parts of the card tell, or what is too long for it.
_ELSEWHERE = (
    "keras_gan", "model", "dataset", "run", "step", "license", "vocabulary", "class_names",
)  # fmt: skip


def _inputs(stated):
    """Returns what the card says of inputs and outputs."""
    found = {key: value for key, value in stated.items() if key not in _ELSEWHERE}
    if "class_names" in stated:
        names = json.loads(stated["class_names"])
        found["labels"] = f"{found['labels']}, for the classes {numbered(names)}"
    return found


def numbered(classes):
    """Returns the names of classes with their labels."""
    return ", ".join(f"{label}: {name}" for label, name in enumerate(classes))


def _front(system, format, stated, words):
    """Returns the lines between the card's dashes; JSON is what the Hub's reader takes as well."""
    name = stated["license"]
    known = re.fullmatch("[a-z0-9.-]+", name)  # As the Hub writes them: cc-by-4.0, mit, ...
    front = {
        "library_name": "keras_gan",
        **({"license": name} if known else {"license": "other", "license_name": name}),
        "tags": ["gan", system, "onnx" if "ONNX" in format else "tensorflow"],
        **({"pipeline_tag": words.task} if words.task else {}),
    }
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items()]
    return "".join(lines)


def _illustrated(shown):
    """Returns the lines of an `Illustration`."""
    if shown.picture is not None:
        return f"![Samples]({PICTURE})\n\n*{shown.caption}*\n\n"
    if shown.texts:
        lines = "".join(f"- {_cell(text)}\n" for text in shown.texts)
        return f"{lines}\n*{shown.caption}*\n\n"
    return ""


def _weights(model):
    """Returns the number of weights of each network that a function uses, by what it is called."""
    names = {}
    for name, function in model.functions.items():
        names.setdefault(id(function.network), (function.network, []))[1].append(name)
    if len(names) == 1 and model.function().latents:
        names = {key: (network, ["the generator"]) for key, (network, _) in names.items()}
    return {
        f"weights of {', '.join(used)}": f"{sum(map(_size, network.trainable_variables)):,}"
        for network, used in names.values()
    }


def _size(variable):
    return math.prod(variable.shape)


def _evaluated(evaluation, weights):
    """Returns the section on an `evaluation.record.Evaluation`, if it is of these weights.

    Paths of its machine stay there.
    """
    if evaluation is None or evaluation.settings.get("weights") != weights:
        return "Not evaluated: judge by the samples.\n"
    settings = evaluation.settings
    measured = {
        "compared with": f"{settings.get('n_real')} examples of {settings.get('dataset')} "
        f"({settings.get('split')})",
        "compared by": f"{settings.get('about_features')} ({settings.get('extractor')})",
        "images resized": settings.get("resizer"),
        "samples": settings.get("n_fake"),
    }
    for name, value in evaluation.values.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            measured[name.replace("_", " ")] = f"{value:.4g}"
    return _table(measured)


def _table(values):
    rows = [
        f"| {_cell(k)} | {_cell(value)} |\n" for k, value in values.items() if value is not None
    ]
    return "| | |\n|---|---|\n" + "".join(rows)


def _cell(value):
    """Returns a value as text that Markdown takes literally, on one line."""
    return re.sub(r"([\\|<>`*\[\]])", r"\\\1", " ".join(str(value).split()))
