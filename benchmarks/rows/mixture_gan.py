"""The original GAN on eight Gaussians: networks so small that the time around them counts.

D has maxout layers of two pieces and no dropout, the nearest that the system
has to a plain perceptron.
"""

from benchmarks.row import Comparison, Row, Subject

BATCH = 100
_ARGUMENTS = {
    "latent_dim": 2,
    "generator_units": [128, 128],
    "discriminator_units": [128, 128],
    "maxout_pieces": 2,
    "dropout": 0.0,
}
_STEP = {"batch": BATCH, "arguments": _ARGUMENTS}
_SETTINGS = {
    "keras_gan, defaults": {},
    "keras_gan, 100 steps in a call": {"steps_per_execution": 100},
    "keras_gan, 100 steps in a call, XLA": {"steps_per_execution": 100, "jit_compile": True},
}
_TORCH = Subject(
    "PyTorch, eager",
    "benchmarks.peers.torch_gan:step",
    {"batch": BATCH, "latent_dim": 2, "units": [128, 128], "pieces": 2},
    needs=("torch",),
)

ROWS = (
    Row(
        "mixture_gan",
        "GAN on the ring, two layers of 128, batch 100, float32, data included",
        "steps/s",
        (
            *(
                Subject(name, "benchmarks.ours:mixture_step", _STEP | settings)
                for name, settings in _SETTINGS.items()
            ),
            _TORCH,
        ),
        tuple(
            Comparison(name, (_TORCH.name,), at_least=5.0 if "XLA" in name else None)
            for name in _SETTINGS
        ),
    ),
)
