"""Clients that ask a served generator at the same time."""

import base64
import contextlib
import http.client
import json
import threading
import time

from benchmarks.worker import SECONDS

NAME = "benchmark"


def ask(directory, clients, batching=False):
    """Measures the images per second that clients get from the stand-in, over REST.

    Each client keeps its connection and asks for the PNG file of one seed at a time.

    Args:
        directory: An export.
        clients: Number of clients.
        batching: Whether the stand-in merges requests.
    """
    from keras_gan.serving.stand_in.model import Model
    from keras_gan.serving.stand_in.rest import Server

    server = Server(Model(directory, NAME, batching), 0, cors=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def measure():
        end, counts, threads = time.perf_counter() + SECONDS, [0] * clients, []
        for number in range(clients):
            arguments = server.server_port, number, end, counts
            threads.append(threading.Thread(target=_client, args=arguments))
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.perf_counter() - start)

    measure()
    return measure, {}


def _client(port, number, end, counts):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    with contextlib.closing(connection):
        while time.perf_counter() < end:
            body = {"signature_name": "from_seeds_png", "instances": [1000 * number]}
            connection.request("POST", f"/v1/models/{NAME}:predict", json.dumps(body))
            response = connection.getresponse()
            answer = json.loads(response.read())
            if not base64.b64decode(answer["predictions"][0]["b64"]).startswith(b"\x89PNG"):
                raise RuntimeError(f"Expected a PNG file. Received: {answer}.")
            counts[number] += 1
