"""The stand-in for TF Serving: what it answers over REST and gRPC, and how it starts and ends."""

import base64
import contextlib
import http.client
import importlib.util
import json
import os
import pathlib
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import generate
from keras_gan.serving.stand_in import __main__ as stand_in
from keras_gan.serving.stand_in.batching import Limits
from keras_gan.serving.stand_in.model import Model
from keras_gan.serving.stand_in.rest import LARGEST_BODY, Server
from tests.runs import ends, start_python
from tests.test_batching import concurrently
from tests.tiny_export import CAP, LATENT_DIM, SHAPE, Tiny, latents_of, pngs_of, write_export

ROOT = pathlib.Path(__file__).parents[1]
LATENTS = np.random.default_rng(0).normal(size=(3, LATENT_DIM)).astype("float32")
needs_grpc = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow_serving") is None,
    reason="gRPC needs pip install tensorflow-serving-api",
)


@contextlib.contextmanager
def rest_server(model, cors=True):
    """Answers REST on a free port within the block; yields the server."""
    server = Server(model, 0, cors)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def export_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("export")
    for version in (1, 2):
        write_export(str(path), version)
    (path / "saved_model" / ".tmp-12").mkdir()
    (path / "models.config").write_text(
        'model_config_list { config { name: "dcgan"  # A comment.\n'
        "  model_version_policy { all {} }\n"
        '  version_labels { key: "stable" value: 1 }\n'
        '  version_labels { key: "canary", value: 2 } } }\n'
    )
    return str(path)


@pytest.fixture(scope="module")
def model(export_dir):
    return Model(export_dir, "dcgan")


@pytest.fixture(scope="module")
def rest(model):
    with rest_server(model) as server:
        yield server


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("labelled"))
    write_export(path, labels=True)
    with rest_server(Model(path, "dcgan")) as server:
        yield server


