"""The files with which TensorFlow Serving is started on an export."""

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

    The version gets the label `canary`; `stable` stays where it is, at first with the
    same version. What users have edited stays, unless the directory was moved or
    a version takes fewer rows than the server would merge.

    Args:
        export_dir: Holds `saved_model/<version>`.
        name: Name to serve under.
        version: The new version, which need not be there yet.
        max_batch: Largest number of rows that it takes.
        merges: Whether the server merges requests. It refuses to merge images of several sizes.

    Returns:
        `serve`, the path of a script that starts the server; `compose`, that of the
        same for Docker; `name`, what the model is called.

    Raises:
        UserError: If `models.config` was edited so that the labels are not clear.
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
    """Returns the contents of a file, or `None` if there is none.

    Raises:
        UserError: If it cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read {path}: {first_line(error)} Repair or remove it.") from None


def versions(directory):
    """Returns the numbers of the versions in a directory, in order."""
    try:
        entries = [entry.name for entry in os.scandir(directory) if entry.is_dir()]
    except FileNotFoundError:
        return []
    return sorted(int(entry) for entry in entries if re.fullmatch("[1-9][0-9]{0,17}", entry))


def name_of(run_dir):
    """Returns the name that a run is served under: its directory's, fit for addresses."""
    name = os.path.basename(os.path.abspath(run_dir))
    return re.sub(r"[^A-Za-z0-9_-]", "_", name) or "generator"


class Served(NamedTuple):
    """What a `models.config` says of its model.

    Attributes:
        name: What clients call it, or `None`.
        labels: Versions by label.
    """

    name: str | None
    labels: dict


def read(export_dir):
    """Returns `Served`, from the `models.config` of an export directory if there is one.

    It was written here, and maybe edited; of several models the first one's name counts.

    Raises:
        UserError: If there is such a file without a model's name and labels.
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
            f"{path} must give the model's name and the labels stable and canary a version. Repair "
            "it, or remove it to have it written anew."
        )
    return Served(name[1], {label: int(version) for label, version in labels.items()})


def _kept(file, before, fresh, place, version, rows):
    """Returns the text of a file of before as it stays, or nothing if it cannot stay."""
    if file == BATCHING:
        merged = re.search(r"max_batch_size\s*:?\s*\{\s*value\s*:\s*(\d+)", before)
        return before if merged and int(merged[1]) <= rows else None
    if file == CONFIG:
        labels = read(place).labels
        if labels["stable"] not in versions(os.path.join(place, "saved_model")):
            raise UserError(
                f"In {os.path.join(place, CONFIG)} the label stable must have a version that is "
                f"there. Received: {labels['stable']}. Give it another one."
            )
        base = _quoted(os.path.join(place, "saved_model"))
        moved = _BASE_PATH.sub(lambda found: found[1] + base, before, count=1)
        return _CANARY.sub(rf"\g<1>{version}", moved)
    # Of a file with paths: whether it names this directory, in its own way of quoting.
    named = [line.strip() for line in fresh.splitlines() if CONFIG in line]
    return before if all(line in before for line in named) else None


def _most_rows(place):
    """Returns the largest numbers of rows that the versions there take."""
    for version in versions(os.path.join(place, "saved_model")):
        path = os.path.join(place, "saved_model", str(version), "assets.extra", "metadata.json")
        if found := re.search(r'"max_batch": "(\d+)"', text_of(path) or ""):
            yield int(found[1])


def _models_config(place, name, version):
    return f"""\
# What TensorFlow Serving loads: all versions that are there. An export gives the label `canary` to
# its new version and leaves the rest of this file as it is. When the canary has proved itself,
# give `stable` its number here: the server reads this file again every minute. A request
# without a label gets the newest version. A version is unloaded when its directory is removed.
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
# How the server merges requests that come at the same time; it reads this when it starts. A batch
# is never padded. No version may take fewer rows than max_batch_size.
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
# The directory has the same path inside, so that all its files are right in both places. The
# ports are open to this machine only: the server asks nobody for a password. The image is the
# newest; give it a version to stay with one.
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
# The server listens on all addresses of the machine and asks nobody for a password: keep its
# ports behind a firewall or a gateway. Further flags may follow the command.
if ! command -v tensorflow_model_server > /dev/null; then
  echo "tensorflow_model_server is not installed; docker-compose.yml starts it in Docker." >&2
  exit 127
fi
exec tensorflow_model_server --port=8500 --rest_api_port=8501 \\
  {flags} \\
  "$@"
"""


def _quoted(text):
    """Quotes a string for compose files and for protocol buffers' text format."""
    return json.dumps(text, ensure_ascii=False)
