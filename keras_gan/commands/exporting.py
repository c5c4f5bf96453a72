"""From a run to files that serve its functions: a SavedModel, ONNX models, a server's files."""

import contextlib
import dataclasses
import json
import os
import shlex
from typing import Any, NamedTuple

import keras_gan
from keras_gan import files, models
from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.evaluation import record as evaluations
from keras_gan.game.model import check_model
from keras_gan.runs.directory import RunDirectory, load_run
from keras_gan.serving import deployment, model_card, onnx_model, saved_model
from keras_gan.serving.function import ServedFunction
from keras_gan.serving.illustration import illustrate
from keras_gan.serving.inference import inference_network
from keras_gan.serving.options import FORMATS, check_formats


def export(
    run_or_model,
    export_dir=None,
    formats=FORMATS,
    *,
    checkpoint="newest",
    standing_statistics=0,
    max_batch=256,
    onnx_layout="nhwc",
    onnx_images="float32",
    onnx_weights="float32",
    license=None,
):
    """Exports the averaged networks of the functions of a run or a model, as a new version.

    A system from latents has one function, which takes `latents` float32 [N, latent_dim] and
    returns `images` float32 [N, *shape]; the SavedModel has further signatures
    (`serving.endpoints`). Other systems may have several functions: one SavedModel holds
    them all, and each has an ONNX file of its own. Every file is checked against Keras at
    batches of 1, 2 and 7 before it appears, with a model card. Beside the versions stand the
    files to start TensorFlow Serving with (`serving.deployment`).

    Args:
        run_or_model: The run directory, or an `AdversarialModel` that `fit` has trained.
        export_dir: Where to write. Default: `export` in the run directory. A model is served
            under the name of this directory.
        formats: Which of `FORMATS` to write.
        checkpoint: Of a run: `"newest"`, `"best"` or a step; see `load_run`.
        standing_statistics: Of a run: batches of samples for batch norm's statistics; see
            `load_run`.
        max_batch: Largest N that the SavedModel accepts, and a server merges.
        onnx_layout: `"nhwc"` or `"nchw"`, the order of the axes of ONNX' images.
        onnx_images: `"float32"`, in [-1, 1], or `"uint8"`.
        onnx_weights: `"float32"`, or `"float16"` or `"int8"` to make the file
            smaller at a loss, which is measured and stands in its metadata.
        license: Licence of the weights, for metadata and model card.

    Returns:
        Paths by format: `saved_model`, a directory; `onnx`, the main function's file, and those
        of other functions by their own names. With a SavedModel also `serve` and `compose`, the
        files that start a server; and `name`, the name that it is served under.

    Raises:
        UserError: If there is nothing to export, the directory cannot be
            written, or a written file does not answer what Keras answers.
            Nothing is left half-written.
    """
    formats = (formats,) if isinstance(formats, str) else tuple(dict.fromkeys(formats))
    check_formats(formats)
    check_arguments(max_batch=max_batch)
    subject = _subject(run_or_model, export_dir, checkpoint, standing_statistics)
    model, export_dir, name = subject.model, subject.export_dir, subject.name
    form = {"layout": onnx_layout, "images": onnx_images, "weights": onnx_weights}
    onnx_model.check_form(model.functions.values(), **form)
    metadata = subject.texts | {"max_batch": str(max_batch), "license": license or "unknown"}
    functions = _served(model, name, max_batch, metadata)
    for served in functions:
        served.example(1)  # A system that has diverged ends here.
    try:
        shown = illustrate(model, subject.samples)
        version = next_version(export_dir)
        paths = {}
        with contextlib.ExitStack() as finished:
            for format in formats:
                files.sweep(os.path.join(export_dir, format), seconds=3600)
                path = os.path.join(export_dir, format, str(version))
                temporary = finished.enter_context(files.new_directory(path))
                written, stated = _write(format, functions, temporary, form)
                words = _IN_WORDS[format]
                card = model_card.card(
                    model, name, words, stated, subject.training, subject.evaluation, shown
                )
                model_card.write(temporary, card, shown.picture)
                paths |= {k: os.path.normpath(os.path.join(path, v)) for k, v in written.items()}
            if "saved_model" in formats:
                merges = not any(
                    None in port.shape for f in functions for port in f.function.inputs
                )
                paths |= deployment.write(export_dir, name, version, max_batch, merges)
    except OSError as error:
        if isinstance(error, FileExistsError) and error.errno is None:  # Of files.new_directory.
            raise UserError(
                f"Another export has just written version {version} to {export_dir}. Export again."
            ) from None
        raise UserError(f"Cannot export to {export_dir}: {error}.") from None
    return paths


_IN_WORDS = {"saved_model": "SavedModel", "onnx": "ONNX model"}


