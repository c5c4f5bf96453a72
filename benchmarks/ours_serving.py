"""What `export.py` writes of a DCGAN's generator of 64x64 images, as a server runs it."""

import json
import os

from benchmarks.worker import rate

WIDTH = 64


def export_generator(directory):
    """Writes `saved_model/1` and `onnx` as we do, and `keras` as Keras does by itself."""
    import keras

    from benchmarks.ours import weights
    from keras_gan import models
    from keras_gan.serving import onnx_model, saved_model
    from keras_gan.serving.function import ServedFunction
    from keras_gan.serving.inference import inference_network

    keras.utils.set_random_seed(0)
    model = models.get("dcgan")((64, 64, 3), width=WIDTH, kernel_size=4)
    network = inference_network(model.averaged_generator)
    metadata = {"weights": json.dumps([weights(model.generator)]), "max_batch": "256"}
    served = ServedFunction(model.function(), "sample", network, "dcgan", 256, metadata)
    for name, writer in (("saved_model/1", saved_model), ("onnx", onnx_model)):
        path = os.path.join(directory, name)
        os.makedirs(path)
        writer.write([served], path)
    model.averaged_generator.export(os.path.join(directory, "keras"), verbose=False)
    return None, {}


def latents(batch):
    """Returns the latents of all subjects that take arrays."""
    import numpy as np

    return np.random.default_rng(0).normal(size=(batch, 100)).astype("float32")


def in_session(directory, batch, name="saved_model/1", signature="serving_default"):
    """Measures a SavedModel in a session, as in TF Serving's loader, in images per second."""
    from keras_gan.serving.saved_model import open_session

    path = os.path.join(directory, name)
    session, signatures = open_session(path)
    sides = signatures[signature]
    (given,), (images,) = sides.inputs.values(), sides.outputs.values()
    generate = session.make_callable(images.name, [given.name])
    facts, stated = {}, os.path.join(path, "assets.extra", "metadata.json")
    if os.path.exists(stated):
        with open(stated, encoding="utf-8") as file:
            facts = {"weights": json.loads(json.load(file)["weights"])}
    return _images_per_second(generate, batch), facts


def in_onnx_runtime(directory, batch):
    """Measures the ONNX model in ONNX Runtime with its default settings, in images per second."""
    import onnxruntime

    path = os.path.join(directory, "onnx", "generator.onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    weights = session.get_modelmeta().custom_metadata_map["weights"]
    return (
        _images_per_second(lambda z: session.run(["images"], {"latents": z}), batch),
        {"weights": json.loads(weights)},
    )


def _images_per_second(generate, batch):
    given = latents(batch)

    def run(steps):
        for _ in range(steps):
            generate(given)

    return rate(run, batch)
