"""How long a user waits for `--help` and for the first step."""

from benchmarks.row import Comparison, Row, Subject


def _row(name, title, subject, factory, aim):
    subjects = (Subject(subject, factory),)
    return Row(name, title, "s", subjects, (Comparison(subject, at_most=aim),))


ROWS = (
    _row("start_help", "Wall time of the command", "train.py --help", "benchmarks.start:help", 1.0),
    _row(
        "start_step",
        "From the start of the process to the first step done and logged",
        "train.py --flagfile=dcgan.flags --steps=1",
        "benchmarks.start:first_step",
        12.0,
    ),
)
