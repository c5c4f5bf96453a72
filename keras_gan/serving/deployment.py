"""The files with which TensorFlow Serving is started on an export."""

import json
import os
import re
import shlex
from typing import NamedTuple

from keras_gan import files

CONFIG, BATCHING, MONITORING = "models.config", "batching.config", "monitoring.config"
COMPOSE, COMMAND = "docker-compose.yml", "serve.sh"
REST_PORT, PORT = 8501, 8500


def write(export_dir, name, max_batch):
    """Writes the configuration of a server for all SavedModels of an export directory.

    The newest version gets the label `canary`. `stable` stays with the version that
    has it in the file of before, if that is still there; at first it is the newest.

    Args:
        export_dir: Holds `saved_model/<version>`.
        name: Name to serve under.
        max_batch: Rows that the server may merge into one batch.

    Returns:
        Paths: `serve`, a script that starts the server, and `compose`, the same
        for Docker.
    """
    place = os.path.abspath(export_dir)
    texts = {
        CONFIG: _models_config(place, name),
        BATCHING: _BATCHING.replace("MAX_BATCH", str(max_batch)),
        MONITORING: _MONITORING,
        COMPOSE: _compose(place, name),
        COMMAND: _command(place),
    }
    for file, text in texts.items():
        files.write_text(os.path.join(place, file), text)
    return {
        "serve": os.path.join(export_dir, COMMAND),
        "compose": os.path.join(export_dir, COMPOSE),
    }


def versions(directory):
    """Returns the numbers of the versions in a directory, in order."""
    try:
        return sorted(int(entry) for entry in os.listdir(directory) if entry.isdecimal())
    except FileNotFoundError:
        return []


def name_of(run_dir):
    """Returns the name that a run is served under: its directory's, fit for addresses."""
    name = os.path.basename(os.path.abspath(run_dir))
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "generator"


class Served(NamedTuple):
    """What a `models.config` says of its model.

    Attributes:
        name: What clients call it, or `None`.
        versions: Those that are served; all, if there are none here.
        labels: Versions by label.
    """

    name: str | None
    versions: list
    labels: dict


def read(export_dir):
    """Returns `Served`, from the `models.config` of an export directory if there is one.

    It was written here, and maybe edited; of several models the first one counts.

    Raises:
        OSError: If the file cannot be read.
        UnicodeDecodeError: If it is no text.
    """
    try:
        with open(os.path.join(export_dir, CONFIG), encoding="utf-8") as file:
            text = re.sub("#.*", "", file.read())
    except FileNotFoundError:
        text = ""
    name = re.search(r'\bname\s*:\s*"([^"\\]+)"', text)
    versions = re.findall(r"\bversions\s*:\s*(\d+)", text)
    labels = re.findall(r'key\s*:\s*"(\w+)"\s*,?\s*value\s*:\s*(\d+)', text)
    return Served(
        name[1] if name else None,
        [int(version) for version in versions],
        {label: int(version) for label, version in labels},
    )


def _models_config(export_dir, name):
    base = os.path.join(export_dir, "saved_model")
    present = versions(base)
    canary = present[-1]
    try:
        stable = read(export_dir).labels.get("stable", canary)
    except UnicodeDecodeError:
        stable = canary
    stable = stable if stable in present else canary
    served = " ".join(f"versions: {version}" for version in sorted({stable, canary}))
    return f"""\
# What TensorFlow Serving loads. An export gives `canary` to its new version and leaves `stable`
# where it is. When the canary has proved itself, give `stable` its number here: the server
# reads this file again every minute. A request without a label gets the newest version.
model_config_list {{
  config {{
    name: {_quoted(name)}
    base_path: {_quoted(base)}
    model_platform: "tensorflow"
    model_version_policy {{ specific {{ {served} }} }}
    version_labels {{ key: "stable" value: {stable} }}
    version_labels {{ key: "canary" value: {canary} }}
  }}
}}
"""


_BATCHING = """\
# How the server merges requests that come at the same time. A batch is never padded. The graph
# itself refuses more than MAX_BATCH rows.
max_batch_size { value: MAX_BATCH }
batch_timeout_micros { value: 1000 }
max_enqueued_batches { value: 100 }
"""

_MONITORING = """\
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def _flags(export_dir):
    return [
        f"--model_config_file={os.path.join(export_dir, CONFIG)}",
        "--model_config_file_poll_wait_seconds=60",
        "--allow_version_labels_for_unavailable_models",
        "--enable_batching",
        f"--batching_parameters_file={os.path.join(export_dir, BATCHING)}",
        f"--monitoring_config_file={os.path.join(export_dir, MONITORING)}",
    ]


def _compose(export_dir, name):
    # Docker compose replaces what follows a single dollar sign.
    directory = _quoted(export_dir.replace("$", "$$"))
    flags = "\n".join(f"      - {_quoted(flag.replace('$', '$$'))}" for flag in _flags(export_dir))
    return f"""\
# docker compose -f {shlex.quote(os.path.join(export_dir, COMPOSE))} up
# The directory has the same path inside, so that all its files are right in both places. The
# ports are open to this machine only: the server asks nobody for a password.
services:
  {name.lower()}:
    image: tensorflow/serving
    command:
{flags}
    ports:
      - "127.0.0.1:{PORT}:8500"
      - "127.0.0.1:{REST_PORT}:8501"
    volumes:
      - type: bind
        source: {directory}
        target: {directory}
        read_only: true
"""


def _command(export_dir):
    flags = " \\\n  ".join(shlex.quote(flag) for flag in _flags(export_dir))
    return f"""\
#!/bin/sh
# The server listens on all addresses of the machine and asks nobody for a password: keep its
# ports behind a firewall or a gateway. Further flags may follow the command.
exec tensorflow_model_server --port={PORT} --rest_api_port={REST_PORT} \\
  {flags} \\
  "$@"
"""


def _quoted(text):
    """Quotes a string for compose files and for protocol buffers' text format."""
    return json.dumps(text, ensure_ascii=False)
