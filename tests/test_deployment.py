"""The files beside an export that start TensorFlow Serving, and its model card."""

import json
import os
import re
import shutil
import stat
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message_factory,
    text_format,
    wrappers_pb2,  # noqa: F401
)

import export
from keras_gan.commands import exporting
from keras_gan.errors import UserError
from keras_gan.evaluation.digests import weights_digest
from keras_gan.runs.directory import load_run
from keras_gan.serving import deployment
from tests.runs import command_fails


def parsed(path, message):
    """Parses a file as the server does: as this message in protocol buffers' text format."""
    return text_format.Parse(path.read_text(), message)


@pytest.fixture(scope="module")
def models_config():
    return pytest.importorskip(
        "tensorflow_serving.config.model_server_config_pb2", reason="needs the serving extra"
    ).ModelServerConfig


def test_models_config(exported, models_config):
    (config,) = parsed(exported / "models.config", models_config()).model_config_list.config
    assert config.name == "dcgan" and config.model_platform == "tensorflow"
    assert config.base_path == str(exported / "saved_model")
    assert config.model_version_policy.HasField("all")
    assert dict(config.version_labels) == {"stable": 1, "canary": 1}


@pytest.fixture
def place(tmp_path):
    """An export directory, and a function that adds a version to it and returns the labels."""

    def add(version, max_batch=256):
        deployment.write(str(tmp_path), "faces", version, max_batch)
        extra = tmp_path / "saved_model" / str(version) / "assets.extra"
        extra.mkdir(parents=True)
        (extra / "metadata.json").write_text(json.dumps({"max_batch": str(max_batch)}))
        return deployment.read(str(tmp_path)).labels

    return tmp_path, add


def test_a_new_version_becomes_canary_and_stable_stays(place, models_config):
    """The server loads all versions, so labels always point to a loaded version."""
    directory, add = place
    assert add(1) == {"stable": 1, "canary": 1}
    assert add(2) == {"stable": 1, "canary": 2}
    path = directory / "models.config"
    more = 'version_labels { key: "old" value: 1 }  # Mine. "canary"'
    text = path.read_text().replace(
        'version_labels { key: "stable" value: 1 }',
        f'# key: "stable" value: 1\n{more}\nversion_labels {{\n  key: "stable"\n  value: 2\n}}',
    )
    path.write_text(text)
    assert add(10) == {"stable": 2, "canary": 10, "old": 1}
    assert path.read_text() == text.replace('"canary" value: 2', '"canary" value: 10')
    (config,) = parsed(path, models_config()).model_config_list.config
    assert dict(config.version_labels) == {"stable": 2, "canary": 10, "old": 1}
    assert config.model_version_policy.HasField("all")


def test_bad_labels_stop_an_export(place, finished, capsys):
    directory, add = place
    add(1)
    path = directory / "models.config"
    for broken, expected in [
        ("garbage {", f"{path} must give the model's name and the labels stable and canary"),
        (path.read_text().replace('"stable" value: 1', '"stable" value: 77'), "Received: 77."),
        (b"\xff\xfe", f"Cannot read {path}: "),
    ]:
        path.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
        with pytest.raises(UserError, match=re.escape(expected)):
            add(2)
    flags = (f"--run_dir={finished}", f"--export_dir={directory}", "--formats=saved_model")
    assert f"Cannot read {path}: " in command_fails(capsys, export.main, *flags)
    assert os.listdir(directory / "saved_model") == ["1"]


def test_merged_requests_fit_every_version(place):
    directory, add = place
    path = directory / "batching.config"
    size = lambda: int(path.read_text().split("max_batch_size { value: ")[1].split()[0])  # noqa: E731
    sizes = []
    for version, rows in enumerate((64, 256, 8, 64), 1):
        add(version, rows)
        sizes.append(size())
    assert sizes == [64, 64, 8, 8]
    path.write_text("max_batch_size { value: 4 }\nnum_batch_threads { value: 3 }\n")
    add(5, 64)
    assert path.read_text() == "max_batch_size { value: 4 }\nnum_batch_threads { value: 3 }\n"


