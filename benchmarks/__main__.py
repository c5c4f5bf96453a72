"""Runs the benchmark: python -m benchmarks [ROW ...] [--rounds=N]

Each row measures its subjects in turn, round by round, each in a process of its
own. Results are printed as JSON lines, and at the end as Markdown.
"""

import argparse
import json
import sys

from benchmarks import report
from benchmarks.row import all_rows, choose
from benchmarks.runner import measure


def main(argv=None):
    """Reads the command line, measures and prints."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures keras_gan beside its peers; progress goes to standard error.",
        epilog="Rows: "
        + ", ".join(all_rows())
        + ". Those on request run only when named: "
        + ", ".join(row.name for row in all_rows().values() if row.on_request)
        + ".",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to run; default: all")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each subject (5)")
    options = parser.parse_args(argv)
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1. Received: {options.rounds}.")
    try:
        rows = choose(options.rows)
    except ValueError as error:
        parser.error(str(error))
    context = report.context()
    tables = []
    for row in rows:
        print(f"{row.name}: {row.title}", file=sys.stderr, flush=True)
        results = measure(row, options.rounds)
        for line in [*report.subject_lines(row, results), *report.comparison_lines(row, results)]:
            print(json.dumps(line | context), flush=True)
        tables += ["", *report.markdown(row, results)]
    print("\n".join(tables))


if __name__ == "__main__":
    main()
