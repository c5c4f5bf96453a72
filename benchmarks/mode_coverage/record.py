"""What was measured: one JSON line a run, and the document made from them."""

import datetime
import json
import os
import pathlib
import platform
import statistics

from benchmarks.mode_coverage import mixtures

DIRECTORY = pathlib.Path(__file__).parent / "results"
DOCUMENT = pathlib.Path(__file__).parents[1] / "MODE_COVERAGE.md"
_SHOWN = (*mixtures.COLUMNS, "seconds", "steps")
_HEAD = """\
# Mode coverage

Made by `python -m benchmarks.mode_coverage`, not by hand. Mean and standard error over seeds.

The measure is PacGAN's (Lin et al. 2018, section 4.1): 2,500 samples of the averaged generator; a
mode is found if a sample of high quality (within three standard deviations) is nearest to it;
reverse KL in nats, of the samples of high quality. A perfect sampler has 98.89 % of high quality
and a KL of about (modes - 1) / 5000. The width ratio is the mean, over modes, of their samples'
standard deviation over the true one (0 for modes of fewer than ten samples): a sampler that
shrinks its modes shows there.

Systems run with their own defaults and batches of {batch}, for the same time each. Rows of recipes
are those files of `recipes/`, run to their end.
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
    with open(path(protocol), "a", encoding="utf-8") as file:
        file.write(json.dumps(result | context) + "\n")


def document():
    """Returns the text of the document."""
    from benchmarks.mode_coverage.training import BATCH

    lines = [_HEAD.format(batch=BATCH)]
    for protocol, published in mixtures.PUBLISHED.items():
        results = read(protocol)
        if not results:
            continue
        lines += [f"## {protocol}", "", *table(results), ""]
        lines += [f"Published: {'; '.join(published)} (modes, high quality, reverse KL).", ""]
        dates = sorted({result["date"] for result in results})
        machines = sorted({result["machine"] for result in results})
        lines += [
            f"Measured {' to '.join({dates[0]: 0, dates[-1]: 0})} on {'; '.join(machines)}.",
            "",
        ]
        for row in dict.fromkeys(result["row"] for result in results):
            picture = picture_path(protocol, row)
            if picture.exists():
                place = os.path.relpath(picture, DOCUMENT.parent).replace(" ", "%20")
                lines.append(f'<img src="{place}" width="200" alt="{row} on the {protocol}">')
        lines.append("")
    return "\n".join(lines)


def table(results):
    """Returns the lines of a Markdown table: mean and standard error over seeds for each row."""
    lines = [
        "| row | seeds | " + " | ".join(name.replace("_", " ") for name in _SHOWN) + " |",
        "|---" * (len(_SHOWN) + 2) + "|",
    ]
    for row in dict.fromkeys(result["row"] for result in results):
        own = [result for result in results if result["row"] == row]
        cells = [_told([r[name] for r in own if r[name] == r[name]]) for name in _SHOWN]
        lines.append(f"| {row} | {len(own)} | " + " | ".join(cells) + " |")
    return lines


def _told(values):
    if not values:
        return "-"
    mean = f"{statistics.mean(values):.4g}"
    if len(values) < 2:
        return mean
    return f"{mean} +- {statistics.stdev(values) / len(values) ** 0.5:.2g}"