def _served(model, name, max_batch, metadata):
    """Returns the model's functions as `ServedFunction`s, the main one first."""
    main = model.main_function
    return [
        ServedFunction(f, own, f.averaged, name, max_batch, metadata, is_main=own == main)
        for own, f in model.functions.items()
    ]


def _write(format, functions, directory, form):
    """Writes a format; returns paths within the directory, and what is stated in the files."""
    averaged = {id(served.network): served.network for served in functions}
    networks = {
        key: inference_network(network, independent_rows=format == "saved_model")
        for key, network in averaged.items()
    }
    functions = [
        dataclasses.replace(served, network=networks[id(served.network)]) for served in functions
    ]
    if format == "saved_model":
        return saved_model.write(functions, directory)
    return onnx_model.write(functions, directory, **form)


def report(paths):
    """Prints what `export` wrote, and what to type next."""
    for name, path in paths.items():
        if name in FORMATS or name.endswith(".onnx"):
            print(f"{name:12} {path}")
    if "serve" in paths:
        export_dir = shlex.quote(os.path.dirname(paths["serve"]))
        print(f"Serve it as {paths['name']}: by itself, in Docker, or by a stand-in to try it:")
        print(f"  sh {shlex.quote(paths['serve'])}")
        print(f"  docker compose -f {shlex.quote(paths['compose'])} up")
        print(f"  python -m keras_gan.serving.stand_in --export_dir={export_dir}")


def next_version(export_dir):
    """Returns one more than the largest version in any format."""
    present = [v for name in FORMATS for v in deployment.versions(os.path.join(export_dir, name))]
    return max(present, default=0) + 1


class _Subject(NamedTuple):
    """What is exported: a model and what is known of its training.

    Attributes:
        model: The `AdversarialModel`.
        export_dir: Where to write.
        name: Name to serve under.
        texts: Metadata by name.
        training: `model_card.Training`.
        evaluation: `evaluation.record.Evaluation`, or `None`.
        samples: Directory of the grids of training, or `None`.
    """

    model: Any
    export_dir: str
    name: str
    texts: dict
    training: model_card.Training
    evaluation: Any = None
    samples: str | None = None


def _subject(run_or_model, export_dir, checkpoint, standing_statistics):
    """Returns the `_Subject` that `export` is given."""
    from_run = isinstance(run_or_model, str | os.PathLike)
    if from_run:
        run_or_model = os.path.expanduser(run_or_model)
        export_dir = export_dir or os.path.join(run_or_model, "export")
    if export_dir is None:
        raise UserError(
            "Expected a directory to export a model to, such as export(model, 'exported/dcgan'). "
            "Received: none."
        )
    export_dir = os.path.expanduser(export_dir)
    if "://" in str(export_dir):
        raise UserError(
            f"--export_dir must be a directory of this machine. Received: {export_dir}. Export to "
            "one and copy it."
        )
    if from_run:
        return _of_run(run_or_model, export_dir, checkpoint, standing_statistics)
    check_model(run_or_model)
    if checkpoint != "newest" or standing_statistics:
        raise UserError(
            "checkpoint and standing_statistics are for a run directory. Received: one of them "
            "with a model, which is exported as it is."
        )
    model = run_or_model
    texts = _texts(model, models.name_of(type(model)))
    training = model_card.Training(texts["model"], None, {}, model.get_config())
    return _Subject(model, str(export_dir), deployment.name_of(export_dir), texts, training)


def _of_run(run_dir, export_dir, checkpoint, standing_statistics):
    model, record = load_run(run_dir, checkpoint, standing_statistics)
    config, classes = record["config"], record["class_names"]
    dataset = os.path.basename(os.path.normpath(config.dataset))
    run = os.path.basename(os.path.abspath(run_dir))
    texts = _texts(model, config.model) | {"dataset": dataset, "run": run}
    if classes and any(port.name == "labels" for port in model.function().conditions):
        texts["class_names"] = json.dumps(classes)  # In the order of the labels.
    if standing_statistics:
        texts["standing_statistics"] = str(standing_statistics)
    data = {
        "dataset": dataset,
        "split": config.split,
        "examples": f"{record['num_examples']:,}",
        "classes": model_card.numbered(classes) if classes else None,
    }
    settings = config.hyperparameters() | {"dataset": dataset}
    images = int(model.step.numpy()) * config.batch_size
    return _Subject(
        model,
        export_dir,
        deployment.name_of(run_dir),
        texts,
        model_card.Training(config.model, images, data, settings),
        evaluations.read(run_dir),
        RunDirectory(run_dir).samples,
    )


def _texts(model, system):
    """Returns texts on a model, by name; what the functions take and return comes later."""
    step = str(model.step.numpy())
    return {"keras_gan": keras_gan.__version__, "model": system, "step": step}
