"""All the pieces that couple a batch or draw numbers, in one training step."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan import losses, penalties
from keras_gan.adversarial import AdversarialModel
from keras_gan.augment import diff_augment
from keras_gan.distribution import make_strategy
from keras_gan.minibatch import MinibatchDiscrimination, MinibatchStandardDeviation
from keras_gan.networks import mlp
from keras_gan.spectral_norm import SpectralConv2D, SpectralDense
from tests.conftest import examples, values

SHAPE = (6, 6, 1)


def discriminator():
    inputs = keras.Input(SHAPE)
    x = SpectralConv2D(2, 3, strides=2, padding="same", activation="tanh")(inputs)
    x = keras.layers.Flatten()(MinibatchStandardDeviation(None)(x))
    x = SpectralDense(1)(MinibatchDiscrimination(2, 2)(x))
    return keras.Model(inputs, keras.layers.Reshape(())(x))


class Coupled(AdversarialModel):
    """A relativistic average game, penalised and augmented, whose D compares examples."""

    def __init__(self):
        super().__init__(
            SHAPE,
            generators=[mlp.Generator(SHAPE, latent_dim=4, units=(8,))],
            discriminators=[discriminator()],
            objective=losses.objective("relativistic_average"),
            latent_dim=4,
        )

    def default_optimizers(self):
        return keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1)

    def discriminate(self, examples):
        return super().discriminate({"image": diff_augment(examples["image"], "translation")})

    def discriminator_loss(self, real, fake):
        real_logits, fake_logits = self.discriminate(real), self.discriminate(fake)
        critic = lambda images: self.discriminator(images, training=True)  # noqa: E731
        penalty = penalties.dragan(critic, real["image"])
        adversarial = self.objective.discriminator(real_logits, fake_logits)
        return adversarial + penalty, self.objective.monitors(real_logits, fake_logits)

    def generator_loss(self, real, fake):
        fake_logits = self.discriminate(fake)
        adversarial = self.objective.generator(fake_logits, self.discriminate(real))
        return losses.top_k(adversarial, fake_logits, 0.5), {}


def trained(replicas, steps=3):
    keras.utils.set_random_seed(0)
    batch = examples(8, SHAPE)
    strategy = make_strategy(cpu_replicas=replicas)
    with strategy.scope():
        model = Coupled()
    model.compile()

    def of_replica():
        index = tf.distribute.get_replica_context().replica_id_in_sync_group
        count = 8 // replicas
        own = tf.gather(batch["image"], index * count + tf.range(count))
        return model.train_step({"image": tf.ensure_shape(own, (count, *SHAPE))})

    step = tf.function(lambda: strategy.run(of_replica), autograph=False)
    start = values(model.variables)
    for _ in range(steps):
        logs = step()
    means = [float(strategy.experimental_local_results(x)[0]) for x in logs.values()]
    names = [variable.path for variable in model.variables]
    return dict(zip(names, zip(start, values(model.variables), strict=True), strict=True)), means


def test_two_replicas_train_as_one_device(float64):
    (one, one_means), (two, two_means) = trained(1), trained(2)
    np.testing.assert_allclose(two_means, one_means, rtol=1e-5)  # Logged in float32.
    for (name, (before, after)), (_, other) in zip(one.items(), two.values(), strict=True):
        np.testing.assert_allclose(other, after, rtol=1e-9, atol=1e-10, err_msg=name)
        if "direction" in name or "kernel" in name:
            assert not np.array_equal(before, after), name
