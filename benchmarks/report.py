"""Results as JSON lines and as Markdown."""

import datetime
import importlib.metadata
import os
import platform
import statistics

_PACKAGES = ("tensorflow", "keras", "torch", "onnxruntime", "pillow", "numpy")


def machine():
    """Returns what kind of machine this is."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.partition(":")[2].strip() for line in file if "model name" in line]
        model = names[0] if names else model
    except OSError:  # Not Linux.
        pass
    return {"cpu": model, "cores": os.cpu_count()}


def versions():
    """Returns the versions of what is measured, `None` for what is not installed."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def context():
    """Returns what every line of JSON also says."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return {"date": today, "machine": machine(), "versions": versions()}


def subject_lines(row, results):
    """Returns a dict to print as JSON for each subject."""
    lines = []
    for result in results:
        line = {"row": row.name, "subject": result.name, "unit": row.unit}
        if result.error:
            line["error"] = result.error
        else:
            line |= {
                "median": result.median,
                "rounds": result.rounds,
                "peak_megabytes": result.peak_megabytes,
                **result.facts,
            }
        lines.append(line)
    return lines


def comparison_lines(row, results):
    """Returns a dict to print as JSON for each comparison of which both sides were measured.

    Aims are judged by the median of the ratios of each round, in which both
    sides had the same noise.
    """
    measured = {result.name: result for result in results if not result.error}
    lines = []
    for comparison in row.comparisons:
        peers = [measured[name] for name in comparison.peers if name in measured]
        if comparison.subject not in measured or (comparison.peers and not peers):
            continue
        ours = measured[comparison.subject]
        line = {"row": row.name, "subject": ours.name}
        judged = ours.median
        if peers:
            peer = max(peers, key=lambda result: result.median)
            ratios = [a / b for a, b in zip(ours.rounds, peer.rounds, strict=True)]
            judged = statistics.median(ratios)
            line |= {
                "peer": peer.name,
                "ratio_of_medians": ours.median / peer.median,
                "median_ratio": judged,
                "ratios": ratios,
            }
        if comparison.at_least is not None:
            line |= {"at_least": comparison.at_least, "reached": judged >= comparison.at_least}
        if comparison.at_most is not None:
            line |= {"at_most": comparison.at_most, "reached": judged <= comparison.at_most}
        lines.append(line)
    return lines


def markdown(row, results):
    """Returns the row's results and comparisons as lines of Markdown."""
    lines = [f"### {row.name}", "", f"{row.title}.", ""]
    if row.table:
        return [*lines, *row.table(results)]
    lines += [f"| subject | {row.unit}, median | slowest and fastest round | peak memory |"]
    lines += ["|---|---|---|---|"]
    if row.unit == "s":
        lines[-2] = lines[-2].replace("slowest and fastest", "shortest and longest")
    for result in results:
        if result.error:
            lines.append(f"| {result.name} | | {result.error} | |")
            continue
        low, high = number(min(result.rounds)), number(max(result.rounds))
        memory = f"{result.peak_megabytes:,.0f} MB" if result.peak_megabytes else ""
        lines.append(f"| {result.name} | {number(result.median)} | {low} to {high} | {memory} |")
    comparisons = comparison_lines(row, results)
    if comparisons:
        lines += ["", "| compared | median ratio | ratio of medians | aim | reached |"]
        lines += ["|---|---|---|---|---|"]
    for line in comparisons:
        name, ratios = line["subject"], " | "
        if "peer" in line:
            name = f"{name} / {line['peer']}"
            ratios = f"{line['median_ratio']:.2f} | {line['ratio_of_medians']:.2f}"
        lines.append(f"| {name} | {ratios} | {_aim(row, line)} | {_reached(line)} |")
    return lines


def number(value):
    """Formats a number with three or more digits that count."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _aim(row, line):
    unit = "" if "peer" in line else f" {row.unit}"
    if "at_least" in line:
        return f"at least {line['at_least']:g}{unit}"
    return f"at most {line['at_most']:g}{unit}" if "at_most" in line else ""


def _reached(line):
    return {True: "yes", False: "no", None: ""}[line.get("reached")]