def test_edits_are_kept_unless_the_directory_moves(place, tmp_path_factory, monkeypatch):
    directory, add = place
    add(1)
    names = ("docker-compose.yml", "serve.sh", "monitoring.config")
    for name in names:
        (directory / name).write_text((directory / name).read_text() + "# Mine.\n")
    add(2)
    assert all("# Mine." in (directory / name).read_text() for name in names)
    moved = shutil.copytree(directory, tmp_path_factory.mktemp("moved") / "export")
    deployment.write(str(moved), "faces", 3, 256)
    assert deployment.read(str(moved)).labels == {"stable": 1, "canary": 3}
    for name in ("models.config", "docker-compose.yml", "serve.sh"):
        text = (moved / name).read_text()
        assert str(moved) in text and f'"{directory}' not in text


def message(name, **fields):
    """Creates a message type of the server from `{field: (number, type, type's name)}`.

    These two are in the server's sources but in no package.
    """
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package="test")
    file.dependency.append("google/protobuf/wrappers.proto")
    made = file.message_type.add(name=name)
    for field, (number, kind, kind_name) in fields.items():
        made.field.add(name=field, number=number, type=kind, type_name=kind_name, label=1)
    file.message_type[0].field[-1].label = 3 if name == "BatchingParameters" else 1
    pool = descriptor_pool.Default()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"test.{name}"))


def test_batching_and_monitoring(exported):
    wrapped, text = (11, ".google.protobuf.Int64Value"), (9, None)
    parameters = message(
        "BatchingParameters",
        max_batch_size=(1, *wrapped),
        batch_timeout_micros=(2, *wrapped),
        max_enqueued_batches=(3, *wrapped),
        num_batch_threads=(4, *wrapped),
        allowed_batch_sizes=(6, 3, None),
    )
    read = parsed(exported / "batching.config", parameters())
    assert read.max_batch_size.value == 256 and not read.allowed_batch_sizes
    assert read.batch_timeout_micros.value == 1000
    message("PrometheusConfig", path=(2, *text), enable=(1, 8, None))
    monitoring = message("MonitoringConfig", prometheus_config=(1, 11, ".test.PrometheusConfig"))
    read = parsed(exported / "monitoring.config", monitoring()).prometheus_config
    assert read.enable and read.path == "/monitoring/prometheus/metrics"


FLAGS = [
    "--model_config_file={}/models.config",
    "--model_config_file_poll_wait_seconds=60",
    "--allow_version_labels_for_unavailable_models",
    "--enable_batching",
    "--batching_parameters_file={}/batching.config",
    "--monitoring_config_file={}/monitoring.config",
]


@pytest.mark.parametrize("name", ["plain", 'a b\'c $HOME "d" é'])
def test_the_server_is_started_with_these_files(name, tmp_path):
    """Runs the script with another program in place of the server; compares the compose file."""
    place = tmp_path / name
    paths = deployment.write(str(place), "1", 1, 256)
    server = tmp_path / "tensorflow_model_server"
    server.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    server.chmod(server.stat().st_mode | stat.S_IXUSR)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", paths["serve"], "--more"], capture_output=True, text=True, env={"PATH": path}
    )
    assert done.returncode == 0, done.stderr
    script = place / "serve.sh"
    script.write_text(script.read_text() + "# Mine.\n")
    (place / "saved_model" / "1").mkdir(parents=True)
    deployment.write(str(place), "1", 1, 256)
    assert script.read_text().endswith("# Mine.\n")  # Known again, however it is quoted.
    flags = [flag.format(place) for flag in FLAGS]
    ports = ["--port=8500", "--rest_api_port=8501"]
    assert done.stdout.splitlines() == [*ports, *flags, "--more"]
    for flag in flags:
        assert "=/" not in flag or os.path.exists(flag.partition("=")[2])

    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((place / "docker-compose.yml").read_text())
    assert compose["name"] == "1"  # A text, as compose wants it.
    service = compose["services"]["1"]
    assert [flag.replace("$$", "$") for flag in service["command"]] == flags
    (volume,) = service["volumes"]
    assert volume["read_only"] is True and volume["type"] == "bind"
    assert volume["source"].replace("$$", "$") == volume["target"].replace("$$", "$") == str(place)
    assert service["ports"] == ["127.0.0.1:8500:8500", "127.0.0.1:8501:8501"]


