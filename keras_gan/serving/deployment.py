"""Writes the files that start TensorFlow Serving for an export."""

import json
import os
import re
import shlex
from typing import NamedTuple

from keras_gan import files
from keras_gan.errors import UserError, first_line

CONFIG, BATCHING, MONITORING = "models.config", "batching.config", "monitoring.config"
COMPOSE, COMMAND = "docker-compose.yml", "serve.sh"
_CANARY = re.compile(r'(key\s*:\s*"canary"\s*,?\s*value\s*:\s*)\d+')
_BASE_PATH = re.compile(r'(\bbase_path\s*:\s*)"(?:[^"\\]|\\.)*"')


def write(export_dir, name, version, max_batch, merges=True):
    """Writes what is not there yet, and what must change for a new version.

    The new version gets the label `canary`. The label `stable` does not move; the first
    export gives it the same version. Changes by the user are kept, unless the directory
    was moved or a version takes fewer rows than the server would merge.

    Args:
        export_dir: Holds `saved_model/<version>`.
        name: Name to serve under.
        version: The new version, which need not be there yet.
        max_batch: Largest number of rows that it takes.
        merges: Whether the server merges requests. It refuses to merge images of several sizes.

    Returns:
        A dict: `serve`, the path of a script that starts the server; `compose`, the path
        of the Docker compose file; `name`, the name of the model.

    Raises:
        UserError: If `models.config` was edited and its name or labels cannot be read.
    """
    place = os.path.abspath(export_dir)
    rows = min([max_batch, *_most_rows(place)])
    fresh = {
        CONFIG: _models_config(place, name, version),
        BATCHING: _batching(rows),
        MONITORING: _MONITORING,
        COMPOSE: _compose(place, name, merges),
        COMMAND: _command(place, merges),
    }
    for file, text in fresh.items():
        before = text_of(os.path.join(place, file))
        if before is not None:
            text = _kept(file, before, text, place, version, rows) or text
        if text != before:
            files.write_text(os.path.join(place, file), text)
    return {
        "serve": os.path.join(export_dir, COMMAND),
        "compose": os.path.join(export_dir, COMPOSE),
        "name": read(place).name,
    }


def text_of(path):
    """Returns the text of a file, or `None` if it does not exist.

    Raises:
        UserError: If the file cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read {path}: {first_line(error)} Repair or remove it.") from None


def versions(directory):
    """Returns the version numbers in a directory, in ascending order."""
    try:
        entries = [entry.name for entry in os.scandir(directory) if entry.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(int(entry) for entry in entries if re.fullmatch("[1-9][0-9]{0,17}", entry))


def name_of(run_dir):
    """Returns the name of a run's model for clients: its directory's name, safe for URLs."""
    name = os.path.basename(os.path.abspath(run_dir))
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "generator"


class Served(NamedTuple):
    """The name and the labels in a `models.config`.

    Attributes:
        name: Name of the model for clients, or `None`.
        labels: Version numbers by label.
    """

    name: str | None
    labels: dict


def read(export_dir):
    """Reads the `models.config` of an export directory; without one, returns an empty `Served`.

    The file was written by `write` and may have been edited. If it lists several models, the
    name of the first one is returned.

    Raises:
        UserError: If the file has no model name or lacks a label.
    """
    path = os.path.join(export_dir, CONFIG)
    text = text_of(path)
    if text is None:
        return Served(None, {})
    text = re.sub("#.*", "", text)
    name = re.search(r'\bname\s*:\s*"([^"\\]+)"', text)
    labels = dict(re.findall(r'key\s*:\s*"(\w+)"\s*,?\s*value\s*:\s*(\d+)', text))
    if not name or not {"stable", "canary"} <= set(labels):
        raise UserError(
            f"{path} must give the model's name and the labels stable and canary, each with a "
            "version. Repair it, or remove it and export again."
        )
    return Served(name[1], {label: int(version) for label, version in labels.items()})


def _kept(file, before, fresh, place, version, rows):
    """Returns the text to keep of an existing file, or `None` if it must be written again."""
    if file == BATCHING:
        merged = re.search(r"max_batch_size\s*:?\s*\{\s*value\s*:\s*(\d+)", before)
        return before if merged and int(merged[1]) <= rows else None
    if file == CONFIG:
        labels = read(place).labels
        if labels["stable"] not in versions(os.path.join(place, "saved_model")):
            raise UserError(
                f"In {os.path.join(place, CONFIG)} the label stable must have a version that "
                f"exists. Received: {labels['stable']}. Change it to another version."
            )
        base = _quoted(os.path.join(place, "saved_model"))
        moved = _BASE_PATH.sub(lambda found: found[1] + base, before, count=1)
        return _CANARY.sub(rf"\g<1>{version}", moved)
    # Keep a file with paths only if its paths still point to this directory.
    named = [line.strip() for line in fresh.splitlines() if CONFIG in line]
    return before if all(line in before for line in named) else None


def _most_rows(place):
    """Yields the largest number of rows of each existing version."""
    for version in versions(os.path.join(place, "saved_model")):
        path = os.path.join(place, "saved_model", str(version), "assets.extra", "metadata.json")
        if found := re.search(r'"max_batch": "(\d+)"', text_of(path) or ""):
            yield int(found[1])


def _models_config(place, name, version):
    return f"""\
