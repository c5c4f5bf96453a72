"""The DCGAN step on two logical CPUs beside one, on the same cores."""

from benchmarks.row import Comparison, Row, Subject
from benchmarks.rows.dcgan_step import BATCH, WIDTH

_STEP = {"batch": BATCH, "width": WIDTH}

ROWS = (
    Row(
        "replicas",
        f"DCGAN step, 64x64x3, batch {BATCH}, width {WIDTH}, kernel 4, float32",
        "images/s",
        (
            Subject("two replicas", "benchmarks.ours:dcgan_step", _STEP | {"replicas": 2}),
            Subject("one device", "benchmarks.ours:dcgan_step", _STEP),
        ),
        (Comparison("two replicas", ("one device",), at_least=0.85),),
    ),
)
