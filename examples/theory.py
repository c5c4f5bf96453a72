"""Shows the theory of generative adversarial nets on one-dimensional densities.

python examples/theory.py --output theory

After Goodfellow et al. 2014: the optimal discriminator and the value of the game, the generator's
gradient when the supports of data and samples move apart, and figure 1 from a real run of the
system `gan`. Prints numbers and writes three pictures.
"""

import argparse
import functools
import math
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_gan import losses, models, theory
from keras_gan.drawing import charts, pictures

BLACK, GREEN, BLUE = (0, 0, 0), (0, 150, 60), (30, 90, 220)
PALE, RED, GREY = (130, 190, 255), (210, 40, 40), (215, 215, 215)
LOG_4 = math.log(4.0)
GRID = (np.arange(1600) + 0.5) / 100.0 - 8.0  # The middles of cells.
normal, uniform = (functools.partial(one, GRID) for one in (theory.normal, theory.uniform))
PAIRS = {
    "N(0, 1) and itself": (normal(0, 1), normal(0, 1)),
    "N(0, 1) and N(1.5, 1)": (normal(0, 1), normal(1.5, 1)),
    "two humps and one of them": ((normal(-2, 0.6) + normal(2, 0.6)) / 2, normal(2, 0.6)),
    "U(0, 2) and U(1, 3)": (uniform(0, 2), uniform(1, 3)),
    "U(-2, 0) and U(1, 3)": (uniform(-2, 0), uniform(1, 3)),
}


def write(output, name, rows):
    """Writes a picture of rows of plots."""
    (output / name).write_bytes(pictures.png(np.concatenate([np.hstack(row) for row in rows])))
    print(f"-> {output / name}")


def optimal_discriminators(output, steps):
    """The best D for a fixed G, and what V it reaches (proposition 1, theorem 1)."""
    print("1. For a fixed G the best D is p_data / (p_data + p_g). V in nats.\n")
    print(f"{'p_data and p_g':26}  V(D*, G)  -log 4 + 2 JSD  difference | V of a D in training")
    shown = sorted({0, min(10, steps), min(100, steps), steps})
    print(f"{'':64}| step " + "".join(f"{step:>9}" for step in shown))
    plots = []
    for name, densities in PAIRS.items():
        data, generated = (theory.masses(density) for density in densities)
        best = theory.optimal_logits(data, generated)
        value = float(theory.value(best, data, generated))
        divergence = 2.0 * theory.jensen_shannon(data, generated) - LOG_4
        path = theory.train_discriminator(data, generated, steps)
        values = [float(theory.value(path[step], data, generated)) for step in shown]
        print(
            f"{name:26} {value:9.6f} {divergence:15.6f} {abs(value - divergence):11.1e} |      "
            + "".join(f"{reached:9.4f}" for reached in values)
        )
        trained = np.where(data + generated > 0.0, tf.sigmoid(path[shown[-2]]), np.nan)
        curves = [(PALE, GRID, trained), (BLUE, GRID, tf.sigmoid(best))]
        curves += [(BLACK, GRID, densities[0]), (GREEN, GRID, densities[1])]
        plots.append(charts.plot(curves, (-5, 5, 0, 1.05), (range(-4, 5, 2), (0, 0.5, 1))))
        if name == "two humps and one of them":
            at = np.unique(np.round(np.geomspace(1, steps, 40)).astype(int))
            rising = [float(theory.value(path[step], data, generated)) for step in at]
            curves = [(GREY, [0, 9], [value, value]), (BLUE, np.log10(at), rising)]
            powers = range(math.ceil(math.log10(steps)) + 1)
            frame = (0, powers[-1], -1.4, -0.8)
            below = charts.plot(curves, frame, (powers, (-1.4, -1.2, -1, -0.8)))
    print(
        "\nTraining ascends V by its gradient in one logit a cell; V stays below V(D*, G).\n"
        f"Pictures: data black, p_g green, D* blue, D after {shown[-2]} steps pale blue, pair by\n"
        "pair; last, V of the two humps over log10 of the steps, V(D*, G) grey."
    )
    write(output, "optimal_discriminator.png", [plots[:3], [*plots[3:], below]])


