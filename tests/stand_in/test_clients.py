"""The two clients in `examples/` against the stand-in."""

import runpy
import subprocess
import sys

import pytest

from tests.stand_in.asking import ROOT, needs_grpc, pngs_of_seeds
from tests.tiny_export import CAP


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
