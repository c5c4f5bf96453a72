"""What was measured: one JSON line a run, and the table made from them."""

import datetime
import json
import pathlib
import platform
import statistics

DIRECTORY = pathlib.Path(__file__).parent / "results"
DOCUMENT = pathlib.Path(__file__).parents[1] / "MODE_COVERAGE.md"


def path(protocol):
    """Returns the file of a protocol's results."""
    return DIRECTORY / f"{protocol}.jsonl"


def read(protocol):
    """Returns the results of a protocol as dicts."""
    file = path(protocol)
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def append(protocol, result):
    """Adds a result, with the date and the kind of machine."""
    DIRECTORY.mkdir(exist_ok=True)
    context = {"date": f"{datetime.date.today()}", "machine": platform.machine()}
    with open(path(protocol), "a", encoding="utf-8") as file:
        file.write(json.dumps(result | context) + "\n")


def table(results, columns):
    """Returns the lines of a Markdown table: mean and standard error over seeds for each row."""
    shown = (*columns, "seconds", "steps")
    lines = [
        "| row | seeds | " + " | ".join(name.replace("_", " ") for name in shown) + " |",
        "|---" * (len(shown) + 2) + "|",
    ]
    for row in dict.fromkeys(result["row"] for result in results):
        own = [result for result in results if result["row"] == row]
        cells = [_told([result[name] for result in own]) for name in shown]
        lines.append(f"| {row} | {len(own)} | " + " | ".join(cells) + " |")
    return lines


def _told(values):
    mean = f"{statistics.mean(values):.4g}"
    if len(values) < 2:
        return mean
    return f"{mean} +- {statistics.stdev(values) / len(values) ** 0.5:.2g}"
