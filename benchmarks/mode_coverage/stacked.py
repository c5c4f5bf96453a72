"""Stacked digits, by the protocol of Metz et al. 2017 (Unrolled GANs) with its small D.

The rows of the relativistic and the non-saturating game are the ablation of Huang et al. 2024
(R3GAN) on these networks.
"""

import functools

import keras
import tensorflow as tf

from benchmarks.mode_coverage.protocol import Protocol, Row
from benchmarks.mode_coverage.stacked_digits import RealSampler, StackedDigits, coverage
from keras_gan.data import load_dataset
from keras_gan.drawing import pictures
from keras_gan.evaluation.classifier import classifier_for
from keras_gan.optimizers.cosine import CosineAdam

SIDE, BATCH, SAMPLES, CHUNK = 16, 128, 25_600, 256
COLUMNS = ("modes", "reverse_kl")
D_WIDTHS = {"eighth": 4, "quarter": 8, "half": 16}  # Of the 32 that G has.
G_RATE, D_RATE = 1e-3, 2e-3  # Ten times the paper's.
GAMMA = 1.0  # With 0.1 the small D of the relativistic game falls apart at these rates.
R3GAN_GAMMA = 0.1
_NETWORKS = {"latent_dim": 256, "width": 32, "kernel_size": 3}
R3GAN_RATE, _SCHEDULE = 5e-3, 100_000  # For about as many images as there is time for.

_NOTE = f"""\
Each image is {SIDE}x{SIDE} pixels. Its three channels are three <data>, drawn anew for each batch.
That makes 1,000 modes. A classifier of single digits names the mode of a sample; of the digits of
the test split it gets {{classifier_accuracy:.2%}} right. The measure is that of Metz et al. 2017:
a mode is found if at least one of {SAMPLES:,} samples of the averaged generator is named so. The
KL divergence between the modes' shares and equal shares is in nats. The row `real` judges stacked
digits of the test split as if they were samples. A perfect sampler has a KL of about 0.0195;
unequal classes and errors of the classifier add to it.

Networks: DCGAN's with kernels of 3x3, latents of 256 dimensions, batches of {BATCH}. G has 64 and
32 channels at 4 and 8 pixels. D has 4 and 8 (`eighth`), 8 and 16 (`quarter`), or 16 and 32 channels
(`half`), at 8 and 4 pixels. The paper has the last two; on digits of 16 pixels `vanilla` only
collapses with a smaller D. The paper's images have 28 pixels, for which its G has two more layers
of 16 and 8 channels. Its D has leaky ReLUs of slope 0.3, ours of 0.2. All rows but the last use the
paper's Adam with beta 0.5 and 0.99, and ten times its rates, {G_RATE:g} for G and {D_RATE:g} for D,
because they train for a short fixed time and not for its 500,000 steps.

`vanilla`, `unrolled` (K = 5) and `pacgan` (two in a pack) have batch norm in D, as in the papers.
The rows `relativistic` and `non_saturating`, with R1 and R2 or without, repeat the ablation of
Huang et al. 2024 on the networks with the smallest D, no batch norm in D, gamma {GAMMA:g}.
(With gamma 0.1 the relativistic game with both penalties fell apart at these rates: 72 modes, seed
0.) `relativistic-r1-r2` is also run with the larger D. `r3gan` has its own residual networks, 4, 16
and 64 channels wide, and latents of 64 dimensions. Its gamma falls from {R3GAN_GAMMA:g} to
{R3GAN_GAMMA / 5:g} and its rates from {R3GAN_RATE:g} to zero over {_SCHEDULE:,} images."""
_DATA = {
    "digits": "of the 1,437 training digits of scikit-learn, 8x8 pixels made larger",
    "mnist": "of MNIST's 60,000 training digits",
}
_PUBLISHED = """\
after 500,000 steps on MNIST, D a quarter and a half as wide as G (modes, KL), by Lin et al. 2018
(PacGAN, table 3, 50 runs):

| | quarter | half |
|---|---|---|
| DCGAN (Metz et al.) | 30.6 +- 20.7, 5.99 | 628 +- 141, 2.58 |
| Unrolled, K = 5 | 236 +- 63, 4.67 | 732 +- 45, 1.66 |
| Unrolled, K = 10 | 327 +- 75, 4.66 | 817 +- 38, 1.43 |
| DCGAN (PacGAN) | 78.5 +- 17.6, 5.21 | 488 +- 35, 2.24 |
| PacDCGAN2 | 485 +- 33, 2.61 | 841 +- 16, 1.00 |

Karras et al. 2018 (ProGAN) report for WGAN-GP 640 +- 136, 1.97 (quarter) and 772 +- 147, 1.35
(half). Huang et al. 2024 (R3GAN) report on StackedMNIST, with a small network of theirs:
relativistic with R1 and R2 1000, 0.078; non-saturating with R1 and R2 693, 0.927; both diverge
with R1 alone; R3GAN itself 1000, 0.029."""
_COMPARES = {
    "digits": "The digits here are not MNIST's, and runs are far shorter, so these numbers do not "
    "compare with the published ones. `--dataset=mnist` downloads and stacks MNIST's digits.",
    "mnist": "Runs are far shorter here: compare only the order of rows with the published one.",
}


