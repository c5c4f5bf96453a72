"""Counts the modes that each system reaches: python -m benchmarks.mode_coverage --protocol=ring

Every system that takes the data trains from several seeds, each for the same time; a recipe may
be named with its full budget. Finished runs are kept in a file and not done again, and the
document is made from that file.
"""

import argparse
import sys
import time

from keras_gan.command import import_tensorflow

SEEDS, SECONDS = 5, 60.0


def main(argv=None):
    """Reads the command line, measures what is missing and writes the document."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.mode_coverage",
        description="Mode coverage by PacGAN's data and measure (Lin et al. 2018).",
    )
    parser.add_argument("rows", nargs="*", help="systems, or recipes by path; default: all systems")
    parser.add_argument("--protocol", required=True, choices=("ring", "grid"))
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"runs of each row ({SEEDS})")
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"training time of a system ({SECONDS:g})"
    )
    options = parser.parse_args(argv)
    if options.seeds < 1 or options.seconds <= 0:
        parser.error("--seeds must be at least 1 and --seconds above 0.")
    import_tensorflow()
    from benchmarks.mode_coverage import mixtures, record, training
    from keras_gan import files

    names = options.rows or list(mixtures.rows())
    done = {(result["row"], result["seed"]) for result in record.read(options.protocol)}
    for seed in range(options.seeds):
        for name in names:
            row = training.row_name(name)
            if (row, seed) in done:
                continue
            print(f"{options.protocol}: {row}, seed {seed}", file=sys.stderr, flush=True)
            record.append(options.protocol, measured(options, name, row, seed))
    text = record.document()
    files.write_text(str(record.DOCUMENT), text)
    print(text)


def measured(options, name, row, seed):
    """Trains and judges one run; returns its result, and draws the first seed's."""
    from benchmarks.mode_coverage import mixtures, record, training
    from keras_gan import files, pictures

    started = time.perf_counter()
    model, seconds, steps = training.trained(name, options.protocol, options.seconds, seed)
    values, picture = mixtures.judge(options.protocol, model)
    if seed == 0:
        path = record.picture_path(options.protocol, row)
        files.write_bytes(str(path), pictures.png(picture))
    told = {"row": row, "seed": seed, **values, "seconds": round(seconds, 1), "steps": steps}
    return told | {"wall": round(time.perf_counter() - started, 1)}


if __name__ == "__main__":
    main()
