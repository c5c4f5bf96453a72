"""Training steps on images of 64x64: DCGAN's beside PyTorch, Keras and the limit, WGAN-GP's."""

from benchmarks.row import Comparison, Row, Subject

BATCH, WIDTH = 64, 64
_TORCH = ("PyTorch, contiguous", "PyTorch, channels_last")


def _row(name, precision, torch_aim, limit_aim):
    low = precision != "float32"
    step = {"batch": BATCH, "width": WIDTH}
    torch = [
        Subject(
            peer,
            "benchmarks.peers.torch_dcgan:step",
            step | {"memory_format": peer.split()[-1], "autocast": low},
            needs=("torch",),
        )
        for peer in _TORCH
    ]
    subjects = (
        Subject("keras_gan", "benchmarks.ours:dcgan_step", step | {"precision": precision}),
        *torch,
        Subject(
            "keras.io style", "benchmarks.peers.keras_dcgan:step", step | {"precision": precision}
        ),
        Subject(
            "matrix-product limit",
            "benchmarks.limit:dcgan_step",
            step | {"precision": "bfloat16" if low else "float32"},
        ),
    )
    return Row(
        name,
        f"DCGAN step, 64x64x3, batch {BATCH}, width {WIDTH}, kernel 4, {precision}",
        "images/s",
        subjects,
        (
            Comparison("keras_gan", _TORCH, at_least=torch_aim),
            Comparison("keras_gan", ("keras.io style",)),
            Comparison("keras_gan", ("matrix-product limit",), at_least=limit_aim),
        ),
    )


def _penalised():
    step = {"batch": BATCH, "width": WIDTH}
    peers = [
        Subject(
            peer,
            "benchmarks.peers.torch_dcgan:penalised_step",
            step | {"memory_format": peer.split()[-1]},
            needs=("torch",),
        )
        for peer in _TORCH
    ]
    return Row(
        "wgan_gp_step",
        f"WGAN-GP step on DCGAN's networks, one update of each, 64x64x3, batch {BATCH}, float32",
        "images/s",
        (Subject("keras_gan", "benchmarks.ours:penalised_step", step), *peers),
        (Comparison("keras_gan", _TORCH, at_least=1.2),),
    )


ROWS = (
    _row("dcgan_step", "float32", 1.4, 0.95),
    _row("dcgan_step_bfloat16", "mixed_bfloat16", 1.1, None),
    _penalised(),
)