def _adam():
    adam = functools.partial(keras.optimizers.Adam, beta_1=0.5, beta_2=0.99)
    return adam(G_RATE), adam(D_RATE)


def _r3gan_optimizers():
    adam = functools.partial(CosineAdam, images=_SCHEDULE, images_per_update=BATCH)
    return adam(R3GAN_RATE), adam(R3GAN_RATE)


def _game(objective, penalty=""):
    pieces = {"objective": objective, "normalization": "none"}
    if penalty:
        pieces |= {"penalty": penalty, "penalty_weight": GAMMA}
    return "dcgan", pieces


_GAMES = {  # Name: system, arguments.
    "vanilla": ("dcgan", {}),
    "unrolled": ("unrolled", {"unroll_steps": 5}),
    "pacgan": ("pacgan", {"packing": 2}),
    "wgan_gp": ("wgan_gp", {}),
    "relativistic-r1-r2": _game("relativistic", "r1,r2"),
    "relativistic-r1": _game("relativistic", "r1"),
    "non_saturating-r1-r2": _game("non_saturating", "r1,r2"),
    "non_saturating-r1": _game("non_saturating", "r1"),
    "relativistic": _game("relativistic"),
}
_ABLATION = ("relativistic-r1", "non_saturating-r1-r2", "non_saturating-r1", "relativistic")
_R3GAN = {
    "width": 4,
    "growth": 4,
    "blocks": 1,
    "penalty_weight": R3GAN_GAMMA,
    "penalty_weight_end": R3GAN_GAMMA / 5,
    "learning_rate_end": 0.0,
    "schedule_images": _SCHEDULE,
}


def rows(dataset):
    """Returns the rows: real digits, each game with either D, R3GAN's own networks."""

    def real(seed):
        return RealSampler(stacked(dataset, "test"), seed)

    found = [Row("real", sampler=real)]
    for size, width in D_WIDTHS.items():
        for name, (system, arguments) in _GAMES.items():
            if name in _ABLATION and width > min(D_WIDTHS.values()):
                continue
            arguments = {**_NETWORKS, "discriminator_width": width, **arguments}
            found.append(Row(f"{name}-{size}", system, arguments, _adam))
    return [*found, Row("r3gan", "r3gan", _R3GAN, _r3gan_optimizers)]


@functools.cache
def digits(dataset, split="train"):
    """Returns the single digits of a split, grey and 16 pixels a side."""
    return load_dataset(dataset, split=split, channels=1, image_size=SIDE)


def stacked(dataset, split="train"):
    """Returns the triples of a split."""
    return StackedDigits(digits(dataset, split))


@functools.cache
def classifier(dataset):
    """Returns (function from single digits to labels, its accuracy on the test split)."""
    network, *_ = classifier_for(digits(dataset))

    @tf.function(reduce_retracing=True)
    def classify(images):
        return tf.argmax(network(images, training=False)[1], axis=1)

    unseen = digits(dataset, "test")
    everything = next(iter(unseen.batches(unseen.num_examples)))
    parts = tf.data.Dataset.from_tensor_slices(everything).batch(CHUNK)
    right = sum(int(tf.reduce_sum(_right(classify, part))) for part in parts)
    return classify, right / unseen.num_examples


def _right(classify, batch):
    return tf.cast(classify(batch["image"]) == batch["label"], tf.int64)


def judge(dataset, model):
    """Returns the numbers of `COLUMNS` for the averaged generator, and a picture."""
    classify, accuracy = classifier(dataset)
    found = coverage(model, classify, SAMPLES, CHUNK)
    values = {"modes": float(found.modes), "reverse_kl": found.reverse_kl}
    return {**values, "classifier_accuracy": accuracy}, pictures.grid(model.sample(64, seed=1))


def protocol(dataset):
    """Returns the protocol on the digits of `digits` or `mnist`."""
    return Protocol(
        name=f"stacked-{dataset}",
        rows=functools.partial(rows, dataset),
        source=functools.partial(stacked, dataset),
        judge=functools.partial(judge, dataset),
        columns=COLUMNS,
        note=_NOTE.replace("<data>", _DATA[dataset]),
        published=f"{_PUBLISHED}\n\n{_COMPARES[dataset]}",
        batch=BATCH,
        seeds=3,
        seconds=120.0,
    )
