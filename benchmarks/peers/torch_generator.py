"""DCGAN's generator in PyTorch, in inference."""

import torch

from benchmarks.peers.torch_dcgan import MEMORY_FORMATS, Generator, use_all_cores, weights
from benchmarks.worker import rate


def generate(batch, memory_format, width, latent_dim=100):
    """Measures images per second; the arguments are those of `torch_dcgan.step`."""
    use_all_cores()
    torch.manual_seed(0)
    generator = Generator(latent_dim, width).eval()
    generator = generator.to(memory_format=MEMORY_FORMATS[memory_format])
    latents = torch.randn(batch, latent_dim)

    def run(steps):
        with torch.inference_mode():
            for _ in range(steps):
                generator(latents)

    return rate(run, batch), {"weights": [weights(generator)]}
