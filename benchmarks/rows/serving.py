"""Images from a DCGAN's exported generator, beside PyTorch, Keras' export and the limit."""

from benchmarks.ours_serving import WIDTH
from benchmarks.row import Comparison, Row, Subject

_TORCH = ("PyTorch, contiguous", "PyTorch, channels_last")
_LIMIT = "matrix-product limit"


def _row(batch, comparisons):
    ours = "benchmarks.ours_serving:"
    exported = {"directory": "", "batch": batch}
    torch = [
        Subject(
            peer,
            "benchmarks.peers.torch_generator:generate",
            {"batch": batch, "width": WIDTH, "memory_format": peer.split()[-1]},
            needs=("torch",),
        )
        for peer in _TORCH
    ]
    subjects = (
        Subject("SavedModel", ours + "in_session", exported),
        Subject("ONNX Runtime", ours + "in_onnx_runtime", exported),
        Subject("Keras' own export", ours + "in_session", exported | {"name": "keras"}),
        *torch,
        Subject(_LIMIT, "benchmarks.limit:generate", {"batch": batch, "width": WIDTH}),
    )
    return Row(
        f"generate_{batch}",
        f"DCGAN's generator in inference, 64x64x3, batch {batch}, width {WIDTH}, kernel 4, float32",
        "images/s",
        subjects,
        comparisons,
        prepare=ours + "export_generator",
    )


ROWS = (
    _row(
        1,
        (
            Comparison("ONNX Runtime", _TORCH, at_least=2.4),
            Comparison("SavedModel", _TORCH),
            Comparison("SavedModel", ("Keras' own export",)),
        ),
    ),
    _row(
        64,
        (
            Comparison("SavedModel", (_LIMIT,), at_least=0.95),
            Comparison("ONNX Runtime", (_LIMIT,)),
            Comparison("SavedModel", _TORCH),
            Comparison("SavedModel", ("Keras' own export",)),
        ),
    ),
)
