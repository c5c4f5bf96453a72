"""Counts the modes that each system reaches: python -m benchmarks.mode_coverage --protocol=ring

Every row of a protocol trains from several seeds, each for the same time; recipes may be named
with their full budget, and are the rows of the protocol of single digits. Finished runs are
kept in a file and not done again, so that rows can be divided among processes, and the document
is made from that file:

    python -m benchmarks.mode_coverage --protocol=stacked --rows=vanilla-half,unrolled-half
    python -m benchmarks.mode_coverage --protocol=stacked --dataset=mnist   # downloads MNIST
"""

import argparse
import sys
import time

from benchmarks.mode_coverage.protocol import DATASETS, NAMES, Row
from keras_gan.command import import_tensorflow


def main(argv=None):
    """Reads the command line, measures what is missing and writes the document."""
    parser = _parser()
    options = parser.parse_args(argv)
    import_tensorflow()
    from benchmarks.mode_coverage import protocols, record, training
    from keras_gan import files

    protocol = protocols.get(options.protocol, options.dataset)
    seeds = protocol.seeds if options.seeds is None else options.seeds
    seconds = protocol.seconds if options.seconds is None else options.seconds
    if seeds < 1 or seconds <= 0:
        parser.error("--seeds must be at least 1 and --seconds above 0.")
    chosen = _chosen(protocol, options.rows, parser)
    settings = {row.name: training.settings(row, protocol, seconds) for row in chosen}
    for result in record.read(protocol.name):
        if result["settings"] != settings.get(result["row"], result["settings"]):
            before, now = result["settings"], settings[result["row"]]
            differ = [x for x in {**before, **now} if before.get(x) != now.get(x)]
            parser.error(
                f"the row {result['row']} was measured with other settings: "
                + "; ".join(f"{x} was {before.get(x)}. Received: {now.get(x)}" for x in differ)
                + f". Give the same, or remove its lines from {record.path(protocol.name)}."
            )
    for seed in range(seeds):
        for row in chosen:
            if (row.name, seed) in {(r["row"], r["seed"]) for r in record.read(protocol.name)}:
                continue
            print(f"{protocol.name}: {row.name}, seed {seed}", file=sys.stderr, flush=True)
            result = measured(protocol, row, seconds, seed)
            record.append(protocol.name, result | {"settings": settings[row.name]})
    text = record.document(protocols.every())
    files.write_text(str(record.DOCUMENT), text)
    files.write_text(str(record.CHOOSING), record.choosing(protocols.every()))
    print(text)


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mode_coverage",
        description="Mode coverage by the data and measures of the literature. Results are added "
        "to those in benchmarks/mode_coverage/results, from which MODE_COVERAGE.md and the table "
        "in docs/choosing.md are written anew: try things in a copy of this repository.",
    )
    parser.add_argument("--protocol", required=True, choices=NAMES)
    parser.add_argument(
        "--rows", default="", help="names of rows, or recipes by path, with commas; default: all"
    )
    parser.add_argument(
        "--dataset",
        default=DATASETS[0],
        choices=DATASETS,
        help="digits that are stacked; mnist is downloaded",
    )
    parser.add_argument("--seeds", type=int, help="runs of each row; default: 5, with digits 3")
    parser.add_argument(
        "--seconds",
        type=float,
        help="processor time of a run's training; recipes say their own steps. Default: 60, of "
        "stacked digits 120",
    )
    return parser


def _chosen(protocol, names, parser):
    """Returns the rows that are asked for."""
    rows = {row.name: row for row in protocol.rows()}
    if not names:
        return list(rows.values())
    asked = names.split(",")
    unknown = [name for name in asked if name not in rows and not name.endswith(".flags")]
    if unknown:
        parser.error(f"--rows of {protocol.name} are {', '.join(rows)}. Received: {unknown[0]}.")
    return [rows.get(name) or Row.by_recipe(name) for name in asked]


def measured(protocol, row, seconds, seed):
    """Trains and judges one run; returns its result, and draws the first seed's."""
    from benchmarks.mode_coverage import record, training
    from keras_gan import files
    from keras_gan.drawing import pictures

    started = time.perf_counter()
    model, taken = training.trained(row, protocol, seconds, seed)
    values, picture = protocol.judge(model)
    if seed == 0:
        path = record.picture_path(protocol.name, row.name)
        files.write_bytes(str(path), pictures.png(picture))
    in_all = round(time.perf_counter() - started, 1)
    return {"row": row.name, "seed": seed, **values, **taken, "wall": in_all}


if __name__ == "__main__":
    main()
