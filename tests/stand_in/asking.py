"""Helpers that send requests to the stand-in for TF Serving, and expected answers."""

import contextlib
import http.client
import importlib.util
import json
import pathlib
import threading

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.serving.stand_in.rest import Server
from tests.tiny_export import LATENT_DIM, Tiny, latents_of, pngs_of

ROOT = pathlib.Path(__file__).parents[2]
LATENTS = np.random.default_rng(0).normal(size=(3, LATENT_DIM)).astype("float32")
needs_grpc = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_serving") is None,
    reason="gRPC needs pip install tensorflow-serving-api",
)


@contextlib.contextmanager
def rest_server(model, cors=True):
    """Runs a REST server on a free port inside the block; yields the server."""
    server = Server(model, 0, cors)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def ask(server, method, path, body=None, headers=None):
    """Sends a request; returns the status, the JSON answer and the headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    with contextlib.closing(connection):
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None, response.headers


def predict(server, body, of="", name="dcgan"):
    status, answer, _ = ask(server, "POST", f"/v1/models/{name}{of}:predict", body)
    return status, answer


def images_of(latents, version=2, labels=None):
    return Tiny(version).images(tf.constant(latents), labels).numpy()


def pngs_of_seeds(seeds, version=2):
    return pngs_of(images_of(latents_of(tf.constant(seeds, tf.int64)), version)).numpy().tolist()
