"""Reading TF_CONFIG."""

import json
import socket

import pytest

from keras_gan.distribution import cluster
from keras_gan.errors import UserError
from tests.runs import cluster_places, fails

TWO = ["host0:2222", "host1:2222"]


def described(jobs, kind="worker", index=0):
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


def of(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    return cluster.of_strategy("multi_worker")


def test_index_and_size(monkeypatch):
    second = of(monkeypatch, cluster_places()[1])
    assert (second.size, second.index, second.is_chief) == (2, 1, False)
    assert of(monkeypatch, cluster_places()[0]).is_chief


def test_the_chief_comes_before_the_workers(monkeypatch):
    jobs = {"worker": ["localhost:45671"], "chief": ["localhost:45672"]}
    assert of(monkeypatch, described(jobs, "chief")).is_chief
    worker = of(monkeypatch, described(jobs))
    assert worker.index == 1 and worker.addresses == ("localhost:45672", "localhost:45671")


def test_other_strategies_ignore_tf_config(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "nonsense")
    assert cluster.of_strategy("auto") == cluster.ALONE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "needs the environment variable TF_CONFIG"),
        ("{", "Expecting property name"),
        ("[]", "list indices"),
        ("{}", "it has no 'cluster'"),
        (described({"worker": TWO}, index=2), "no task worker 2"),
        (described({"worker": TWO}, kind="chief"), "no task chief 0"),
        (described({"worker": TWO, "ps": ["host2:1"]}), "not ps"),
        (described({"worker": ["host0"]}), "'host0' is not HOST:PORT"),
        (described({"worker": ["host0:99999"]}), "'host0:99999' is not HOST:PORT"),
        (described({"worker": ["host0:1", "host0:1"]}), "an address appears twice"),
        (described({"worker": [7]}), "7 is not HOST:PORT"),
        (described({"worker": 3}), "has no len"),
        (described({"worker": TWO}, index=0.5), "no task worker 0.5"),
        (described({"worker": TWO}, index=True), "no task worker True"),
        (described({"worker": TWO, "chief": ["a:1", "b:1"]}), "more than one chief"),
    ],
)
def test_malformed(monkeypatch, capsys, text, reason):
    monkeypatch.setenv("TF_CONFIG", text)
    line = fails(capsys, "--strategy=multi_worker")
    assert reason in line and "TF_CONFIG" in line


def test_a_port_that_is_taken(monkeypatch, capsys):
    place = cluster_places()[0]
    port = int(json.loads(place)["cluster"]["worker"][0].partition(":")[2])
    monkeypatch.setenv("TF_CONFIG", place)
    with socket.create_server(("", port)):
        line = fails(capsys, "--strategy=multi_worker")
    assert f"Port {port} of this worker cannot be used: Address already in use" in line


def test_parameter_servers_are_refused(capsys):
    assert "Keras 3 does not support it" in fails(capsys, "--strategy=parameter_server")


def test_cpu_replicas_need_a_strategy_of_one_machine(capsys, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", described({"worker": ["localhost:45671"]}))
    line = fails(capsys, "--strategy=multi_worker", "--cpu_replicas=2")
    assert "Received: --cpu_replicas=2 with --strategy=multi_worker." in line


def test_error_type():
    with pytest.raises(UserError):
        cluster._parse("null")
