"""Images from a DCGAN's exported generator, beside PyTorch, Keras' export and the limit."""

from benchmarks.ours_serving import WIDTH
from benchmarks.row import Comparison, Row, Subject

_TORCH = ("PyTorch, contiguous", "PyTorch, channels_last")
_LIMIT = "matrix-product limit"
_OURS = "benchmarks.ours_serving:"
_ASK = "benchmarks.clients:ask"
_64 = {"directory": "", "batch": 64}
_ONE, _EIGHT, _MERGED = "1 client", "8 clients", "8 clients, merged"


def _row(batch, comparisons):
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
        Subject("SavedModel", f"{_OURS}in_session", exported),
        Subject("ONNX Runtime", f"{_OURS}in_onnx_runtime", exported),
        Subject("Keras' own export", f"{_OURS}in_session", exported | {"name": "keras"}),
        *torch,
        Subject(_LIMIT, "benchmarks.limit:generate", {"batch": batch, "width": WIDTH}),
    )
    return Row(
        f"generate_{batch}",
        f"DCGAN's generator in inference, 64x64x3, batch {batch}, width {WIDTH}, kernel 4, float32",
        "images/s",
        subjects,
        comparisons,
        prepare=f"{_OURS}export_generator",
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
    Row(
        "png_64",
        "The same images as PNG files",
        "images/s",
        (
            Subject("png", f"{_OURS}in_session", _64 | {"signature": "png"}),
            Subject("serving_default", f"{_OURS}in_session", _64),
        ),
        (Comparison("png", ("serving_default",)),),
        prepare=f"{_OURS}export_generator",
    ),
    Row(
        "serving_clients",
        "PNG files of 64x64x3 over REST, one a request; the stand-in and clients share the cores",
        "images/s",
        (
            Subject(_ONE, _ASK, {"directory": "", "clients": 1}),
            Subject(_EIGHT, _ASK, {"directory": "", "clients": 8}),
            Subject(_MERGED, _ASK, {"directory": "", "clients": 8, "batching": True}),
        ),
        (Comparison(_MERGED, (_EIGHT,)), Comparison(_EIGHT, (_ONE,))),
        prepare=f"{_OURS}export_generator",
    ),
)
