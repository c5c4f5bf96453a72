"""The original GAN on eight Gaussians in PyTorch, eager."""

import functools
import math

import torch
from torch import nn

from benchmarks.peers.torch_dcgan import adam, cross_entropy, descend, use_all_cores, weights
from benchmarks.worker import rate

POINTS = 100_000


class Maxout(nn.Module):
    """The largest of `pieces` affine maps, per unit."""

    def __init__(self, inputs, units, pieces):
        super().__init__()
        self.pieces = pieces
        self.dense = nn.Linear(inputs, units * pieces)

    def forward(self, x):
        return functools.reduce(torch.maximum, self.dense(x).chunk(self.pieces, dim=1))


def make_generator(latent_dim, units):
    layers = []
    for inputs, outputs in zip([latent_dim, *units], units, strict=False):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.Linear(units[-1], 2))


def make_discriminator(units, pieces):
    layers = [
        Maxout(inputs, outputs, pieces) for inputs, outputs in zip([2, *units], units, strict=False)
    ]
    return nn.Sequential(*layers, nn.Linear(units[-1], 1), nn.Flatten(0))


def ring():
    """Returns points of eight Gaussians on the unit circle."""
    angles = torch.randint(8, (POINTS,)) * (2.0 * math.pi / 8.0)
    means = torch.stack([torch.cos(angles), torch.sin(angles)], dim=1)
    return means + 0.01 * torch.randn_like(means)


def step(batch, latent_dim, units, pieces):
    """Measures training steps per second."""
    use_all_cores()
    torch.manual_seed(0)
    points = ring()
    generator, discriminator = make_generator(latent_dim, units), make_discriminator(units, pieces)
    g_optimizer, d_optimizer = adam(generator), adam(discriminator)

    def one_step():
        real = points[torch.randint(POINTS, (batch,))]
        fake = generator(torch.randn(batch, latent_dim))
        # Nothing here depends on the rest of the batch: one pass for both kinds.
        logits = discriminator(torch.cat([real, fake.detach()]))
        d_loss = cross_entropy(logits[:batch], 1.0) + cross_entropy(logits[batch:], 0.0)
        descend(d_optimizer, d_loss)
        discriminator.requires_grad_(False)
        descend(g_optimizer, cross_entropy(discriminator(fake), 1.0))
        discriminator.requires_grad_(True)

    def run(steps):
        for _ in range(steps):
            one_step()

    facts = {"weights": [weights(generator), weights(discriminator)]}
    return rate(run, at_once=100), facts
