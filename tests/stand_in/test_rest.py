"""REST answers of the stand-in for TF Serving."""

import base64
import json
import pathlib
import re
import socket

import numpy as np
import pytest

from keras_gan.serving.stand_in.batching import Limits
from keras_gan.serving.stand_in.model import Model
from keras_gan.serving.stand_in.rest import LARGEST_BODY
from tests.stand_in.asking import LATENTS, ask, images_of, pngs_of_seeds, predict, rest_server
from tests.test_batching import concurrently
from tests.tiny_export import CAP, LATENT_DIM, pngs_of, write_export


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
    for body, message in [
        ({"instances": latents}, "instances must be objects with the keys labels, latents"),
        ({"instances": [*rows, {"latents": [0] * 4}]}, "instances[3] must be an object"),
        ({"inputs": latents}, "inputs must be an object with the keys labels, latents"),
        ({"inputs": {"latents": latents}}, "inputs must have labels, latents. Received: ['lat"),
    ]:
        status, answer = predict(labelled, body)
        assert status == 400 and message in answer["error"]
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


def test_metadata_state_what_the_export_does(tmp_path):
    write_export(str(tmp_path))
    extra = tmp_path / "saved_model" / "1" / "assets.extra"
    for text, stated in (
        ('{"class_names": "[\\"cat\\", \\"a,b\\"]"}', {"class_names": '["cat", "a,b"]'}),
        ("damaged", {}),
    ):
        extra.mkdir(exist_ok=True)
        (extra / "metadata.json").write_text(text)
        with rest_server(Model(str(tmp_path), "dcgan")) as server:
            _, answer, _ = ask(server, "GET", "/v1/models/dcgan/metadata")
        assert answer["metadata"]["stated"] == stated


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
    ("body", "message"),
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
        ('{"inputs": [[1,2,3,[4]]]}', "must not mix lists and numbers"),
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
def test_bad_requests_get_one_line(rest, capfd, body, message):
    body = body.encode() if isinstance(body, str) else body
    status, answer = predict(rest, body)
    assert status == 400 and list(answer) == ["error"]
    assert message in answer["error"] and "\n" not in answer["error"] and len(answer["error"]) < 400
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


def test_bodies_without_a_valid_length(rest):
    for headers in ({"Content-Length": str(LARGEST_BODY + 1)}, {"Transfer-Encoding": "chunked"}):
        status, answer, received = ask(rest, "POST", "/v1/models/dcgan:predict", None, headers)
        assert status == 400 and "Expected a Content-Length of at most" in answer["error"]
        assert received["Connection"] == "close"
    # The server survives a client that closes the connection early.
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


def test_batching_does_not_change_answers(export_dir, rest, tmp_path):
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
