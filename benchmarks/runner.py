"""Measures a row: every subject in turn, round after round."""

import contextlib
import dataclasses
import importlib.util
import statistics
import sys
import tempfile

from benchmarks.worker import Worker, WorkerError


@dataclasses.dataclass
class Result:
    """What was measured of a subject.

    Attributes:
        name: The subject's.
        rounds: The values, one a round; empty after an error.
        facts: What its factory told, such as counts.
        peak_megabytes: The largest memory of its process.
        error: Why it was not measured, or `None`.
    """

    name: str
    rounds: list = dataclasses.field(default_factory=list)
    facts: dict = dataclasses.field(default_factory=dict)
    peak_megabytes: float | None = None
    error: str | None = None

    @property
    def median(self):
        return statistics.median(self.rounds)


def measure(row, rounds):
    """Measures a row and returns its results, in the order of the subjects."""
    results = {subject.name: Result(subject.name) for subject in row.subjects}
    groups = [row.subjects] if row.in_turn else [(subject,) for subject in row.subjects]
    with contextlib.ExitStack() as stack:
        directory = None
        if row.prepare:
            directory = stack.enter_context(tempfile.TemporaryDirectory())
            Worker(row.prepare, {"directory": directory}).stop()
        for subjects in groups:
            _measure_in_turn(subjects, results, rounds, directory)
    _check_same_work(row, results.values())
    return list(results.values())


def _measure_in_turn(subjects, results, rounds, directory):
    workers = {}
    try:
        for subject in subjects:
            _attempt(results[subject.name], lambda s=subject: _start(s, workers, directory))
        for _ in range(rounds):
            for name, worker in list(workers.items()):
                result = results[name]
                if not result.error:
                    _attempt(result, lambda r=result, w=worker: r.rounds.append(w.round()))
    finally:
        for name, worker in workers.items():
            results[name].peak_megabytes = worker.stop()


def _start(subject, workers, directory):
    missing = [module for module in subject.needs if importlib.util.find_spec(module) is None]
    if missing:
        raise WorkerError(
            f"not measured: {' and '.join(missing)} missing; pip install -e '.[bench]'"
        )
    arguments = dict(subject.arguments)
    if "directory" in arguments:
        arguments["directory"] = directory
    print(f"  {subject.name}: starting", file=sys.stderr, flush=True)
    workers[subject.name] = worker = Worker(subject.factory, arguments)
    return worker


def _attempt(result, action):
    """Runs an action for a subject; an error ends its part in the row, not the row's."""
    try:
        done = action()
    except WorkerError as error:
        result.rounds, result.error = [], str(error).splitlines()[-1]
        print(f"  {result.name}: {error}", file=sys.stderr, flush=True)
    else:
        if isinstance(done, Worker):
            result.facts = done.facts
        else:
            print(f"  {result.name}: {result.rounds[-1]:.4g}", file=sys.stderr, flush=True)


def _check_same_work(row, results):
    """Raises `RuntimeError` unless all networks of a row have the same numbers of weights."""
    weights = {
        result.name: result.facts["weights"] for result in results if "weights" in result.facts
    }
    if row.in_turn and len({tuple(counts) for counts in weights.values()}) > 1:
        raise RuntimeError(f"The networks of {row.name} are not the same: weights {weights}.")
