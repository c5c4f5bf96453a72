"""The command that reads exports with other tools, and its table."""

import datetime
import sys

import pytest

from benchmarks import consumer_tools, consumers
from benchmarks.consumer_tools import TOOLS, Missing, Tool


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    directory = tmp_path_factory.mktemp("consumers")
    consumers.export("cgan", str(directory))
    return str(directory)


@pytest.mark.parametrize(
    "key", ["session", "layer", "onnx", "onnx16", "openvino", "openvino_onnx", "litert"]
)
def test_tools_answer_like_keras(key, export):
    (tool,) = (tool for tool in TOOLS if tool.key == key)
    answer = consumer_tools.ask(tool, export)
    if key in ("openvino", "openvino_onnx", "litert") and "missing" in answer:
        pytest.skip(f"{answer['missing']} is not installed")
    assert answer["version"] and 0.0 <= answer["difference"] < (0.01 if key == "onnx16" else 1e-5)


def test_what_is_missing_or_fails_is_told(export, monkeypatch):
    def missing(*_):
        raise Missing("node and --tfjs")

    def fails(*_):
        raise RuntimeError("no such thing\nand more")

    def tool(package="keras", run=lambda *_: consumer_tools.np.zeros((1, 2))):
        return Tool("a", "A", "nothing", package, run)

    assert consumer_tools.ask(tool("keras_gan_no_such"), export) == {"missing": "keras_gan_no_such"}
    assert consumer_tools.ask(tool(run=missing), export) == {"missing": "node and --tfjs"}
    told = consumer_tools.ask(tool(run=fails), export)
    assert told["error"] == "RuntimeError: no such thing" and told["version"]
    assert "Expected the shape" in consumer_tools.ask(tool(), export)["error"]


def test_the_table_says_what_was_and_was_not_measured():
    answers = {
        (tool.name, system): {"version": "1.2", "difference": 1.2345e-7}
        for tool in TOOLS
        for system in consumers.SYSTEMS
    }
    first, second, third = TOOLS[:3]
    answers |= {(first.name, system): {"missing": "openvino"} for system in consumers.SYSTEMS}
    answers[second.name, "cgan"] = {"version": "1.2", "error": "ValueError: a | b: c"}
    answers[third.name, "seqgan"] = {"version": "1.2", "difference": 0.0}
    lines = consumers.table(answers, datetime.date(2026, 11, 27))
    assert lines[2].count("not installed (openvino)") == 5 and "| - |" in lines[2]
    assert "| 1e-07 | fails (ValueError) | 1e-07 |" in lines[3]
    assert lines[4].endswith("| 0 |\n") and "| 1.2 |" in lines[4]
    assert "2026-11-27" in lines[-1] and len(lines) == 3 + len(TOOLS)


def test_the_page_has_a_row_for_each_tool():
    page = consumers.DOCUMENT.read_text()
    assert not [tool.name for tool in TOOLS if f"\n| {tool.name} | " not in page]


def test_a_process_that_dies_is_told(monkeypatch):
    monkeypatch.setattr(sys, "executable", "false")
    answers = consumers._asked("onnx", "nowhere", {"PATH": "/bin:/usr/bin"})
    assert set(answers) == set(consumers.SYSTEMS)
    assert answers["cgan"] == {"error": "the process ended with code 1"}
