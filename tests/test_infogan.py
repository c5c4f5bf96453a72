"""InfoGAN: its codes in training, in sampling and in pictures."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.layers.core import OneHot
from tests.conftest import build, examples


def infogan(**arguments):
    model = build("infogan", **arguments)
    model.compile()
    return model


def fakes_of(model, count=6):
    return model.draw(examples(count)).examples


def test_one_hot():
    np.testing.assert_array_equal(OneHot(3)(np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])


def test_codes_are_drawn_anew_for_samples():
    model = infogan(categories=(3, 5), codes=2)
    fakes = fakes_of(model, 300)
    assert set(fakes) == {"image", "category_0", "category_1", "codes"}
    for name, values in (("category_0", 3), ("category_1", 5)):
        shares = np.bincount(fakes[name], minlength=values) / 300
        np.testing.assert_allclose(shares, 1 / values, atol=0.12)
    codes = fakes["codes"].numpy()
    assert codes.shape == (300, 2) and -1.0 <= codes.min() < -0.9 < 0.9 < codes.max() <= 1.0
    assert abs(np.corrcoef(codes.T)[0, 1]) < 0.2
    model.step.assign_add(1)
    assert not np.array_equal(codes, fakes_of(model, 300)["codes"])


def test_samples_are_of_the_codes_that_q_is_to_read():
    model = infogan(categories=(3,), codes=2)
    seen = []
    generator, model.generator = (
        model.generator,
        lambda x, training: seen.append(x) or generator(x, training=training),
    )
    fakes = fakes_of(model)
    for name in ("category_0", "codes"):
        np.testing.assert_array_equal(seen[0][name], fakes[name])
    np.testing.assert_allclose(fakes["image"], generator(seen[0], training=True), atol=1e-5)


def test_the_information_loss_by_hand():
    model = infogan(category_weight=2.0, code_weight=0.3, normalization="none")
    real, fake = examples(5), fakes_of(model, 5)
    answer = {name: value.numpy() for name, value in model.discriminate(fake).items()}
    logits, category = answer["category_0"], fake["category_0"].numpy()
    cross = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(5), category]
    squares = ((fake["codes"].numpy() - answer["codes"]) ** 2).sum(axis=1)
    expected = 2.0 * cross + 0.3 * 0.5 * squares
    loss = model.discriminator_loss(real, fake)
    np.testing.assert_allclose(loss.logged["d_information_loss"], expected, rtol=1e-4)
    loss = model.generator_loss(real, fake)
    np.testing.assert_allclose(loss.logged["g_information_loss"], expected, rtol=1e-4)
    game = np.log1p(np.exp(-answer["logits"]))
    np.testing.assert_allclose(loss.total, game + expected, rtol=1e-4)


def test_q_learns_from_samples_alone_and_leaves_the_head_of_d():
    model = infogan()
    network = model.discriminator
    head = next(x for x in network.layers if x.name.startswith("dense") and x.units == 1)
    read_out = network.get_layer("category_0")
    real, fake = examples(5), fakes_of(model, 5)
    with tf.GradientTape() as tape:
        terms = model.discriminator_terms(
            real, fake, model.discriminate(real), model.discriminate(fake)
        )
        loss = tf.reduce_mean(terms["d_information_loss"])
    kernels = [head.kernel.value, read_out.kernel.value, network.trainable_variables[0].value]
    of_head, of_q, of_trunk = tape.gradient(loss, kernels)
    assert of_head is None and np.any(of_q) and np.any(of_trunk)
    with tf.GradientTape() as tape:
        real_answer = model.discriminate(real)
        terms = model.discriminator_terms(real, fake, real_answer, model.discriminate(fake))
        loss = tf.reduce_mean(terms["d_information_loss"])
    assert tape.gradient(loss, real_answer["category_0"]) is None


def test_grids_walk_one_code_at_a_time():
    model = build("infogan", categories=(3,), codes=2)
    pairs, rows, columns = model.showcase(48)
    assert columns == 8 and len(pairs) == 48
    category, codes = rows["category_0"].reshape(6, 8), rows["codes"].reshape(6, 8, 2)
    assert category[0].tolist() == [0, 1, 2, 0, 1, 2, 0, 1] == category[1].tolist()
    assert (np.ptp(category[2:], axis=1) == 0).all()
    np.testing.assert_allclose(codes[2, :, 0], np.linspace(-1, 1, 8))
    np.testing.assert_allclose(codes[4, :, 1], np.linspace(-1, 1, 8))
    assert (np.ptp(codes[:2], axis=1) == 0).all() and (np.ptp(codes[2, :, 1]) == 0)
    assert model.sample_seeds(pairs, **rows).shape == (48, 16, 16, 1)


def test_a_generator_without_codes_is_refused():
    with pytest.raises(UserError, match="InfoGAN needs codes: .*Received: categories=.., codes=0"):
        build("infogan", categories=(), codes=0)
    assert [c.name for c in build("infogan", codes=0).conditions] == ["category_0"]
    assert [c.name for c in build("infogan", categories=()).conditions] == ["codes"]
