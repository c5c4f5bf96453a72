"""DCGAN in PyTorch: the same networks, updates and optimizers."""

import os

import torch
import torch.nn.functional as functional
from torch import nn

from benchmarks.worker import rate

MEMORY_FORMATS = {
    "contiguous": torch.contiguous_format,
    "channels_last": torch.channels_last,
}


class Generator(nn.Module):
    """Latents to images of 64x64: projection, then four transposed convolutions."""

    def __init__(self, latent_dim, width, channels=3):
        super().__init__()
        self.base = (8 * width, 4, 4)
        self.project = nn.Linear(latent_dim, 8 * width * 16, bias=False)
        layers = []
        for inputs in (8 * width, 4 * width, 2 * width):
            layers += [
                nn.BatchNorm2d(inputs),
                nn.ReLU(inplace=True),
                nn.ConvTranspose2d(inputs, inputs // 2, 4, 2, 1, bias=False),
            ]
        layers += [
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ConvTranspose2d(width, channels, 4, 2, 1),
            nn.Tanh(),
        ]
        self.layers = nn.Sequential(*layers)

    def forward(self, latents):
        return self.layers(self.project(latents).unflatten(1, self.base))


class Discriminator(nn.Sequential):
    """Images of 64x64 to logits: four convolutions and a read-out."""

    def __init__(self, width, channels=3, batch_norm=True):
        layers = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.2, inplace=True)]
        for inputs in (width, 2 * width, 4 * width):
            layers += [
                nn.Conv2d(inputs, 2 * inputs, 4, 2, 1, bias=not batch_norm),
                *([nn.BatchNorm2d(2 * inputs)] if batch_norm else []),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        super().__init__(*layers, nn.Flatten(), nn.Linear(8 * width * 16, 1), nn.Flatten(0))


def weights(network):
    """Returns how many numbers the optimizer trains."""
    return sum(parameter.numel() for parameter in network.parameters())


def use_all_cores():
    """Sets PyTorch up as TensorFlow is by default: all cores, and tiny numbers are zeros."""
    torch.set_num_threads(os.cpu_count())
    torch.set_flush_denormal(True)


def adam(network):
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999), fused=True)


def cross_entropy(logits, target):
    return functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def descend(optimizer, loss):
    """Updates what the optimizer has by the gradients of a loss."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def players(width, latent_dim, layout, batch_norm=True):
    """Returns a generator and a discriminator with DCGAN's first weights."""
    use_all_cores()
    torch.manual_seed(0)
    generator = Generator(latent_dim, width).to(memory_format=layout)
    discriminator = Discriminator(width, batch_norm=batch_norm).to(memory_format=layout)
    for module in [*generator.modules(), *discriminator.modules()]:
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
    return generator, discriminator


def images(batch, layout):
    """Returns random images of 64x64 in [-1, 1]."""
    return torch.empty(batch, 3, 64, 64).uniform_(-1.0, 1.0).to(memory_format=layout)


def measured(one_step, batch, *networks):
    """Returns images per second of a step, and the sizes of its networks."""

    def run(steps):
        for _ in range(steps):
            one_step()

    return rate(run, batch), {"weights": [weights(network) for network in networks]}


def step(batch, memory_format, autocast, width, latent_dim=100):
    """Measures training steps, in images per second.

    Args:
        batch: Images in a batch.
        memory_format: One of `MEMORY_FORMATS`.
        autocast: Compute in bfloat16 where PyTorch's autocast does.
        width: Channels of the layers next to the image.
        latent_dim: Dimension of the latents.
    """
    layout = MEMORY_FORMATS[memory_format]
    generator, discriminator = players(width, latent_dim, layout)
    g_optimizer, d_optimizer = adam(generator), adam(discriminator)
    real = images(batch, layout)
    low_precision = torch.autocast("cpu", torch.bfloat16, enabled=autocast)

    def one_step():
        with low_precision:
            fake = generator(torch.randn(batch, latent_dim))
            d_loss = cross_entropy(discriminator(real), 1.0)
            d_loss = d_loss + cross_entropy(discriminator(fake.detach()), 0.0)
        descend(d_optimizer, d_loss)
        # Frozen, so that the gradients of its weights are not computed.
        discriminator.requires_grad_(False)
        with low_precision:
            g_loss = cross_entropy(discriminator(fake), 1.0)
        descend(g_optimizer, g_loss)
        discriminator.requires_grad_(True)

    return measured(one_step, batch, generator, discriminator)


def penalised_step(batch, memory_format, width, latent_dim=100):
    """Measures steps of WGAN-GP with one update of the critic each, in images per second.

    Args:
        batch: Images in a batch.
        memory_format: One of `MEMORY_FORMATS`.
        width: Channels of the layers next to the image.
        latent_dim: Dimension of the latents.
    """
    layout = MEMORY_FORMATS[memory_format]
    generator, critic = players(width, latent_dim, layout, batch_norm=False)
    g_optimizer, d_optimizer = adam(generator), adam(critic)
    real = images(batch, layout)

    def one_step():
        fake = generator(torch.randn(batch, latent_dim))
        d_loss = critic(fake.detach()).mean() - critic(real).mean()
        share = torch.rand(batch, 1, 1, 1)
        between = (real + share * (fake.detach() - real)).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        norms = (slope.square().sum(dim=(1, 2, 3)) + 1e-12).sqrt()
        descend(d_optimizer, d_loss + 10.0 * (norms - 1.0).square().mean())
        critic.requires_grad_(False)
        descend(g_optimizer, -critic(fake).mean())
        critic.requires_grad_(True)

    return measured(one_step, batch, generator, critic)