def parting_supports(output, steps):
    """Shows the slopes of G's losses and of Wasserstein's distance as supports move apart."""
    print("\n2. p_data = N(0, 1), p_g = N(distance, 1), D optimal. Slopes by the distance.\n")
    distances = np.linspace(0.0, 12.0, 121)
    wide = np.linspace(-10.0, 22.0, 6401)
    shares = tf.constant((np.arange(20_000) + 0.5) / 20_000, tf.float64)
    quantiles = tf.math.ndtri(shares).numpy()
    data = theory.masses(theory.normal(wide, 0, 1))
    divergences = np.array(
        [theory.jensen_shannon(data, theory.masses(theory.normal(wide, d, 1))) for d in distances]
    )
    transport = np.array([theory.wasserstein(quantiles, quantiles + d) for d in distances])
    slopes = np.array([theory.generator_slopes(d) for d in distances])
    moved = np.gradient(transport, distances)
    print("distance      JSD        W1 | saturating  non-saturating  Wasserstein")
    for i in range(0, 121, 20):
        print(
            f"{distances[i]:8.1f} {divergences[i]:8.4f} {transport[i]:9.4f} | {slopes[i, 0]:10.2e} "
            f"{slopes[i, 1]:15.4f} {moved[i]:12.4f}"
        )
    difference = np.abs(slopes[1:-1, 0] - np.gradient(2.0 * divergences, distances)[1:-1]).max()
    print(f"The saturating slope is that of 2 JSD: they differ by at most {difference:.0e}")
    print(
        "(differences of steps of 0.1). It vanishes; the non-saturating one tends to the distance."
    )
    print("\nDisjoint: data U(0, 1), samples U(2, 3), D a logistic regression in training.\n")
    even = np.linspace(0.0, 1.0, 101)
    sharpened = theory.sharpen_discriminator(even, even + 2.0, steps)
    print("  D steps         V | saturating  non-saturating   (W1 = 2, slope 1)")
    for step in sorted({0, 1, min(10, steps), min(100, steps), steps}):
        print("{:9} {:9.5f} | {:10.2e} {:15.4f}".format(step, *sharpened[step]))
    print(
        "\nPictures over the distance: JSD black, W1 green; log10 of the slopes, saturating red,\n"
        "non-saturating blue, Wasserstein's green; the same over log10 of D's steps, disjoint."
    )
    some, logs, at = distances[1:], np.log10(slopes[1:]), np.log10(np.arange(1, steps + 1))
    constant, powers = (GREEN, [0, 12], [0, 0]), range(math.ceil(math.log10(steps)) + 1)
    both = [(BLACK, distances, divergences), (GREEN, distances, transport)]
    apart = [(RED, some, logs[:, 0]), (BLUE, some, logs[:, 1]), constant]
    disjoint = [(c, at, np.log10(sharpened[1:, i])) for i, c in ((1, RED), (2, BLUE))]
    row = [
        charts.plot(both, (0, 12, 0, 4), (range(0, 13, 2), range(5))),
        charts.plot(apart, (0, 12, -8, 2), (range(0, 13, 2), range(-8, 3, 2))),
        charts.plot([*disjoint, constant], (0, powers[-1], -3, 2), (powers, range(-3, 3))),
    ]
    write(output, "parting_supports.png", [row])