@pytest.mark.parametrize(
    ("run_dir", "name"),
    [
        ("runs/dcgan/", "dcgan"),
        ("runs/2026-11-21", "2026-11-21"),
        ("runs/my faces.2", "my_faces_2"),
        ("/", "generator"),
    ],
)
def test_names_are_safe_for_urls(run_dir, name):
    assert deployment.name_of(run_dir) == name


def test_model_card(exported, finished):
    for version in ("saved_model/1", "onnx/1"):
        card = (exported / version / "model_card.md").read_text()
        _, front, text = card.split("---\n", 2)
        front = pytest.importorskip("yaml").safe_load(front)
        assert front["library_name"] == "keras_gan" and front["license"] == "unknown"
        assert front["pipeline_tag"] == "unconditional-image-generation"
        assert ("onnx" in front["tags"]) == ("onnx" in version) and "dcgan" in front["tags"]
        assert "| examples | 1,437 |" in text and "| split | train |" in text
        assert "| training | 7 steps, 56 images |" in text
        assert "| weights of the generator | 151 |" in text  # As train.py says.
        assert "| latent_prior | N(0, I) |" in text and "| value_range | \\[-1, 1\\] |" in text
        assert ("| max_batch | 256 |" in text) == ("onnx" not in version)
        assert "| model_arg=width | 2 |" in text and "Not evaluated" in text
        assert "](samples.png)" in text
        drawn = tf.io.decode_png((exported / version / "samples.png").read_bytes())
        grids = sorted((finished / "samples").iterdir())
        assert np.array_equal(drawn, tf.io.decode_png(grids[-1].read_bytes()))


def test_model_card_with_an_evaluation_and_a_licence(finished, tmp_path, capsys):
    run_dir = shutil.copytree(finished, tmp_path / "run")
    weights = weights_digest(load_run(run_dir)[0].averaged_generator)
    settings = {"dataset": "faces", "split": "test", "about_features": "pixels", "weights": weights}
    measured = {"kernel_distance": 0.012345678, "a|b": 360, "x\n# y": 1, "no number": "/home/me"}
    evaluation = {"settings": settings, "measures": measured, "notes": ["/home/me"]}
    (run_dir / "evaluation.json").write_text(json.dumps(evaluation))
    flags = [f"--run_dir={run_dir}", f"--export_dir={tmp_path / 'x'}", "--formats=onnx"]
    form = ["--onnx_layout=nchw", "--onnx_images=uint8", "--onnx_weights=float16"]
    export.main(["export.py", *flags, *form, "--license=Mine é, 2026"])
    card = (tmp_path / "x" / "onnx" / "1" / "model_card.md").read_text()
    assert 'license: "other"\nlicense_name: "Mine é, 2026"' in card
    assert "| kernel distance | 0.01235 |" in card and "| a\\|b | 360 |" in card
    assert "/home/me" not in card and "| x # y | 1 |" in card
    assert "| compared with | None examples of faces (test) |" in card
    evaluation["settings"]["weights"] = "others"
    (run_dir / "evaluation.json").write_text(json.dumps(evaluation))
    export.main(["export.py", *flags])
    assert "Not evaluated" in (tmp_path / "x" / "onnx" / "2" / "model_card.md").read_text()
    for line in ("| shape | 1x8x8 |", "| layout | NCHW |", "| weights | float16 |"):
        assert line in card
    assert "| value_range | \\[0, 255\\] |" in card and "| largest_loss | " in card
    for broken in ("{", "[1]", "{}"):
        (run_dir / "evaluation.json").write_text(broken)
        message = command_fails(capsys, export.main, *flags)
        assert f"Cannot read {run_dir / 'evaluation.json'}" in message


def test_an_export_prints_the_next_commands(exported, capsys):
    paths = {"saved_model": f"{exported}/saved_model/1", "serve": f"{exported}/serve.sh"}
    exporting.report(paths | {"compose": f"{exported}/docker-compose.yml", "name": "faces"})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"saved_model  {exported}/saved_model/1"
    assert lines[1].startswith("Serve it as faces: ")
    assert f"  sh {exported}/serve.sh" in lines
    assert f"  docker compose -f {exported}/docker-compose.yml up" in lines
    assert f"  python -m keras_gan.serving.stand_in --export_dir={exported}" in lines
    exporting.report({"onnx": "generator.onnx"})
    assert capsys.readouterr().out == "onnx         generator.onnx\n"
