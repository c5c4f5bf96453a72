"""CycleGAN: its losses against numpy, its pool of past samples, images of any size."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models, randomness
from keras_gan.errors import UserError
from keras_gan.layers.history import History
from keras_gan.layers.padding import CropLike, PadToMultiple
from keras_gan.networks import translation
from tests.conformance.sessions import batches, build


@pytest.fixture(scope="module")
def model():
    model = build("cyclegan")
    model.compile()
    return model


def mean(a, b):
    return np.abs(np.asarray(a) - np.asarray(b)).mean(axis=(1, 2, 3))


def test_generators_learn_from_game_cycles_and_identity(model):
    (real,) = batches(model, 1)
    a, b = real["a"], real["b"]
    made = {"a": model.b_to_a(b), "b": model.a_to_b(a)}
    loss = model.generator_loss(real, made)
    cycle = mean(model.b_to_a(made["b"]), a) + mean(model.a_to_b(made["a"]), b)
    same = mean(model.b_to_a(a), a) + mean(model.a_to_b(b), b)  # Of images of the target set.
    # Least squares in the authors' code: the mean of (D - 1)^2 over patches.
    game = sum(
        ((model.critics[key](made[key]).numpy() - 1.0) ** 2).mean(axis=(1, 2)) for key in "ab"
    )
    np.testing.assert_allclose(loss.logged["g_cycle"], cycle, rtol=1e-4)
    np.testing.assert_allclose(loss.logged["g_identity"], same, rtol=1e-4)
    np.testing.assert_allclose(loss.total, game + 10.0 * cycle + 5.0 * same, rtol=1e-4)


def test_both_cycles_reach_both_generators(model):
    (real,) = batches(model, 1)
    for key in "ab":
        with tf.GradientTape(persistent=True) as tape:
            made = model.make(real)
            again = model.b_to_a(made["b"]) if key == "a" else model.a_to_b(made["a"])
            loss = tf.reduce_mean(tf.abs(again - real[key]))
        for network in (model.a_to_b, model.b_to_a):
            assert tf.linalg.global_norm(tape.gradient(loss, network.trainable_variables[:1])) > 0


def test_discriminators_learn_from_real_images_and_the_pool(model):
    (real,) = batches(model, 1)
    made = {"a": real["b"], "b": real["a"]}
    with randomness.layer_draws(tf.constant([1, 2], tf.int64)):  # The pool is not full yet.
        loss = model.discriminator_loss(real, made)
    expected = 0.0
    for key in "ab":
        of_real, of_fake = (model.critics[key](x[key]).numpy() for x in (real, made))
        expected += ((of_real - 1.0) ** 2 + of_fake**2).mean(axis=(1, 2)) / 2.0
    np.testing.assert_allclose(loss.total, expected, rtol=1e-4)
    assert {"d_logits_real_a", "d_logits_real_b"} <= set(loss.logged)


def test_a_full_pool_returns_half_old_images():
    pool, number = History(8, (1,)), 0
    returned, fed = [], []
    for step in range(100):
        images = np.arange(number, number + 4, dtype="float32")[:, None]
        number += 4
        with randomness.layer_draws(tf.constant([5, step], tf.int64)):
            returned.append(pool(tf.constant(images)).numpy()[:, 0])
        fed.append(images[:, 0])
    returned, fed = np.array(returned), np.array(fed)
    np.testing.assert_array_equal(returned[:2], fed[:2])  # While it fills.
    assert int(pool.count) == 8
    old = returned != fed
    assert 0.4 < old[2:].mean() < 0.6
    assert (returned[old] < fed[old]).all()  # Of the past.
    # What was swapped out is gone: an old image is returned at most once.
    assert len(set(returned[old])) == old.sum()


def test_a_batch_larger_than_the_pool_passes():
    pool = History(2, (1,))
    images = tf.reshape(tf.range(5.0), [5, 1])
    for step in range(2):
        with randomness.layer_draws(tf.constant([1, step], tf.int64)):
            out = pool(images).numpy()
        np.testing.assert_array_equal(out[2:], images[2:])


@pytest.mark.parametrize("size", [(8, 8), (9, 14), (13, 8)])
def test_images_of_any_size_keep_it(model, size):
    images = tf.random.stateless_uniform((2, *size, 1), [1, 2], -1.0, 1.0)
    assert model.a_to_b(images).shape == (2, *size, 1)
    padded = PadToMultiple(4)(images)
    expected = np.pad(images, [(0, 0), (0, -size[0] % 4), (0, -size[1] % 4), (0, 0)], "reflect")
    np.testing.assert_array_equal(padded, expected)
    np.testing.assert_array_equal(CropLike()(padded, images), images)


def test_domains_may_differ_in_channels():
    system = models.get("cyclegan")
    model = system((8, 12, 1), target_shape=(8, 12, 3), **system.tiny)
    assert model.identity_weight == 0.0  # Grey images cannot be their own colour translation.
    model.compile()
    logs = model.train_step(batches(model, 1)[0])
    assert all(np.isfinite(value) for value in logs.values())
    assert model.pools["b"].kept.shape[1:] == (8, 12, 3)


def test_a_logit_sees_the_paper_s_patch():
    """With three layers 70x70 pixels of the input move a logit."""
    network = translation.PatchDiscriminator((142, 142, 1), width=1, layers=3)
    for layer in network.layers:  # Instance norm looks at the whole image.
        if "normalization" in layer.name:
            layer.call = lambda inputs: inputs
    images = tf.zeros((1, 142, 142, 1))
    with tf.GradientTape() as tape:
        tape.watch(images)
        logits = network(images)
        logit = logits[0, logits.shape[1] // 2, logits.shape[2] // 2]
    seen = np.flatnonzero(np.abs(tape.gradient(logit, images)).sum(axis=(0, 2, 3)))
    assert seen[-1] - seen[0] + 1 == 70


def test_vectors_and_small_images_are_refused():
    with pytest.raises(UserError, match="translates images: expected shapes"):
        models.get("cyclegan")((3,))
    with pytest.raises(UserError, match="of one size. Received: 8x8 and 8x12. Give --image_size"):
        models.get("cyclegan")((8, 8, 1), target_shape=(8, 12, 1))
    with pytest.raises(UserError, match="at least 24 pixels a side. Received: 8x8"):
        models.get("cyclegan")((8, 8, 1), width=2)
