"""Shows the theory of generative adversarial nets on densities of one dimension.

python examples/theory.py --output theory

Goodfellow et al. 2014, section 4: the optimal discriminator, the value of the game and the
Jensen-Shannon divergence, what is left of G's gradient where supports part, and figure 1 from a
real run of the system `gan`. Writes four pictures and prints what they show.
"""

import argparse
import math
import os
import pathlib

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_gan import losses, models, pictures

BLACK, GREEN, BLUE = (0, 0, 0), (0, 150, 60), (30, 90, 220)
PALE, RED, GREY = (150, 190, 250), (210, 40, 40), (200, 200, 200)
LOG_2 = math.log(2.0)


def normal(x, mean, deviation):
    """Returns the density of N(mean, deviation^2) at x."""
    scaled = (x - mean) / deviation
    return np.exp(-0.5 * scaled**2) / (deviation * math.sqrt(2.0 * math.pi))


def uniform(x, low, high):
    """Returns the density of U(low, high) at x."""
    return ((x > low) & (x < high)) / (high - low)


def masses(density):
    """Returns the probabilities of the cells of a grid on which `density` was taken."""
    return density / density.sum()


def optimal_logits(data, generated):
    """Returns the logits of D* = data / (data + generated), proposition 1; infinite where sure."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(data) - np.log(generated)


def value(logits, data, generated):
    """Returns V(D, G) in nats of a D given by its logits in each cell.

    The package's `value_function` takes a real and a fake logit; the other of the two is set to 0,
    which adds log 1/2.
    """
    logits = tf.convert_to_tensor(logits, tf.float64)
    neutral = tf.zeros_like(logits)
    real, fake = losses.value_function(logits, neutral), losses.value_function(neutral, logits)
    parts = [
        tf.where(mass > 0.0, mass * (term + LOG_2), 0.0)
        for mass, term in ((data, real), (generated, fake))
    ]
    return tf.reduce_sum(parts[0]) + tf.reduce_sum(parts[1])


def jensen_shannon(data, generated):
    """Returns the Jensen-Shannon divergence in nats, from its definition."""

    def divergence(first, second):
        some = first > 0.0
        return np.sum(first[some] * np.log(first[some] / second[some]))

    middle = (data + generated) / 2.0
    return (divergence(data, middle) + divergence(generated, middle)) / 2.0


def train_discriminator(data, generated, steps):
    """Ascends V in one logit for each cell, from D = 1/2.

    Returns:
        Logits before each step and after the last, [steps + 1, cells].
    """
    data, generated = tf.constant(data), tf.constant(generated)
    # V bends by at most a quarter of a cell's mass: with this rate no step goes too far.
    rate = 4.0 / tf.reduce_max(data + generated)

    @tf.function
    def gradient(logits):
        return tf.gradients(value(logits, data, generated), logits)[0]

    path = [tf.zeros_like(data)]
    for _ in range(steps):
        path.append(path[-1] + rate * gradient(path[-1]))
    return np.array(path)


def generator_gradients(distance, places=2001):
    """Returns the slopes of G's two losses as G = N(distance, 1) moves away from data N(0, 1).

    D is the optimal one and held still while G moves, as in training: per unit of distance,
    (saturating, non-saturating).
    """
    noise = np.linspace(-8.0, 8.0, places)
    samples = tf.constant(distance + noise)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(samples)
        logits = distance**2 / 2.0 - distance * samples  # log N(x; 0, 1) - log N(x; distance, 1)
        results = losses.generator_minimax(logits), losses.generator_non_saturating(logits)
    weights = masses(normal(noise, 0.0, 1.0))
    return tuple(float(np.sum(weights * tape.gradient(loss, samples))) for loss in results)
