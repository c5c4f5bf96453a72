"""What was measured: one JSON line a run, and the document made from them."""

import datetime
import json
import math
import os
import pathlib
import platform
import statistics

from benchmarks.mode_coverage.protocol import RECIPE

DIRECTORY = pathlib.Path(__file__).parent / "results"
DOCUMENT = pathlib.Path(__file__).parents[1] / "MODE_COVERAGE.md"
CHOOSING = pathlib.Path(__file__).parents[2] / "docs" / "choosing.md"
_PICTURES_A_LINE = 5
_BEGIN, _END = "<!-- begin measured -->\n", "<!-- end measured -->\n"
_IN_SHORT = {
    "ring": ("modes", "high_quality"),
    "grid": ("modes", "high_quality"),
    "digits": ("frechet_distance", "precision", "recall"),
}
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
    return DIRECTORY / f"{protocol}-{row.replace(RECIPE, '-recipe')}.png"


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
        lines += [*table(protocol, results), "", f"Published: {protocol.published}", ""]
        dates = sorted({result["date"] for result in results})
        machines = sorted({result["machine"] for result in results})
        lines += [
            f"Measured {' to '.join({dates[0]: 0, dates[-1]: 0})} on {'; '.join(machines)}.",
            "",
        ]
        lines += [*_pictures(protocol.name, _in_order(protocol, results)), ""]
    return "\n".join(lines)


def choosing(protocols):
    """Returns the text of the page on choosing, with means of what is measured now."""
    begin, rest = CHOOSING.read_text().split(_BEGIN)
    rows = {}
    for protocol in protocols:
        for name in _IN_SHORT.get(protocol.name, ()):
            results = read(protocol.name)
            for row, values in _by_row(_in_order(protocol, results), results, name).items():
                system = rows.setdefault(row.removesuffix(RECIPE), {})
                system[protocol.name, name] = f"{statistics.mean(values):.3g}" if values else "-"
    columns = [(protocol, name) for protocol, names in _IN_SHORT.items() for name in names]
    heads = [f"{protocol}: {name.replace('_', ' ')}" for protocol, name in columns]
    lines = [f"| | {' | '.join(heads)} |", "|---" * (len(columns) + 1) + "|"]
    for row in sorted(rows):
        lines.append(f"| {row} | {' | '.join(rows[row].get(c, '') for c in columns)} |")
    return f"{begin}{_BEGIN}" + "\n".join(lines) + f"\n{_END}{rest.split(_END)[1]}"


def _in_order(protocol, results):
    """Returns the names of the rows that have results: those of the protocol first, as there."""
    measured = {result["row"] for result in results}
    own = [row.name for row in protocol.rows() if row.name in measured]
    return [*own, *sorted(measured - set(own))]


def _by_row(rows, results, name):
    """Returns the known numbers of a name for each row."""
    found = {row: [] for row in rows}
    for result in results:
        value = result.get(name, math.nan)
        found[result["row"]] += [] if math.isnan(value) else [value]
    return found


def _pictures(protocol, rows):
    """Returns the lines of tables of pictures, named above."""
    lines = []
    rows = [row for row in rows if picture_path(protocol, row).exists()]
    for start in range(0, len(rows), _PICTURES_A_LINE):
        part = rows[start : start + _PICTURES_A_LINE]
        places = [os.path.relpath(picture_path(protocol, row), DOCUMENT.parent) for row in part]
        images = [
            f'<img src="{place}" width="160" alt="{row}, {protocol}">'
            for place, row in zip(places, part, strict=True)
        ]
        lines += ["", f"| {' | '.join(part)} |", "|---" * len(part) + "|"]
        lines.append(f"| {' | '.join(images)} |")
    return lines


def table(protocol, results):
    """Returns the lines of a Markdown table: mean and standard error over seeds for each row."""
    shown = (*protocol.columns, "seconds", "cpu_seconds", "steps")
    rows = _in_order(protocol, results)
    known = [_by_row(rows, results, name) for name in shown]
    lines = [
        "| row | seeds | " + " | ".join(name.replace("_", " ") for name in shown) + " |",
        "|---" * (len(shown) + 2) + "|",
    ]
    for row in rows:
        seeds = sum(result["row"] == row for result in results)
        lines.append(f"| {row} | {seeds} | {' | '.join(_told(values[row]) for values in known)} |")
    return lines


def _told(values):
    if not values:
        return "-"
    mean = statistics.mean(values)
    mean = f"{mean:,.0f}" if mean >= 1000 else f"{mean:.4g}"
    if len(values) < 2:
        return mean
    return f"{mean} +- {statistics.stdev(values) / len(values) ** 0.5:.2g}"
