"""Starting and stopping the stand-in, and the exports it serves."""

import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import threading

import numpy as np
import pytest

from keras_gan.commands import generate
from keras_gan.serving.stand_in import __main__ as stand_in
from keras_gan.serving.stand_in.batching import Limits
from keras_gan.serving.stand_in.model import Model
from tests.runs import ends, start_python
from tests.stand_in.asking import LATENTS, needs_grpc, predict, rest_server
from tests.tiny_export import SHAPE


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
    process, output = start_python(command, stdout=subprocess.PIPE), ""
    while "Ctrl-C" not in output:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        output += line
    assert "NOT TensorFlow Serving" in output and "127.0.0.1 only" in output
    assert "Version 2 (and 1)" in output and "labels: stable is 1, canary is 2" in output
    assert "batching: 256 rows or 1 ms" in output
    process.server_port = int(re.search(r"REST  http://127\.0\.0\.1:(\d+)/v1", output)[1])
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
    output = capsys.readouterr()
    assert exit.value.code == 130 and output.err == ""
    assert signal.getsignal(signal.SIGINT) is before
    ports = list(map(int, re.findall(r"127\.0\.0\.1:(\d+)", output.out)))
    assert len(ports) == (2 if extra == "there" else 1)
    assert ("pip install tensorflow-serving-api" in output.out) == (extra == "missing")
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_ports_in_use(export_dir, rest, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        flags = (f"--export_dir={export_dir}", "--rest_port=0", "--port=0")
        output = fails(capsys, *flags, f"--rest_port={port}")
        assert f"Cannot listen on --rest_port={port}: it is in use. Give another port" in output
        if importlib.util.find_spec("tensorflow_serving"):
            assert f"Cannot listen on --port={port}: it is in use" in fails(
                capsys, *flags, f"--port={port}"
            )


def test_bad_exports_are_refused(tmp_path, capsys, export_dir):
    assert "--export_dir is required" in fails(capsys)
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
    assert (
        "models.config must have existing versions, one of [4]. Received: {'stable': 3" in message
    )
    (tmp_path / "models.config").write_text("garbage {")
    assert "must give the model's name and the labels stable and canary" in fails(capsys, export)
    (tmp_path / "models.config").write_bytes(b"\xff")
    assert "Cannot read" in fails(capsys, export)


def test_help_says_it_is_not_tensorflow_serving(capsys):
    stand_in.main(["stand_in.py", "--help"])
    output = " ".join(capsys.readouterr().out.split())
    assert "NOT TensorFlow Serving: it has no security, listens on 127.0.0.1 only" in output


def test_shape_of_the_tiny_export(model):
    images = model.find("dcgan").predict("serving_default", {"latents": LATENTS})["images"]
    assert images.shape == (3, *SHAPE) and images.dtype == np.float32


def test_a_real_export(exported, finished, tmp_path):
    """Over REST with batching, it returns the images of generate and the graph's own errors."""
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
