"""From a run to files that serve its generator: a SavedModel, an ONNX model, a server's files."""

import contextlib
import dataclasses
import functools
import os
import shlex

import keras_gan
from keras_gan import files
from keras_gan.checks import check_arguments
from keras_gan.errors import UserError
from keras_gan.evaluation import record as evaluations
from keras_gan.runs.directory import load_run
from keras_gan.serving import deployment, model_card, onnx_model, saved_model
from keras_gan.serving.generator import ServedGenerator
from keras_gan.serving.inference import inference_network
from keras_gan.serving.options import FORMATS, check_formats


def export(
    run_dir,
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
    """Exports the averaged generator of a run, as a new version.

    Both formats take `latents` float32 [N, latent_dim] and return `images`
    float32 [N, *shape] in inference mode; the SavedModel has further signatures
    (`serving.endpoints`). Each is checked against Keras at batches of 1, 2 and 7
    before it appears, with a model card. Beside the versions stand the files to
    start TensorFlow Serving with (`serving.deployment`).

    Args:
        run_dir: The run directory.
        export_dir: Where to write. Default: `export` in the run directory.
        formats: Which of `FORMATS` to write.
        checkpoint: `"newest"`, `"best"` or a step; see `load_run`.
        standing_statistics: Batches of samples for batch norm's statistics; see `load_run`.
        max_batch: Largest N that the SavedModel accepts, and a server merges.
        onnx_layout: `"nhwc"` or `"nchw"`, the order of the axes of ONNX' images.
        onnx_images: `"float32"`, in [-1, 1], or `"uint8"`.
        onnx_weights: `"float32"`, or `"float16"` or `"int8"` to make the file
            smaller at a loss, which is measured and stands in its metadata.
        license: Licence of the weights, for metadata and model card.

    Returns:
        Paths by format: a SavedModel directory, an ONNX file. With a SavedModel
        also `serve` and `compose`, the files that start a server; and `name`, the
        name that it is served under.

    Raises:
        UserError: If there is nothing to export, the directory cannot be
            written, or a written file does not answer what Keras answers.
            Nothing is left half-written.
    """
    formats = (formats,) if isinstance(formats, str) else tuple(dict.fromkeys(formats))
    check_formats(formats)
    check_arguments(max_batch=max_batch)
    export_dir = export_dir or os.path.join(run_dir, "export")
    if "://" in str(export_dir):
        raise UserError(
            f"--export_dir must be a directory of this machine. Received: {export_dir}. Export to "
            "one and copy it."
        )
    model, record = load_run(run_dir, checkpoint, standing_statistics)
    onnx_model.check_form(model, onnx_layout, onnx_images, onnx_weights)
    evaluation = evaluations.read(run_dir)
    metadata = _metadata(model, record, run_dir, max_batch, license)
    if "labels" in metadata and record["class_names"]:
        metadata["class_names"] = ", ".join(map(str, record["class_names"]))
    if standing_statistics:
        metadata["standing_statistics"] = str(standing_statistics)
    name = deployment.name_of(run_dir)
    trained = model.averaged_generator
    original = ServedGenerator(model, trained, name, max_batch, metadata)
    picture = model_card.draw(model)
    writers = {
        "saved_model": saved_model.write,
        "onnx": functools.partial(
            onnx_model.write, layout=onnx_layout, images=onnx_images, weights=onnx_weights
        ),
    }
    try:
        version = next_version(export_dir)
        paths = {}
        with contextlib.ExitStack() as finished:
            for format in formats:
                files.sweep(os.path.join(export_dir, format), seconds=3600)
                path = os.path.join(export_dir, format, str(version))
                temporary = finished.enter_context(files.new_directory(path))
                network = inference_network(trained, independent_rows=format == "saved_model")
                generator = dataclasses.replace(original, network=network)
                file, stated = writers[format](generator, temporary)
                words = _IN_WORDS[format]
                card = model_card.card(original, words, stated, record, evaluation, bool(picture))
                model_card.write(temporary, card, picture)
                paths[format] = os.path.normpath(os.path.join(path, file))
            if "saved_model" in formats:
                paths |= deployment.write(export_dir, name, version, max_batch)
    except OSError as error:
        if isinstance(error, FileExistsError) and error.errno is None:  # Of files.new_directory.
            raise UserError(
                f"Another export has just written version {version} to {export_dir}. Export again."
            ) from None
        raise UserError(f"Cannot export to {export_dir}: {error}.") from None
    return paths


_IN_WORDS = {"saved_model": "SavedModel", "onnx": "ONNX model"}


def report(paths):
    """Prints what `export` wrote, and what to type next."""
    for format in FORMATS:
        if format in paths:
            print(f"{format:12} {paths[format]}")
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


def _metadata(model, record, run_dir, max_batch, license):
    is_image = len(model.image_shape) == 3
    conditions = {
        c.name: "any finite" if c.count is None else f"0 to {c.count - 1}" for c in model.conditions
    }
    return {
        "keras_gan": keras_gan.__version__,
        "model": record["config"].model,
        "dataset": os.path.basename(os.path.normpath(record["config"].dataset)),
        "run": os.path.basename(os.path.abspath(run_dir)),
        "step": str(model.step.numpy()),
        "latent_dim": str(model.latent_dim),
        "latent_prior": {"normal": "N(0, I)", "uniform": "U(-1, 1)"}[model.latent_prior],
        **conditions,
        "shape": "x".join(map(str, model.image_shape)),
        **({"layout": "NHWC"} if is_image else {}),
        "value_range": "[-1, 1]" if is_image else "unbounded",
        "max_batch": str(max_batch),
        "license": license or "unknown",
    }
