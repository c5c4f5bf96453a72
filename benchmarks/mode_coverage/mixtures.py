"""Ring and grid: PacGAN's data and measure (Lin, Khetan, Fanti, Oh 2018, section 4.1)."""

import functools

import numpy as np

from benchmarks.mode_coverage.protocol import Protocol, Row
from keras_gan import metrics, models
from keras_gan.data import load_dataset, mixtures
from keras_gan.drawing import pictures

SAMPLES, BATCH, FASTER = 2500, 256, 10
COLUMNS = ("modes", "high_quality", "reverse_kl", "width_ratio")
_REACH = 6.0  # Standard deviations from a centre within which samples make its mode's width.
_FEWEST = 10  # Samples that a mode's width is measured from.
_PUBLISHED = {
    "ring": ("GAN 6.3 modes, 98.2 %, 0.45", "PacGAN4 7.8 modes, 95.9 %, 0.07"),
    "grid": ("GAN 17.3 modes, 94.8 %, 0.70", "PacGAN4 24.8 modes, 93.6 %, 0.04"),
}
_NOTE = f"""\
The measure is PacGAN's (Lin et al. 2018, section 4.1), on 2,500 samples of the averaged generator.
A sample is of high quality if it is within three standard deviations of the nearest mode. A mode
is found if it has at least one such sample. Reverse KL is in nats, over the samples of high
quality. A perfect sampler has 98.89 % of high quality and a KL of about (modes - 1) / 5000. The
width ratio is the standard deviation of a mode's samples over the true one, averaged over modes (0
for modes of fewer than ten samples). It shows samplers that shrink their modes.

Each system trains for the same time, with batches of {BATCH} and its own defaults. Only the
learning rates are {FASTER} times those of the papers, which train for days. Three systems would not
learn with that and have other settings: `unrolled` has three times the rates of its authors' own
demonstration (1e-3 for G, 1e-4 for D). For `wgan_gp` and `dragan` a penalty weight of 10, meant for
images, holds D back on points this far apart: `wgan_gp` has 0.1, as its authors use for points, and
`dragan` 1. Rows marked (recipe) are the flagfiles of that name in `recipes/`, run to their end."""
# What the note says of three systems.
_ARGUMENTS = {"wgan_gp": {"penalty_weight": 0.1}, "dragan": {"penalty_weight": 1.0}}
_RATES = {"unrolled": (3e-3, 3e-4)}


def protocol(name):
    """Returns the protocol of the ring or of the grid."""
    return Protocol(
        name=name,
        rows=rows,
        source=functools.partial(load_dataset, name),
        judge=functools.partial(judge, name),
        columns=COLUMNS,
        note=_NOTE,
        published=f"{'; '.join(_PUBLISHED[name])} (modes, high quality, reverse KL).",
        batch=BATCH,
        seeds=5,
        seconds=60.0,
    )


@functools.cache
def rows():
    """Returns a row for each system that takes points in the plane."""
    found = []
    for name in models.names():
        system = models.get(name)
        if system.data_keys != ("image",):
            continue
        try:
            model = system((2,))
        except ValueError:  # A system of images.
            continue
        optimizers = functools.partial(_faster, name, model)
        found.append(Row(name, name, _ARGUMENTS.get(name, {}), optimizers))
    return tuple(found)


def _faster(name, model):
    """Returns a system's own optimizers with higher learning rates."""
    defaults = model.default_optimizers()
    configs = [(type(own), own.get_config()) for own in (defaults["g"], defaults["d"])]
    for _, config in configs:
        if "images_per_update" in config:
            config["images_per_update"] = BATCH
    rates = _RATES.get(name) or [FASTER * config["learning_rate"] for _, config in configs]
    return tuple(
        kind.from_config({**config, "learning_rate": rate})
        for (kind, config), rate in zip(configs, rates, strict=True)
    )


def judge(protocol, model):
    """Returns the numbers of `COLUMNS` for the averaged generator, and a picture."""
    centers, deviation = mixtures.centers(protocol)
    samples = model.sample(SAMPLES, seed=1).astype(np.float64)
    found = metrics.mode_coverage(samples, centers, deviation)
    values = (*found, width_ratio(samples, centers, deviation))
    picture = pictures.scatter(samples, load_dataset(protocol).first(2000))
    return dict(zip(COLUMNS, map(float, values), strict=True)), picture


def width_ratio(samples, centers, deviation):
    """Returns the mean over modes of their samples' standard deviation over the true one.

    Samples belong to the nearest centre, those within six deviations of it count. A mode
    of fewer than ten samples counts as 0: a sampler that drops modes has not kept their width.
    """
    squared = ((samples[:, None] - centers) ** 2).sum(axis=2)
    nearest, near = squared.argmin(axis=1), squared.min(axis=1) < (_REACH * deviation) ** 2
    ratios = []
    for mode in range(len(centers)):
        own = samples[(nearest == mode) & near]
        ratios.append(own.std(axis=0).mean() / deviation if len(own) >= _FEWEST else 0.0)
    return float(np.mean(ratios))