def figure_1(output, steps, seed):
    """Trains on N(1, 1) from latents U(-1, 1) and draws it as in figure 1 of the paper."""
    keras.utils.set_random_seed(seed)
    model = models.get("gan")(
        (1,), latent_dim=1, latent_prior="uniform", generator_units=(64, 64),
        discriminator_units=(32, 32), maxout_pieces=2, dropout=0.0,
    )  # fmt: skip
    rates = (5e-4, 1e-2)  # D must follow G closely for the theory to apply.
    model.compile(*(keras.optimizers.Adam(rate, beta_1=0.5) for rate in rates), seed=seed)
    data = np.random.default_rng(0).normal(1.0, 1.0, (65_536, 1)).astype(np.float32)
    batches = tf.data.Dataset.from_tensor_slices({"image": data}).repeat().batch(256, True)
    latents = ((np.arange(20_000) + 0.5) / 10_000 - 1.0).astype(np.float32)
    edges = np.linspace(-3.0, 5.0, 81)
    centers = (edges[1:] + edges[:-1]) / 2.0
    real = theory.masses(theory.normal(centers, 1.0, 1.0))
    print(f"\n3. The system `gan` on N(1, 1), latents U(-1, 1), {steps} steps.\n")
    print("  step        V   of D*       JSD | accuracy real, generated | mean and deviation of G")
    columns, done = [], 0
    for moment in (0, steps // 12, steps // 4, steps):
        if moment > done:
            model.fit(batches.skip(done), steps_per_epoch=moment - done, verbose=0, shuffle=False)
            done = moment
        samples = model.generator(latents[:, np.newaxis]).numpy()[:, 0]
        logits = model.discriminator(centers[:, np.newaxis].astype(np.float32)).numpy()
        fake = theory.masses(np.histogram(np.clip(samples, -3.0, 5.0), edges)[0])
        reached = float(theory.value(logits, real, fake))
        divergence = theory.jensen_shannon(real, fake)
        right = [float(np.sum(m * losses.accuracy(logits, k))) for m, k in ((real, 1), (fake, 0))]
        print(
            f"{done:6} {reached:8.3f} {2 * divergence - LOG_4:7.3f} {divergence:9.4f} | "
            f"{right[0]:13.2f} {right[1]:10.2f} | {samples.mean():9.2f} {samples.std():9.2f}"
        )
        columns.append(columns_of_figure_1(centers, real, fake, logits, latents, samples))
    print(
        f"\nAt the equilibrium V is {-LOG_4:.3f}, JSD 0, accuracy 0.5 over both kinds; reached:\n"
        f"V {reached:.3f}, JSD {divergence:.4f}, accuracy {sum(right) / 2.0:.2f}.\n"
        "Pictures: data black, p_g green, D blue, D* for this G pale blue; below, z to G(z).\n"
        "Where lines cross G folds the latents, of which p_g, and so V, knows nothing."
    )
    write(output, "figure_1.png", zip(*columns, strict=True))


def columns_of_figure_1(centers, real, fake, logits, latents, samples):
    """Returns the two plots of one training step."""
    width, frame = centers[1] - centers[0], (-3, 5, 0, 1.05)
    best = tf.sigmoid(theory.optimal_logits(real, fake))
    curves = [(PALE, centers, best), (BLUE, centers, tf.sigmoid(logits))]
    curves += [(BLACK, centers, real / width), (GREEN, centers, fake / width)]
    above = charts.plot(curves, frame, (range(-3, 6, 2), (0, 0.5, 1)))
    chosen = slice(len(latents) // 64, None, len(latents) // 32)
    ends = np.stack([1.0 + 4.0 * latents[chosen], samples[chosen], np.full(32, np.nan)], axis=1)
    lines = [(GREY, [-3, 5], [1, 1]), (GREEN, ends.ravel(), np.tile([0.0, 1.0, np.nan], 32))]
    return above, charts.plot(lines, (-3, 5, 0, 1), ((), ()), size=(150, 400))


def main(arguments=None):
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--output", default="theory")
    flags.add_argument("--steps", type=int, default=600, help="of the run of figure 1")
    flags.add_argument("--seed", type=int, default=0, help="of that run")
    flags.add_argument("--d_steps", type=int, default=1000, help="of training D alone")
    options = flags.parse_args(arguments)
    if min(options.steps, options.d_steps) < 12:
        flags.error("--steps and --d_steps must be at least 12")
    output = pathlib.Path(os.path.expanduser(options.output))
    output.mkdir(parents=True, exist_ok=True)
    optimal_discriminators(output, options.d_steps)
    parting_supports(output, options.d_steps)
    figure_1(output, options.steps, options.seed)


if __name__ == "__main__":
    main()
