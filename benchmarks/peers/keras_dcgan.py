"""DCGAN as Keras' guides write a GAN: a `train_step` of one's own over Keras' layers."""

import functools

import keras
import tensorflow as tf
from keras import layers

from benchmarks.ours import fit, memory_dataset, weights
from benchmarks.worker import rate


def _initial():
    return keras.initializers.RandomNormal(stddev=0.02)


def make_generator(latent_dim, width):
    network = [
        keras.Input((latent_dim,)),
        layers.Dense(16 * 8 * width, use_bias=False, kernel_initializer=_initial()),
        layers.Reshape((4, 4, 8 * width)),
    ]
    for channels in (4 * width, 2 * width, width, 3):
        network += [
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            layers.ReLU(),
            layers.Conv2DTranspose(
                channels,
                4,
                strides=2,
                padding="same",
                use_bias=channels == 3,
                kernel_initializer=_initial(),
            ),
        ]
    # Outputs are float32 in mixed precision too, as Keras' guide to it advises.
    return keras.Sequential([*network, layers.Activation("tanh", dtype="float32")])


def make_discriminator(width):
    network = [keras.Input((64, 64, 3))]
    for channels in (width, 2 * width, 4 * width, 8 * width):
        first = channels == width
        network.append(
            layers.Conv2D(
                channels,
                4,
                strides=2,
                padding="same",
                use_bias=first,
                kernel_initializer=_initial(),
            )
        )
        if not first:
            network.append(layers.BatchNormalization(momentum=0.9, epsilon=1e-5))
        network.append(layers.LeakyReLU(0.2))
    return keras.Sequential([*network, layers.Flatten(), layers.Dense(1, dtype="float32")])


class GAN(keras.Model):
    """One update of D on generated and real images in one batch, then one of G."""

    def __init__(self, discriminator, generator, latent_dim):
        super().__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim
        self.d_loss_metric = keras.metrics.Mean(name="d_loss")
        self.g_loss_metric = keras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer, loss_fn, **kwargs):
        super().compile(**kwargs)
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    @property
    def metrics(self):
        return [self.d_loss_metric, self.g_loss_metric]

    def train_step(self, real):
        count = tf.shape(real)[0]
        fake = self.generator(tf.random.normal((count, self.latent_dim)), training=True)
        images = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.zeros((count, 1)), tf.ones((count, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(images, training=True))
        variables = self.discriminator.trainable_variables
        self.d_optimizer.apply(tape.gradient(d_loss, variables), variables)

        latents = tf.random.normal((count, self.latent_dim))
        with tf.GradientTape() as tape:
            fake = self.generator(latents, training=True)
            g_loss = self.loss_fn(tf.ones((count, 1)), self.discriminator(fake, training=True))
        variables = self.generator.trainable_variables
        self.g_optimizer.apply(tape.gradient(g_loss, variables), variables)

        self.d_loss_metric.update_state(d_loss)
        self.g_loss_metric.update_state(g_loss)
        return {"d_loss": self.d_loss_metric.result(), "g_loss": self.g_loss_metric.result()}


def step(batch, width, precision="float32", latent_dim=100):
    """Measures training steps on a batch that is in memory, in images per second."""
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(precision)
    generator, discriminator = make_generator(latent_dim, width), make_discriminator(width)
    gan = GAN(discriminator, generator, latent_dim)
    gan.compile(
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.optimizers.Adam(2e-4, beta_1=0.5),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    data = memory_dataset(tf.random.uniform((batch, 64, 64, 3), -1.0, 1.0))
    facts = {"weights": [weights(generator), weights(discriminator)]}
    return rate(functools.partial(fit, gan, data), batch), facts
