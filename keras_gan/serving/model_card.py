"""The model card of an export, in the format of the Hugging Face Hub."""

import json
import math
import os
import re

import keras_gan
from keras_gan import files
from keras_gan.drawing import pictures
from keras_gan.evaluation.digests import weights_digest

FILE, PICTURE = "model_card.md", "samples.png"


def write(directory, text, picture):
    """Writes a card, and the grid of samples that it shows if there is one (as a PNG file)."""
    if picture is not None:
        with open(os.path.join(directory, PICTURE), "wb") as file:
            file.write(picture)
    files.write_text(os.path.join(directory, FILE), text)


def draw(model):
    """Returns a grid of the model's samples as a PNG file, or `None` if they cannot be drawn."""
    pairs, conditions, columns = model.showcase(_drawn(model))
    picture = pictures.picture(model.sample_seeds(pairs, **conditions), columns=columns)
    return None if picture is None else pictures.png(picture)


def _drawn(model):
    return pictures.count_that_fits(model.image_shape)


def card(generator, format, stated, record, evaluation, has_picture):
    """Returns the text of a card.

    Args:
        generator: A `ServedGenerator`.
        format: The format of the file, in words.
        stated: The metadata in the file.
        record: The run's record, see `run_directory.load_run`.
        evaluation: What `evaluation.record.read` returned.
        has_picture: Whether there is a grid of samples beside the card.
    """
    config, model = record["config"], generator.model
    classes, last = record["class_names"], _drawn(model) - 1
    shown = f"Samples of the seeds 0 to {last}"
    if model.conditions:
        names = " and ".join(condition.name for condition in model.conditions)
        shown = f"Samples in rows that differ in {names}"
    caption = f"*{shown}, by the run's model, without selection.*"
    picture = f"![Samples]({PICTURE})\n\n{caption}\n\n" if has_picture else ""
    facts = {
        "file": format,
        "system": f"{config.model}: {type(model).__doc__.strip().splitlines()[0]}",
        "weights of the generator": f"{sum(map(_size, model.generator.trainable_variables)):,}",
        "training": f"{stated['step']} steps, {int(stated['step']) * config.batch_size:,} images",
        "made with": f"keras_gan {keras_gan.__version__}",
    }
    data = {
        "dataset": stated["dataset"],
        "split": config.split,
        "examples": f"{record['num_examples']:,}",
        "classes": ", ".join(map(str, classes)) if classes else None,
    }
    return f"""\
---
{_front(model, config, format, stated)}---

# {_cell(generator.name)}

A generator that draws samples like its training data from random latents, trained as one
player of a generative adversarial network.

{picture}{_table(facts)}
## Inputs and outputs

{_table({key: value for key, value in stated.items() if key not in _ELSEWHERE})}
## Training data

{_table(data)}
## Configuration

{_table(config.hyperparameters() | {"dataset": stated["dataset"]})}
## Evaluation

{_evaluated(evaluation, weights_digest(model.averaged_generator))}
## Intended use

To draw samples like the data above: for study, for tests, as material. Whether the samples may be
used for more depends on the rights in that data, which this file does not know.

## Limits

- It knows its training data and nothing else, with the gaps and the bias of that data.
- Generative adversarial networks may leave out kinds of examples that are in the data, and a sample
  may be close to a training example: look before you publish samples of private data.
- Samples of people show nobody, and must not be passed off as photographs.
"""


_ELSEWHERE = ("keras_gan", "model", "dataset", "run", "step", "license")  # What others tell.


def _front(model, config, format, stated):
    """Returns the lines between the card's dashes; JSON is what the Hub's reader takes as well."""
    name = stated["license"]
    known = re.fullmatch("[a-z0-9.-]+", name)  # As the Hub writes them: cc-by-4.0, mit, ...
    front = {
        "library_name": "keras_gan",
        **({"license": name} if known else {"license": "other", "license_name": name}),
        "tags": ["gan", config.model, "onnx" if "ONNX" in format else "tensorflow"],
    }
    if len(model.image_shape) == 3 and not model.conditions:
        front["pipeline_tag"] = "unconditional-image-generation"
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items()]
    return "".join(lines)


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
