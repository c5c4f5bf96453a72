"""Each subject in a process of its own, which measures one round when it is asked to.

The thread pools of TensorFlow and PyTorch disturb each other in one process. A
worker starts once, warms up, and is idle while others are measured. The two
sides talk by lines: an empty line asks for a round, the answer is JSON.
"""

import contextlib
import importlib
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback

SECONDS = 2.0  # A round lasts at least about this long.


class WorkerError(RuntimeError):
    """A subject could not be measured; the message is the end of what it wrote."""


class Worker:
    """A subprocess that holds one subject.

    Args:
        factory: `"module:function"`. The function returns (measure, facts): a
            function without arguments that runs a round and returns a number,
            and a dict to report.
        arguments: Keyword arguments of the factory, as JSON takes them.

    Attributes:
        facts: What the factory told.
    """

    def __init__(self, factory, arguments):
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", factory, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self.facts = self._answer()

    def round(self):
        """Runs one round and returns what it measured."""
        with contextlib.suppress(BrokenPipeError):  # It has ended; the answer tells.
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        return self._answer()

    def stop(self):
        """Ends the process and returns the largest memory that it had, in MB, or `None`."""
        if self._errors.closed:
            return None
        with self._errors, self._process:  # Closes the pipes, and waits.
            try:
                self._process.stdin.close()
                last = self._process.stdout.readline()
                self._process.wait(60)
            finally:
                self._process.kill()
        return json.loads(last) if last else None

    def _answer(self):
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        self.stop()
        raise WorkerError("\n".join(lines[-15:]) or "The worker ended without a word.")


def rate(run, amount=1, at_once=1):
    """Returns a function that measures how much `run` does in a second.

    Args:
        run: Called with a number of steps to do. It returns when they are done,
            or else the `time.perf_counter()` of that moment.
        amount: What one step counts for.
        at_once: The number of steps in a round is a multiple of this.
    """

    def seconds(steps):
        start = time.perf_counter()
        end = run(steps)
        return (end or time.perf_counter()) - start

    seconds(at_once)  # Traces and compiles.
    seconds(at_once)
    steps = at_once * math.ceil(SECONDS / seconds(at_once))
    return lambda: steps * amount / seconds(steps)


def main(factory, arguments):
    """Serves rounds until standard input ends."""
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        answers.write(json.dumps(value) + "\n")
        answers.flush()

    try:
        module, _, function = factory.partition(":")
        measure, facts = getattr(importlib.import_module(module), function)(**arguments)
        answer(facts)
        for _ in sys.stdin:
            answer(measure())
        whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)  # Of these the largest one.
        answer(max(resource.getrusage(who).ru_maxrss for who in whose) / 1024)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
