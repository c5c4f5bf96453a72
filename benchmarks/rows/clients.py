"""Clients that ask the stand-in for one PNG file of 64x64 at a time."""

from benchmarks.row import Comparison, Row, Subject

_ASK = "benchmarks.clients:ask"
_ONE, _EIGHT, _MERGED = "1 client", "8 clients", "8 clients, merged"

ROWS = (
    Row(
        "serving_clients",
        "Images over REST, a PNG file of 64x64x3 a request, server and clients on the same cores",
        "images/s",
        (
            Subject(_ONE, _ASK, {"directory": None, "clients": 1}),
            Subject(_EIGHT, _ASK, {"directory": None, "clients": 8}),
            Subject(_MERGED, _ASK, {"directory": None, "clients": 8, "batching": True}),
        ),
        (Comparison(_MERGED, (_EIGHT,)), Comparison(_EIGHT, (_ONE,))),
        prepare="benchmarks.exported:write",
    ),
)
