"""The SavedModel of a system's functions, for TF Serving and all that reads the format."""

import contextlib
import functools
import json
import os

import keras
import numpy as np
import tensorflow as tf

from keras_gan import files
from keras_gan.data import decoding
from keras_gan.data.images import Preparation
from keras_gan.serving import metadata, warmup
from keras_gan.serving.endpoints import Endpoints
from keras_gan.serving.function import LEVEL, from_bytes


def write(functions, directory):
    """Writes and checks a SavedModel.

    Args:
        functions: `ServedFunction`s, the main one first.
        directory: An empty directory.

    Returns:
        (paths, metadata): `{"saved_model": "."}`, the path within `directory`, and what is
        stated in it.

    Raises:
        UserError: If a signature does not answer what the model answers.
    """
    signatures = {
        name: (served, *end)
        for served in functions
        for name, end in Endpoints(served).signatures().items()
    }
    # tf.saved_model.save would leave out variables that only this process can see. Here they are
    # found in the signatures; `track` would write each of them a second time.
    archive = keras.export.ExportArchive()
    for name, (_, function, specs) in signatures.items():
        archive.add_endpoint(name, function, specs)
    names = {name: [spec.name for spec in specs] for name, (_, _, specs) in signatures.items()}
    requests = [
        (name, {key: served.example(1)[0][key] for key in names[name]})
        for name, (served, _, _) in signatures.items()
    ]
    with files.written_by_tensorflow():
        archive.write_out(directory, verbose=False)
        warmup.write(directory, functions[0].served_name, requests)
    stated = metadata.stated(functions)
    path = os.path.join(directory, "assets.extra", "metadata.json")
    files.write_text(path, json.dumps(stated, indent=2) + "\n")
    with session(directory) as run:
        for name, (served, _, _) in signatures.items():
            _check(served, functools.partial(run, name), names[name], name)
    return {"saved_model": "."}, stated


def open_session(directory):
    """Loads a SavedModel as TF Serving does, into a session that shares nothing with us.

    Args:
        directory: The user's own SavedModel: it is a program, and runs.

    Returns:
        (session, signatures): a `tf.compat.v1.Session` to be closed, and
        `SignatureDef` messages by name.
    """
    without_gpu = tf.compat.v1.ConfigProto(device_count={"GPU": 0})
    session = tf.compat.v1.Session(graph=tf.Graph(), config=without_gpu)
    try:
        with session.graph.as_default():
            loaded = tf.compat.v1.saved_model.loader.load(session, ["serve"], directory)
    except BaseException:
        session.close()
        raise
    return session, dict(loaded.signature_def)


@contextlib.contextmanager
def session(directory):
    """Loads a SavedModel (see `open_session`) for the length of a block.

    Yields:
        A function from the name of a signature and its inputs by name to its outputs by name.
    """
    opened, signatures = open_session(directory)

    def run(name, inputs):
        signature = signatures[name]
        fed = {signature.inputs[key].name: value for key, value in inputs.items()}
        return opened.run({key: x.name for key, x in signature.outputs.items()}, fed)

    with contextlib.closing(opened):
        yield run


def _check(served, run, keys, name):
    """Checks the output, or the PNG files, that a signature answers."""

    def output(inputs):
        ((key, answer),) = run({key: inputs[key] for key in keys}).items()
        if key != "image_bytes":
            return answer
        files = np.asarray(answer).tolist()
        return from_bytes(np.stack([decoding.read(file, Preparation()) for file in files]))

    level = LEVEL if name.endswith("png") else 0.0
    served.check(output, f"SavedModel's signature {name}", level)
