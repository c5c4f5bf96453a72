"""The worker processes of a run, read from TF_CONFIG. Does not import TensorFlow.

With `--strategy=multi_worker` each process reads the addresses of all workers and its
own index from the environment variable TF_CONFIG, as usual in TensorFlow.
"""

import contextlib
import json
import os
import re
import socket
from typing import NamedTuple

from keras_gan.errors import UserError

_EXAMPLE = (
    '{"cluster": {"worker": ["host0:2222", "host1:2222"]}, "task": {"type": "worker", "index": 0}}'
)


class Cluster(NamedTuple):
    """The processes of a run, and the index of this one.

    Attributes:
        addresses: "host:port" of each process; a single process needs none.
        index: Index of this process in `addresses`.
    """

    addresses: tuple = ("",)
    index: int = 0

    @property
    def size(self):
        """Number of processes."""
        return len(self.addresses)

    @property
    def is_chief(self):
        """Whether this process writes the files and reports."""
        return self.index == 0


ALONE = Cluster()


def of_strategy(name):
    """Returns the `Cluster` that a process with this `--strategy` belongs to.

    Raises:
        UserError: If the name is `"multi_worker"` and TF_CONFIG is missing or malformed,
            or the port of this process is in use.
    """
    if name != "multi_worker":
        return ALONE
    text = os.environ.get("TF_CONFIG")
    if not text:
        raise UserError(
            "--strategy=multi_worker needs the environment variable TF_CONFIG. Received: none. Set "
            f"it to something like {_EXAMPLE}."
        )
    cluster = _parse(text)
    if cluster.size > 1:
        _check_port(cluster.addresses[cluster.index])
    return cluster


def _parse(text):
    try:
        config = json.loads(text)
        jobs, task = config["cluster"], config["task"]
        kind, index = task["type"], task["index"]
        index = int(index) if isinstance(index, str) else index  # Some launchers write text.
        unknown = sorted(set(jobs) - {"chief", "worker"})
        # TensorFlow numbers the workers after the chief, if there is one.
        places = [(job, i) for job in ("chief", "worker") for i in range(len(jobs.get(job, ())))]
        addresses = tuple(jobs[job][i] for job, i in places)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        raise _malformed(text, reason) from None
    if unknown:
        raise _malformed(text, f"only chief and worker are supported, not {', '.join(unknown)}")
    if len(jobs.get("chief", ())) > 1:
        raise _malformed(text, "there is more than one chief")
    if type(index) is not int or (kind, index) not in places:
        raise _malformed(text, f"its cluster has no task {kind} {index}")
    for address in addresses:
        port = re.fullmatch(r"[^\s/]+:([0-9]{1,5})", address) if isinstance(address, str) else None
        if port is None or not 1 <= int(port[1]) <= 65535:
            raise _malformed(text, f"{address!r} is not HOST:PORT")
    if len(set(addresses)) < len(addresses):
        raise _malformed(text, "an address appears twice")
    return Cluster(addresses, places.index((kind, index)))


def _malformed(text, reason):
    return UserError(f"TF_CONFIG must be like {_EXAMPLE}: {reason}. Received: {text!r}.")


def _check_port(address):
    port = int(address.rpartition(":")[2])
    try:
        with contextlib.closing(socket.socket()) as probe:
            # Ports of recently closed connections are free; only a listener blocks.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", port))
    except OSError as error:
        raise UserError(
            f"Port {port} of this worker cannot be used: {error.strerror}. Change {address} in "
            "TF_CONFIG on all workers, or end the process that uses it."
        ) from None
