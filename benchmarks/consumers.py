"""Reads exports with other tools: python -m benchmarks.consumers [--tfjs=DIRECTORY]

Tiny systems of each kind are exported, and each tool computes the same two rows as Keras, in a
process of its own. The table in docs/serving.md is written anew. A tool that is not installed is
said to be so. TensorFlow.js needs Node, and a directory with `npm install @tensorflow/tfjs`.
"""

import argparse
import datetime
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from benchmarks import consumer_tools
from keras_gan.command import import_tensorflow

SYSTEMS = {
    "dcgan": "`dcgan`",
    "cgan": "`cgan` (labels)",
    "infogan": "`infogan` (codes)",
    "cyclegan": "`cyclegan` (images)",
    "seqgan": "`seqgan` (tokens)",
}
DOCUMENT = pathlib.Path(__file__).parents[1] / "docs" / "serving.md"
_BEGIN, _END = "<!-- begin consumers -->\n", "<!-- end consumers -->\n"
_ROWS = 2


def main(argv=None):
    """Reads the command line, tries all tools and writes the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consumers", description=__doc__)
    parser.add_argument("--tfjs", help="directory where @tensorflow/tfjs was installed by npm")
    options = parser.parse_args(argv)
    import_tensorflow()
    from keras_gan import files

    environment = {**os.environ, "TFJS": os.path.abspath(options.tfjs) if options.tfjs else ""}
    answers = {}
    with tempfile.TemporaryDirectory() as directory:
        for system in SYSTEMS:
            export(system, os.path.join(directory, system))
        for tool in consumer_tools.TOOLS:
            print(tool.name, file=sys.stderr, flush=True)
            for system, answer in _asked(tool.key, directory, environment).items():
                answers[tool.name, system] = answer
                if "error" in answer:
                    print(f"  {system}: {answer['error']}", file=sys.stderr)
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(_BEGIN)
    lines = table(answers, datetime.date.today())
    after = rest.split(_END)[1]
    files.write_text(str(DOCUMENT), "".join([before, _BEGIN, *lines, _END, after]))
    print("".join(lines))


def export(system, directory):
    """Writes the export of a tiny untrained system, and what Keras answers for two rows.

    Args:
        system: Name of a system.
        directory: Where to write `saved_model`, `onnx`, `onnx_float16` and `rows.npz`.
    """
    import keras
    import numpy as np

    from keras_gan import models
    from keras_gan.serving import onnx_model, saved_model
    from keras_gan.serving.function import ServedFunction
    from keras_gan.serving.inference import inference_network

    keras.utils.set_random_seed(0)
    kind, facts = models.get(system), {"max_batch": "8"}
    model = kind(**kind.tiny_data(), **kind.tiny)
    for network, twin in model._averaged:  # Fresh biases are zeros, which would hide mistakes.
        twin.set_weights([weights + 0.01 for weights in network.get_weights()])
    writers = {
        "saved_model": (saved_model, {}),
        "onnx": (onnx_model, {}),
        "onnx_float16": (onnx_model, {"weights": "float16"}),
    }
    for name, (writer, options) in writers.items():
        path = os.path.join(directory, name)
        os.makedirs(path)
        served = [
            ServedFunction(f, own, inference_network(f.averaged), system, 8, facts, own == main)
            for main in [model.main_function]
            for own, f in model.functions.items()
        ]
        writer.write(served, path, **options)
    rows, answer = served[0].example(_ROWS)
    rows.pop("seeds", None)
    np.savez(os.path.join(directory, "rows.npz"), answer=answer, **rows)


def _asked(key, directory, environment):
    """Asks a tool in a process of its own; returns an answer for each system."""
    paths = [os.path.join(directory, system) for system in SYSTEMS]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.consumer_tools", key, *paths],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    ended = {"error": f"the process ended with code {done.returncode}"}
    return dict(itertools.zip_longest(SYSTEMS, answers, fillvalue=ended))


def table(answers, date):
    """Returns the lines of the table.

    Args:
        answers: By (name of a tool, system): a dict with `version` and `difference`, or with
            `missing`, a package, or with `error`.
        date: When this was measured.
    """
    heads = ["consumer", "version", "what to load and pass", *SYSTEMS.values()]
    lines = [f"| {' | '.join(heads)} |\n", "|---" * len(heads) + "|\n"]
    for tool in consumer_tools.TOOLS:
        own = [answers[tool.name, system] for system in SYSTEMS]
        versions = sorted({answer["version"] for answer in own if "version" in answer})
        cells = [tool.name, ", ".join(versions) or "-", tool.how, *map(_told, own)]
        lines.append(f"| {' | '.join(cells)} |\n")
    return [*lines, f"\nMeasured on {date} with `python -m benchmarks.consumers`.\n"]


def _told(answer):
    if "missing" in answer:
        return f"not installed ({answer['missing']})"
    if "error" in answer:
        return f"fails ({answer['error'].split(':')[0]})"
    return f"{answer['difference']:.1g}" if answer["difference"] else "0"


if __name__ == "__main__":
    main()
