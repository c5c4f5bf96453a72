"""The model card of an export, in the format of the Hugging Face Hub."""

import json
import os

import keras_gan
from keras_gan import files, pictures
from keras_gan.errors import UserError

FILE, PICTURE = "model_card.md", "samples.png"


def write(directory, generator, record, evaluation=None):
    """Writes the card, and a grid of samples if samples can be drawn.

    Args:
        directory: Of the exported version.
        generator: A `ServedGenerator`.
        record: The run's record, see `run_directory.load_run`.
        evaluation: What `read_evaluation` returned.
    """
    model = generator.model
    count = pictures.count_that_fits(model.image_shape)
    picture = pictures.picture(model.sample_seeds([(seed, 0) for seed in range(count)]))
    if picture is not None:
        with open(os.path.join(directory, PICTURE), "wb") as file:
            file.write(pictures.png(picture))
    text = card(generator, record, evaluation, count if picture is not None else 0)
    files.write_text(os.path.join(directory, FILE), text)


def read_evaluation(run_dir):
    """Returns the contents of a run's `evaluation.json`, or `None` if there is none.

    Raises:
        UserError: If the file is no JSON object.
    """
    path = os.path.join(run_dir, "evaluation.json")
    try:
        with open(path, encoding="utf-8") as file:
            evaluation = json.load(file)
    except FileNotFoundError:
        return None
    except (ValueError, RecursionError) as error:
        raise UserError(f"Cannot read {path}: {error}.") from None
    if not isinstance(evaluation, dict):
        raise UserError(f"Cannot read {path}: expected a JSON object.")
    return evaluation


def card(generator, record, evaluation, drawn):
    """Returns the text of the card; `drawn` is the number of samples in the picture."""
    config, model, stated = record["config"], generator.model, generator.metadata
    front = {
        "library_name": "keras",
        "license": stated["license"],
        "tags": ["gan", config.model, "tensorflow", "onnx"],
    }
    if len(model.image_shape) == 3:
        front["pipeline_tag"] = "unconditional-image-generation"
    classes = record["class_names"]
    data = {
        "dataset": stated["dataset"],
        "split": config.split,
        "examples": f"{record['num_examples']:,}",
        **({"classes": ", ".join(map(str, classes))} if classes else {}),
    }
    facts = {
        "system": f"{config.model}: {type(model).__doc__.strip().splitlines()[0]}",
        "weights of the generator": f"{generator.network.count_params():,}",
        "training": f"{stated['step']} steps, {int(stated['step']) * config.batch_size:,} images",
        "made with": f"keras_gan {keras_gan.__version__}",
    }
    caption = f"*{drawn} samples, those of the seeds 0 to {drawn - 1}, without selection.*"
    picture = f"![Samples]({PICTURE})\n\n{caption}\n\n" if drawn else ""
    return f"""\
---
{"".join(f"{key}: {json.dumps(value)}" + chr(10) for key, value in front.items())}---

# {generator.name}

A generator that draws samples like its training data from random latents, trained as one
player of a generative adversarial network.

{picture}{_table(facts)}
## Inputs and outputs

{_table({key: stated[key] for key in _IN_AND_OUT if key in stated})}
## Training data

{_table(data)}
## Configuration

{_table(config.hyperparameters() | {"dataset": stated["dataset"]})}
## Evaluation

{_evaluation(evaluation)}
## Intended use

To draw samples like the data above: for study, for tests, as material. Whether the samples may be
used for more depends on the rights in that data, which this file does not know.

## Limits

- It knows its training data and nothing else, with the gaps and the bias of that data.
- Generative adversarial networks may leave out kinds of examples that are in the data, and a sample
  may be close to a training example: look before you publish samples of private data.
- Samples of people show nobody, and must not be passed off as photographs.
"""


_IN_AND_OUT = ("latent_dim", "latent_prior", "labels", "shape", "value_range", "max_batch")


def _evaluation(evaluation):
    if not evaluation:
        return "Not evaluated: judge by the samples.\n"
    return _table(_flat(evaluation))


def _flat(values, prefix=""):
    """Returns the plain values of nested dicts, under names like `outer inner`."""
    found = {}
    for key, value in values.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key} ")
        else:
            found[f"{prefix}{key}"] = f"{value:.4g}" if isinstance(value, float) else value
    return found


def _table(values):
    rows = [(str(key), str(value).replace("|", "\\|")) for key, value in values.items()]
    lines = [f"| {key} | {value} |" for key, value in rows if value != "None"]
    return "\n".join(["| | |", "|---|---|", *lines, ""])