def ask(server, method, path, body=None, headers=None):
    """Returns the status, the answer as JSON and the headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=30)
    with contextlib.closing(connection):
        body = json.dumps(body).encode() if isinstance(body, dict) else body
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None, response.headers


def predict(server, body, of=""):
    status, answer, _ = ask(server, "POST", f"/v1/models/dcgan{of}:predict", body)
    return status, answer


def images_of(latents, version=2, labels=None):
    return Tiny(version).images(tf.constant(latents), labels).numpy()


def pngs_of_seeds(seeds, version=2):
    return pngs_of(images_of(latents_of(tf.constant(seeds, tf.int64)), version)).numpy().tolist()


def test_rows_and_columns_of_latents(rest):
    status, rows = predict(rest, {"instances": LATENTS.tolist()})
    assert status == 200 and list(rows) == ["predictions"]
    np.testing.assert_allclose(rows["predictions"], images_of(LATENTS), atol=1e-6)
    columns = {"signature_name": "serving_default", "inputs": {"latents": LATENTS.tolist()}}
    for body in (columns, {**columns, "inputs": LATENTS.tolist()}):
        assert predict(rest, body) == (200, {"outputs": rows["predictions"]})
    objects = [{"latents": row} for row in LATENTS.tolist()]
    assert predict(rest, {"instances": objects}) == (200, rows)
    # Written as what they are in float32, without the digits of a double.
    numbers = re.findall(r"-?\d\.\d+", json.dumps(rows))
    assert np.mean([len(number) for number in numbers]) < 12
    assert (np.float32(rows["predictions"]) == images_of(LATENTS)).mean() > 0.9


def test_seeds_and_pngs(rest):
    seeds = [0, 7, -3, 2**63 - 1]
    status, answer = predict(rest, {"signature_name": "from_seeds_png", "instances": seeds})
    assert status == 200
    pngs = [base64.b64decode(one["b64"]) for one in answer["predictions"]]
    assert pngs == pngs_of_seeds(seeds) and pngs[0].startswith(b"\x89PNG")
    status, answer = predict(rest, {"signature_name": "png", "inputs": LATENTS.tolist()})
    pngs = [base64.b64decode(one["b64"]) for one in answer["outputs"]]
    assert pngs == pngs_of(images_of(LATENTS)).numpy().tolist()
    status, answer = predict(rest, {"signature_name": "from_seeds", "inputs": []})
    assert (status, answer) == (200, {"outputs": []})


def test_several_inputs(labelled):
    latents, labels = LATENTS.tolist(), [0, 1, 2]
    expected = images_of(LATENTS, 1, np.int64(labels))
    rows = [{"latents": one, "labels": two} for one, two in zip(latents, labels, strict=True)]
    status, answer = predict(labelled, {"instances": rows})
    np.testing.assert_allclose(answer["predictions"], expected, atol=1e-6)
    columns = {"latents": latents, "labels": labels}
    assert predict(labelled, {"inputs": columns}) == (200, {"outputs": answer["predictions"]})
    for body, told in [
        ({"instances": latents}, "instances must be objects with the keys labels, latents"),
        ({"instances": [*rows, {"latents": [0] * 4}]}, "instances[3] must be an object"),
        ({"inputs": latents}, "inputs must be an object with the keys labels, latents"),
        ({"inputs": {"latents": latents}}, "inputs must have labels, latents. Received: ['lat"),
    ]:
        status, answer = predict(labelled, body)
        assert status == 400 and told in answer["error"]
    with rest_server(Model(labelled.model.export_dir, "dcgan", batching=True)) as batched:
        uneven = {"latents": latents, "labels": [1]}
        status, answer = predict(batched, {"inputs": uneven})
        assert status == 400 and "one common first dimension" in answer["error"]


def test_versions_and_labels(rest):
    body = {"instances": LATENTS.tolist()}
    answers = {}
    for of in ("", "/versions/1", "/versions/2", "/labels/stable", "/labels/canary"):
        status, answers[of] = predict(rest, body, of)
        assert status == 200
    assert answers[""] == answers["/versions/2"] == answers["/labels/canary"]
    assert answers["/versions/1"] == answers["/labels/stable"] != answers[""]
    np.testing.assert_allclose(
        answers["/versions/1"]["predictions"], images_of(LATENTS, 1), atol=1e-6
    )
    assert predict(rest, body, "/versions/3")[0] == 404
    assert predict(rest, body, "/versions/99999999999999999999")[0] == 400
    status, answer = predict(rest, body, "/labels/none")
    assert status == 400 and "['canary', 'stable']. Received: 'none'" in answer["error"]


def test_status_and_metadata(rest):
    ready = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    one, two = ({"version": version, **ready} for version in "12")
    for path, versions in [("", [two, one]), ("/versions/1", [one]), ("/labels/canary", [two])]:
        status, answer, _ = ask(rest, "GET", f"/v1/models/dcgan{path}")
        assert (status, answer) == (200, {"model_version_status": versions})
    status, answer, headers = ask(rest, "GET", "/v1/models/dcgan/metadata")
    assert status == 200 and headers["Content-Type"] == "application/json"
    assert answer["model_spec"] == {"name": "dcgan", "signature_name": "", "version": "2"}
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert signatures["png"]["method_name"] == "tensorflow/serving/predict"
    latents = signatures["png"]["inputs"]["latents"]
    assert latents["dtype"] == "DT_FLOAT" and latents["name"].endswith(":0")
    assert [side["size"] for side in latents["tensor_shape"]["dim"]] == ["-1", str(LATENT_DIM)]
    assert signatures["from_seeds_png"]["outputs"]["image_bytes"]["dtype"] == "DT_STRING"


SEEDS = '{"signature_name": "from_seeds", "inputs": %s}'
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        (b"\xff\xfe", "must be JSON"),
        (DEEP, "nested too deeply"),
        ('{"inputs": %s}' % ("[" * 200 + "1" + "]" * 200), "latents must be"),
        ("[1]", "must be a JSON object. Received: [1]"),
        ("{}", "one of 'instances' (rows) and 'inputs' (columns). Received: neither"),
        ('{"instances": [1], "inputs": [1]}', "Received: instances and inputs"),
        ('{"signature_name": 5, "inputs": [1]}', "signature_name must be a text. Received: 5"),
        ('{"signature_name": "x", "inputs": [1]}', "from_seeds, from_seeds_png, png, serving_def"),
        ('{"signature_name": "__saved_model_init_op", "inputs": [1]}', "one of the signatures"),
        ('{"instances": []}', "instances must be a list with values. Received: []"),
        ('{"instances": {"latents": 1}}', "instances must be a list with values"),
        ('{"instances": [[1,2,3,4],[1,2,3]]}', "equally long lists"),
        ('{"instances": [[1,2,3,4],5]}', "equally long lists"),
        ('{"inputs": [[1,2,3,[4]]]}', "lists beside numbers"),
        ('{"inputs": [[[1],2,3,4]]}', "equally long lists"),
        ('{"inputs": [[1,2,3]]}', "latents must be float32 of the shape [N, 4]. Received: float32"),
        ('{"inputs": [[]]}', "Received: float32 [1, 0]"),
        ('{"inputs": 3}', "Received: float32 []"),
        ('{"inputs": [["1",2,3,4]]}', "Received: '1'"),
        ('{"inputs": [[null,2,3,4]]}', "Received: None"),
        ('{"inputs": [[true,2,3,4]]}', "Received: True"),
        ('{"inputs": [[{"b64": "AA=="},2,3,4]]}', "Received: {'b64'"),
        ('{"inputs": [[1e39,2,3,4]]}', "out of range"),
        ('{"inputs": [[16777217,2,3,4]]}', "whole ones up to 16777215"),
        ('{"inputs": [[NaN,2,3,4]]}', "latents must be finite"),
        ('{"inputs": [[-Infinity,2,3,4]]}', "latents must be finite"),
        ('{"inputs": {"z": [[1,2,3,4]]}}', "inputs must have latents. Received: ['z']"),
        ('{"instances": [{"z": [1,2,3,4]}]}', "instances[0] must be an object with the keys lat"),
        (SEEDS % "[1.0]", "seeds must be whole numbers from -9223372036854775808"),
        (SEEDS % "[9223372036854775808]", "out of range"),
        (SEEDS % f"[{'9' * 5000}]", "must be JSON"),
        (SEEDS % "7", "seeds must be int64 of the shape [N]. Received: int64 []"),
        (SEEDS % list(range(CAP + 1)), f"Expected at most {CAP} rows. Received:] [{CAP + 1}"),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_bad_requests_get_one_line(rest, capfd, body, told):
    body = body.encode() if isinstance(body, str) else body
    status, answer = predict(rest, body)
    assert status == 400 and list(answer) == ["error"]
    assert told in answer["error"] and "\n" not in answer["error"] and len(answer["error"]) < 400
    assert predict(rest, {"signature_name": "from_seeds", "instances": [1]})[0] == 200
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/other", 404),
        ("GET", "/v1/models/dcgan/versions/9", 404),
        ("GET", "/v1/models/other/metadata", 404),
        ("POST", "/v1/models/other:predict", 404),
        ("GET", "/v1/models/dcgan:predict", 400),
        ("POST", "/v1/models/dcgan:classify", 400),
        ("POST", "/v1/models/dcgan", 400),
        ("GET", "/v1/models", 400),
        ("GET", "/", 404),
        ("PUT", "/v1/models/dcgan", 501),
    ],
)
def test_other_paths_and_methods(rest, method, path, status):
    received, answer, headers = ask(rest, method, path, b"{}" if method == "POST" else None)
    assert received == status and list(answer) == ["error"]
    assert headers["Content-Type"] == "application/json"


def test_bodies_without_end(rest):
    for headers in ({"Content-Length": str(LARGEST_BODY + 1)}, {"Transfer-Encoding": "chunked"}):
        status, answer, received = ask(rest, "POST", "/v1/models/dcgan:predict", None, headers)
        assert status == 400 and "Expected a Content-Length of at most" in answer["error"]
        assert received["Connection"] == "close"
    # A client that leaves in the middle takes nothing with it.
    with socket.create_connection(("127.0.0.1", rest.server_port)) as connection:
        connection.sendall(b"POST /v1/models/dcgan:predict HTTP/1.1\r\nContent-Length: 99\r\n\r\n{")
    assert ask(rest, "GET", "/v1/models/dcgan")[0] == 200


def test_pages_of_other_origins(rest, model):
    status, _, preflight = ask(rest, "OPTIONS", "/v1/models/dcgan:predict")
    assert status == 200
    for headers in (preflight, ask(rest, "GET", "/v1/models/other")[2]):
        assert headers["Access-Control-Allow-Origin"] == "*"
        assert headers["Access-Control-Allow-Methods"] == "POST, GET"
    with rest_server(model, cors=False) as server:
        assert "Access-Control-Allow-Origin" not in ask(server, "GET", "/v1/models/dcgan")[2]


@pytest.fixture(scope="module")
def channel(model):
    import grpc

    from keras_gan.serving.stand_in import rpc

    server, port = rpc.start(model, 0)
    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        channel.port = port
        yield channel
    server.stop(0).wait()


@needs_grpc
def test_predict_over_grpc(channel):
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    request = predict_pb2.PredictRequest()
    request.model_spec.name = "dcgan"
    request.inputs["latents"].CopyFrom(tf.make_tensor_proto(LATENTS))
    response = stub.Predict(request)
    images = tf.make_ndarray(response.outputs["images"])
    np.testing.assert_allclose(images, images_of(LATENTS), atol=1e-6)
    np.testing.assert_array_equal(response.outputs["images"].float_val, images.ravel())
    assert response.model_spec.version.value == 2
    assert response.model_spec.signature_name == "serving_default"

    request = predict_pb2.PredictRequest(output_filter=["image_bytes"])
    request.model_spec.name, request.model_spec.signature_name = "dcgan", "from_seeds_png"
    request.model_spec.version_label = "stable"
    request.inputs["seeds"].CopyFrom(tf.make_tensor_proto([4, 5], tf.int64))
    response = stub.Predict(request)
    assert list(response.outputs["image_bytes"].string_val) == pngs_of_seeds([4, 5], 1)
    assert response.model_spec.version.value == 1


@needs_grpc
def test_metadata_and_status_over_grpc(channel):
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
        prediction_service_pb2_grpc,
    )

    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "dcgan"
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    response = stub.GetModelMetadata(request)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(signatures)
    assert "from_seeds_png" in signatures.signature_def

    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "dcgan"
    response = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus(request)
    assert [one.version for one in response.model_version_status] == [2, 1]
    assert {one.state for one in response.model_version_status} == {30}  # AVAILABLE


@needs_grpc
@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        ({"name": "other"}, "NOT_FOUND", "Expected the model 'dcgan'"),
        ({"version": 3}, "NOT_FOUND", "version 2 or 1. Received: 'dcgan', version 3"),
        ({"label": "none"}, "INVALID_ARGUMENT", "Received: 'none'"),
        ({"signature": "none"}, "INVALID_ARGUMENT", "one of the signatures"),
        ({"inputs": {}}, "INVALID_ARGUMENT", "expects the inputs latents. Received: none"),
        ({"inputs": {"z": LATENTS}}, "INVALID_ARGUMENT", "Received: z"),
        ({"inputs": {"latents": LATENTS[:, 1:]}}, "INVALID_ARGUMENT", "the shape [N, 4]"),
        ({"inputs": {"latents": np.float64(LATENTS)}}, "INVALID_ARGUMENT", "Received: float64"),
        ({"inputs": {"latents": LATENTS * np.nan}}, "INVALID_ARGUMENT", "must be finite"),
        (
            {"inputs": {"latents": np.zeros((300_000, 4), "f4")}},  # More than gRPC's own 4 MiB.
            "INVALID_ARGUMENT",
            f"Expected at most {CAP} rows",
        ),
        ({"filter": "pictures"}, "INVALID_ARGUMENT", "output_filter must name outputs"),
        ({"sides": 2**40}, "INVALID_ARGUMENT", "must have at most"),
        ({"sides": 5}, "INVALID_ARGUMENT", "latents must be a whole tensor"),
    ],
    ids=repr,
)
def test_bad_requests_over_grpc(channel, capfd, change, code, told):
    import grpc
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    request = predict_pb2.PredictRequest()
    request.model_spec.name = change.get("name", "dcgan")
    request.model_spec.signature_name = change.get("signature", "")
    if "version" in change:
        request.model_spec.version.value = change["version"]
    if "label" in change:
        request.model_spec.version_label = change["label"]
    for name, value in change.get("inputs", {"latents": LATENTS}).items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
    if "sides" in change:
        request.inputs["latents"].tensor_shape.dim[0].size = change["sides"]
    request.output_filter.extend([change["filter"]] if "filter" in change else [])
    with pytest.raises(grpc.RpcError) as raised:
        prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, timeout=30)
    assert raised.value.code().name == code
    assert told in raised.value.details() and "\n" not in raised.value.details()
    assert capfd.readouterr().err == ""


def test_batching_changes_no_answer(export_dir, rest, tmp_path):
    (tmp_path / "saved_model").symlink_to(pathlib.Path(export_dir, "saved_model"))
    (tmp_path / "batching.config").write_text(
        f"max_batch_size {{ value: {CAP} }}\nbatch_timeout_micros {{ value: 100000 }}\n"
    )
    model = Model(str(tmp_path), "dcgan", batching=True)
    assert model.limits == Limits(CAP, 0.1)
    bodies = [
        {"signature_name": name, "instances": list(range(first, first + 3))}
        for name in ("from_seeds", "from_seeds_png")
        for first in range(0, 30, 3)
    ]
    with rest_server(model) as batched:
        answers = concurrently(lambda body: predict(batched, body, "/versions/2"), bodies)
        assert [status for status, _ in answers] == [200] * len(bodies)
        for body, (_, answer) in zip(bodies, answers, strict=True):
            received, expected = answer["predictions"], predict(rest, body)[1]["predictions"]
            if body["signature_name"] == "from_seeds":  # Rounds as the batch has it.
                np.testing.assert_allclose(received, expected, atol=1e-6)
            else:
                assert len(received) == 3 and all("b64" in one for one in received)
        shapes = concurrently(
            lambda wide: predict(batched, {"instances": [[0.0] * wide]})[0], [4, 3, 4, 5]
        )
        assert shapes == [200, 400, 200, 400]  # A wrong shape spoils no batch.


def run_client(name, *flags):
    command = [sys.executable, str(ROOT / "examples" / name), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_rest_client(rest, tmp_path):
    url = f"--url=http://127.0.0.1:{rest.server_port}"
    done = run_client("client_rest.py", url, "--output", str(tmp_path), "--seeds", "3", "12")
    assert done.returncode == 0, done.stderr
    received = [(tmp_path / f"seed_{seed:08d}.png").read_bytes() for seed in (3, 12)]
    assert received == pngs_of_seeds([3, 12]) and len(list(tmp_path.iterdir())) == 2
    for flags, told in [
        ((url, "--model=other"), "answered 404"),
        ((url, "--seeds", *map(str, range(CAP + 1))), "answered 400"),
        (("--url=http://127.0.0.1:9",), "Connection refused"),
        (("--url=nowhere",), "unknown url type"),
    ]:
        done = run_client("client_rest.py", *flags)
        assert done.returncode == 1 and done.stderr.startswith("error: ") and told in done.stderr
        assert len(done.stderr.splitlines()) == 1


@needs_grpc
def test_grpc_client(channel, tmp_path, monkeypatch):
    address = f"--address=127.0.0.1:{channel.port}"
    done = run_client("client_grpc.py", address, "--output", str(tmp_path), "--seeds", "3", "12")
    assert done.returncode == 0, done.stderr
    received = [(tmp_path / f"seed_{seed:08d}.png").read_bytes() for seed in (3, 12)]
    assert received == pngs_of_seeds([3, 12])
    for flags, told in [
        ([address, "--model=other"], "answered NOT_FOUND: Expected the model"),
        (["--address=127.0.0.1:9"], "answered UNAVAILABLE: "),
    ]:  # In this process, which has TensorFlow already.
        monkeypatch.setattr(sys, "argv", ["client_grpc.py", *flags])
        with pytest.raises(SystemExit, match=f"error: .* {told}"):
            runpy.run_path(str(ROOT / "examples" / "client_grpc.py"))


def test_clients_are_short_and_need_no_keras_gan():
    for path in (ROOT / "examples").glob("client_*.py"):
        assert len(path.read_text().splitlines()) <= 40
        assert "keras_gan" not in path.read_text()


def fails(capsys, *flags):
    with pytest.raises(SystemExit) as exit:
        stand_in.main(["stand_in.py", *flags])
    assert exit.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def test_a_process_starts_answers_and_stops(export_dir):
    flags = [f"--export_dir={export_dir}", "--rest_port=0", "--port=0", "--batching"]
    command = [sys.executable, "-m", "keras_gan.serving.stand_in", *flags]
    process, told = start_python(command, stdout=subprocess.PIPE), ""
    while "Ctrl-C" not in told:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        told += line
    assert "NOT TensorFlow Serving" in told and "127.0.0.1 only" in told
    assert "Version 2 (and 1)" in told and "labels: stable is 1, canary is 2" in told
    assert "batching: 256 rows or 1 ms" in told
    process.server_port = int(re.search(r"REST  http://127\.0\.0\.1:(\d+)/v1", told)[1])
    assert predict(process, {"signature_name": "from_seeds", "instances": [1]})[0] == 200
    process.terminate()
    assert ends([process], within=20) == ([143], [""])


@pytest.mark.parametrize("extra", ["missing", pytest.param("there", marks=needs_grpc)])
def test_an_interrupt_ends_it(export_dir, monkeypatch, capsys, extra):
    before, summary = signal.getsignal(signal.SIGINT), stand_in._summary
    if extra == "missing":
        monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    def interrupted(*arguments):
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        return summary(*arguments)

    monkeypatch.setattr(stand_in, "_summary", interrupted)
    with pytest.raises(SystemExit) as exit:
        stand_in.main(["stand_in", f"--export_dir={export_dir}", "--rest_port=0", "--port=0"])
    told = capsys.readouterr()
    assert exit.value.code == 130 and told.err == ""
    assert signal.getsignal(signal.SIGINT) is before
    ports = list(map(int, re.findall(r"127\.0\.0\.1:(\d+)", told.out)))
    assert len(ports) == (2 if extra == "there" else 1)
    assert ("pip install tensorflow-serving-api" in told.out) == (extra == "missing")
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_ports_in_use(export_dir, rest, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        flags = (f"--export_dir={export_dir}", "--rest_port=0", "--port=0")
        told = fails(capsys, *flags, f"--rest_port={port}")
        assert f"Cannot listen on --rest_port={port}: it is in use. Give another one" in told
        if importlib.util.find_spec("tensorflow_serving"):
            assert f"Cannot listen on --port={port}: it is in use" in fails(
                capsys, *flags, f"--port={port}"
            )


def test_bad_exports_are_named(tmp_path, capsys, export_dir):
    assert "--export_dir is needed" in fails(capsys)
    assert "a name without / and :" in fails(capsys, "--export_dir=x", "--name=a/b")
    assert "--rest_port must be at most 65535" in fails(capsys, "--rest_port=70000")
    export = f"--export_dir={tmp_path}"
    assert "There is no version to serve in" in fails(capsys, export)
    base = tmp_path / "saved_model"
    base.mkdir()
    assert "export.py wrote with --formats=saved_model." in fails(capsys, export)
    (base / "4").mkdir()
    assert f"Cannot load {base / '4'}: " in fails(capsys, export)
    (base / "4" / "saved_model.pb").write_bytes(b"\xff\xff")
    assert f"Cannot load {base / '4'}: " in fails(capsys, export)
    labels = 'version_labels { key: "%s" value: 3 }'
    text = 'name: "x" ' + labels % "stable" + labels % "canary"
    (tmp_path / "models.config").write_text(text)
    message = fails(capsys, export)
    assert "models.config must have versions that are there, [4]. Received: {'stable': 3" in message
    (tmp_path / "models.config").write_text("garbage {")
    assert "must give the model's name and the labels stable and canary" in fails(capsys, export)
    (tmp_path / "models.config").write_bytes(b"\xff")
    assert "Cannot read" in fails(capsys, export)


def test_help_says_what_it_is_not(capsys):
    stand_in.main(["stand_in.py", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "NOT TensorFlow Serving: it has no security, listens on 127.0.0.1 only" in told


def test_shape_of_the_tiny_export(model):
    images = model.find("dcgan").predict("serving_default", {"latents": LATENTS})["images"]
    assert images.shape == (3, *SHAPE) and images.dtype == np.float32


def test_a_real_export(exported, finished, tmp_path):
    """Over REST, with merging on: the images of generate, and what the graph itself refuses."""
    model = Model(str(exported), batching=True)
    assert model.name == "dcgan" and model.limits == Limits(256, 0.001)
    generate.main(["g", f"--run_dir={finished}", "--seeds=4-6", f"--output={tmp_path}/x.npy"])
    seeds = {"signature_name": "from_seeds", "instances": [4, 5, 6]}
    with rest_server(model) as server:
        status, answer = predict(server, seeds)
        np.testing.assert_allclose(answer["predictions"], np.load(tmp_path / "x.npy"), atol=1e-6)
        status, answer = predict(server, {**seeds, "instances": list(range(257))})
        assert status == 400 and "at most 256 rows" in answer["error"]
        status, answer = predict(server, {"instances": [[float("nan"), 0, 0, 0]]})
        assert status == 400 and "Expected finite numbers. Received:" in answer["error"]
