"""GAN theory in numbers, for one-dimensional densities.

Goodfellow et al. 2014, section 4; Arjovsky, Bottou 2017 (Towards Principled Methods for Training
GANs); Arjovsky, Chintala, Bottou 2017 (WGAN). A density is an array of the probabilities of the
cells of a grid. Divergences and values are in nats.
"""

import math

import numpy as np
import tensorflow as tf

from keras_gan import losses

_LOG_2 = math.log(2.0)


def normal(x, mean, deviation):
    """Returns the density of N(mean, deviation^2) at x."""
    scaled = (x - mean) / deviation
    return np.exp(-0.5 * scaled**2) / (deviation * math.sqrt(2.0 * math.pi))


def uniform(x, low, high):
    """Returns the density of U(low, high) at x."""
    return ((x > low) & (x < high)) / (high - low)


def masses(density):
    """Returns the probabilities of grid cells, from densities at equally spaced points."""
    return density / density.sum()


def optimal_logits(data, generated):
    """Returns the logits of D* = data / (data + generated), proposition 1.

    A logit is infinite where only one of the two densities is above 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(data) - np.log(generated)


def value(logits, data, generated):
    """Returns V(D, G) in nats for a discriminator given by its logit in each cell.

    The package's `value_function` takes a real and a fake logit. Each term is computed with the
    other logit set to 0, which adds log 1/2, removed again here.
    """
    logits = tf.convert_to_tensor(logits, tf.float64)
    neutral = tf.zeros_like(logits)
    real, fake = losses.value_function(logits, neutral), losses.value_function(neutral, logits)
    parts = [
        tf.where(mass > 0.0, mass * (term + _LOG_2), 0.0)
        for mass, term in ((data, real), (generated, fake))
    ]
    return tf.reduce_sum(parts[0]) + tf.reduce_sum(parts[1])


def jensen_shannon(data, generated):
    """Returns the Jensen-Shannon divergence in nats, computed from its definition."""

    def divergence(first, second):
        some = first > 0.0
        return np.sum(first[some] * np.log(first[some] / second[some]))

    middle = (data + generated) / 2.0
    return (divergence(data, middle) + divergence(generated, middle)) / 2.0


def train_discriminator(data, generated, steps):
    """Maximises V by gradient ascent, with one logit per cell, starting from D = 1/2.

    Returns:
        Logits before each step and after the last, [steps + 1, cells].
    """
    data, generated = tf.constant(data), tf.constant(generated)
    # V's second derivative is at most a quarter of a cell's mass, so this rate never overshoots.
    rate = 4.0 / tf.reduce_max(data + generated)

    @tf.function
    def gradient(logits):
        return tf.gradients(value(logits, data, generated), logits)[0]

    path = [tf.zeros_like(data)]
    for _ in range(steps):
        path.append(path[-1] + rate * gradient(path[-1]))
    return tf.stack(path).numpy()


def generator_slopes(distance, places=2001):
    """Returns the slopes of both generator losses as G = N(distance, 1) leaves data N(0, 1).

    The discriminator is the optimal one for this distance and stays fixed while G moves, as in
    training.

    Returns:
        (saturating, non-saturating), per unit of distance.
    """
    noise = np.linspace(-8.0, 8.0, places)
    samples = tf.constant(distance + noise)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(samples)
        logits = distance**2 / 2.0 - distance * samples  # log N(x; 0, 1) - log N(x; distance, 1)
        results = losses.generator_minimax(logits), losses.generator_non_saturating(logits)
    weights = masses(normal(noise, 0.0, 1.0))
    return tuple(float(np.sum(weights * tape.gradient(loss, samples))) for loss in results)


def sharpen_discriminator(data, samples, steps, rate=1.0):
    """Trains D(x) = sigmoid(slope * x + offset) by gradient descent on its cross-entropy.

    Args:
        data: Real examples [N].
        samples: Generated examples [N].
        steps: Number of steps, from D = 1/2.
        rate: Learning rate.

    Returns:
        float64 array [steps + 1, 3], before each step and after the last: V(D, G), and the
        derivatives of the saturating and the non-saturating generator loss by a shift of all
        samples.
    """
    data, samples = (tf.constant(x, tf.float64) for x in (data, samples))

    @tf.function
    def step(weights):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([weights, samples])
            real, fake = (weights[0] * x + weights[1] for x in (data, samples))
            loss = tf.reduce_mean(losses.discriminator_cross_entropy(real, fake))
            saturating = tf.reduce_mean(losses.generator_minimax(fake))
            non_saturating = tf.reduce_mean(losses.generator_non_saturating(fake))
        shifts = [tf.reduce_sum(tape.gradient(x, samples)) for x in (saturating, non_saturating)]
        row = tf.stack([tf.reduce_mean(losses.value_function(real, fake)), *shifts])
        return weights - rate * tape.gradient(loss, weights), row

    weights, rows = tf.zeros(2, tf.float64), []
    for _ in range(steps + 1):
        weights, row = step(weights)
        rows.append(row)
    return tf.stack(rows).numpy()


def wasserstein(first, second, order=1):
    """Returns the Wasserstein distance between two distributions on the real line.

    In one dimension the optimal transport moves each quantile to the same quantile of the other
    distribution. So the distance is the integral of |difference of quantiles|^order over (0, 1),
    to the power 1 / order.

    Args:
        first: Quantiles [N] at N evenly spaced probabilities, such as sorted samples.
        second: Quantiles [N] at the same probabilities.
        order: Order of the distance; the WGAN uses 1.
    """
    return np.mean(np.abs(first - second) ** order) ** (1.0 / order)
