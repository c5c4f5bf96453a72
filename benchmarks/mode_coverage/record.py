"""What was measured: one JSON line a run, and the document made from them."""

import datetime
import json
import math
import os
import pathlib
import platform
import statistics

DIRECTORY = pathlib.Path(__file__).parent / "results"
DOCUMENT = pathlib.Path(__file__).parents[1] / "MODE_COVERAGE.md"
_HEAD = """\
# Mode coverage

Made by `python -m benchmarks.mode_coverage`, not by hand. Mean and standard error over seeds.
Budgets are of processor time (`cpu seconds`), which counts all cores.
"""


def path(protocol):
    """Returns the file of a protocol's results."""
    return DIRECTORY / f"{protocol}.jsonl"


def picture_path(protocol, row):
    """Returns the place of a row's picture."""
    return DIRECTORY / f"{protocol}-{row}.png"


def read(protocol):
    """Returns the results of a protocol as dicts."""
    file = path(protocol)
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def append(protocol, result):
    """Adds a result, with the date and the kind of machine."""
    DIRECTORY.mkdir(exist_ok=True)
    context = {
        "date": f"{datetime.date.today()}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, no GPU",
    }
    line = json.dumps(result | context) + "\n"
    # One write at the end, whoever else appends: lines of several processes stay whole.
    with open(path(protocol), "ab", buffering=0) as file:
        file.write(line.encode())


def document(protocols):
    """Returns the text of the document: a section for each protocol that has results."""
    lines, notes = [_HEAD], set()
    for protocol in protocols:
        results = read(protocol.name)
        if not results:
            continue
        lines += [f"## {protocol.name}", ""]
        note = protocol.note.format(**results[-1])
        lines += [] if note in notes else [note, ""]
        notes.add(note)
        lines += [*table(results, protocol.columns), "", f"Published: {protocol.published}", ""]
        dates = sorted({result["date"] for result in results})
        machines = sorted({result["machine"] for result in results})
        lines += [
            f"Measured {' to '.join({dates[0]: 0, dates[-1]: 0})} on {'; '.join(machines)}.",
            "",
        ]
        for row in dict.fromkeys(result["row"] for result in results):
            picture = picture_path(protocol.name, row)
            if picture.exists():
                place = os.path.relpath(picture, DOCUMENT.parent).replace(" ", "%20")
                lines.append(f'<img src="{place}" width="200" alt="{row}, {protocol.name}">')
        lines.append("")
    return "\n".join(lines)


def table(results, columns):
    """Returns the lines of a Markdown table: mean and standard error over seeds for each row."""
    shown = (*columns, "seconds", "cpu_seconds", "steps")
    lines = [
        "| row | seeds | " + " | ".join(name.replace("_", " ") for name in shown) + " |",
        "|---" * (len(shown) + 2) + "|",
    ]
    for row in dict.fromkeys(result["row"] for result in results):
        own = [result for result in results if result["row"] == row]
        known = [[r[name] for r in own if r.get(name, math.nan) == r.get(name)] for name in shown]
        cells = map(_told, known)
        lines.append(f"| {row} | {len(own)} | " + " | ".join(cells) + " |")
    return lines


def _told(values):
    if not values:
        return "-"
    mean = statistics.mean(values)
    mean = f"{mean:,.0f}" if mean >= 1000 else f"{mean:.4g}"
    if len(values) < 2:
        return mean
    return f"{mean} +- {statistics.stdev(values) / len(values) ** 0.5:.2g}"