# TensorFlow Serving loads all versions in base_path. An export gives the label `canary` to its new
# version and does not change the rest of this file. When the canary works well, give its number
# to `stable` here: the server reads this file again every minute. A request without a label gets
# the newest version. To unload a version, remove its directory.
model_config_list {{
  config {{
    name: {_quoted(name)}
    base_path: {_quoted(os.path.join(place, "saved_model"))}
    model_platform: "tensorflow"
    model_version_policy {{ all {{}} }}
    version_labels {{ key: "stable" value: {version} }}
    version_labels {{ key: "canary" value: {version} }}
  }}
}}
"""


def _batching(rows):
    return f"""\
# How the server merges concurrent requests into batches. The server reads this file when it starts.
# Batches are not padded. max_batch_size must not be larger than the rows that any version takes.
max_batch_size {{ value: {rows} }}
batch_timeout_micros {{ value: 1000 }}
max_enqueued_batches {{ value: 100 }}
"""


_MONITORING = """\
prometheus_config {
  enable: true
  path: "/monitoring/prometheus/metrics"
}
"""


def _flags(place, merges):
    batching = [
        "--enable_batching",
        f"--batching_parameters_file={os.path.join(place, BATCHING)}",
    ]
    return [
        f"--model_config_file={os.path.join(place, CONFIG)}",
        "--model_config_file_poll_wait_seconds=60",
        "--allow_version_labels_for_unavailable_models",
        *(batching if merges else []),
        f"--monitoring_config_file={os.path.join(place, MONITORING)}",
    ]


def _compose(place, name, merges):
    # Docker compose replaces what follows a single dollar sign.
    directory = _quoted(place.replace("$", "$$"))
    flags = "\n".join(
        f"      - {_quoted(flag.replace('$', '$$'))}" for flag in _flags(place, merges)
    )
    project = re.sub("^[^a-z0-9]+", "", name.lower()) or "generator"
    return f"""\
# The directory has the same path inside the container, so all paths in its files are valid there.
# The ports are open to this machine only, because the server has no authentication. The image is
# the newest one; add a tag to pin a version.
name: {_quoted(project)}
services:
  {_quoted(project)}:
    image: tensorflow/serving
    restart: unless-stopped
    command:
{flags}
    ports:
      - "127.0.0.1:8500:8500"
      - "127.0.0.1:8501:8501"
    volumes:
      - type: bind
        source: {directory}
        target: {directory}
        read_only: true
"""


def _command(place, merges):
    flags = " \\\n  ".join(shlex.quote(flag) for flag in _flags(place, merges))
    return f"""\
#!/bin/sh
# The server listens on all addresses of this machine and has no authentication: keep its ports
# behind a firewall or a gateway. Arguments of this script are passed to the server.
if ! command -v tensorflow_model_server > /dev/null; then
  echo "tensorflow_model_server is not installed. Use docker-compose.yml to run it in Docker." >&2
  exit 127
fi
exec tensorflow_model_server --port=8500 --rest_api_port=8501 \\
  {flags} \\
  "$@"
"""


def _quoted(text):
    """Quotes a string for compose files and for the text format of protocol buffers."""
    return json.dumps(text, ensure_ascii=False)
