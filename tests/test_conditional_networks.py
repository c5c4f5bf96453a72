"""Networks with labels: conditional batch norm, projection, BigGAN's latents and penalty."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.errors import UserError
from keras_gan.game.ports import Condition
from keras_gan.game.standing_statistics import recompute_statistics
from keras_gan.layers.batch_norm import BatchNormalization
from keras_gan.layers.conditional_batch_norm import ConditionalBatchNormalization
from keras_gan.layers.spectral_norm import SpectralDense
from keras_gan.networks import conditional_resnet
from keras_gan.penalties import orthogonality
from tests.conftest import build, examples, same, values
from tests.replicas import slope


def draws(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def of_condition(layer, x, condition, training):
    return layer(tf.constant(x), tf.constant(condition), training=training).numpy()


def test_conditional_batch_norm_with_one_condition_is_plain_batch_norm():
    x, condition = draws(6, 2, 3, 4), np.tile(draws(1, 5, seed=1), (6, 1))
    layer = ConditionalBatchNormalization(kernel_initializer="orthogonal")
    layer.build(x.shape, condition.shape)
    plain = BatchNormalization(momentum=0.9, epsilon=1e-5)
    plain.build(x.shape)
    plain.gamma.assign(1.0 + condition[0] @ layer.scale.kernel.numpy())
    plain.beta.assign(condition[0] @ layer.offset.kernel.numpy())
    for training in (True, False):
        np.testing.assert_allclose(
            of_condition(layer, x, condition, training), plain(x, training=training), atol=1e-5
        )
    assert not np.allclose(layer.scale.kernel, layer.offset.kernel)


def test_conditional_batch_norm_by_hand():
    x, condition = draws(4, 1, 2, 3), np.eye(2, dtype="float32")[[0, 1, 1, 0]]
    layer = ConditionalBatchNormalization()
    layer.build(x.shape, condition.shape)
    normal = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)
    np.testing.assert_allclose(of_condition(layer, x, condition, True), normal, atol=1e-5)
    scale, offset = draws(2, 3, seed=1), draws(2, 3, seed=2)
    layer.scale.kernel.assign(scale)
    layer.offset.kernel.assign(offset)
    labels = [0, 1, 1, 0]
    expected = normal * (1.0 + scale[labels])[:, None, None] + offset[labels][:, None, None]
    np.testing.assert_allclose(of_condition(layer, x, condition, True), expected, atol=1e-5)


def test_spectral_norm_applies_to_both_matrices():
    layer = ConditionalBatchNormalization(True, "orthogonal")
    layer.build((None, 2, 2, 4), (None, 3))
    assert isinstance(layer.scale, SpectralDense) and isinstance(layer.offset, SpectralDense)
    copy = ConditionalBatchNormalization.from_config(layer.get_config())
    assert copy.spectral_norm and copy.get_config() == layer.get_config()


def test_projection_logit_by_hand():
    network = conditional_resnet.Discriminator(
        (8, 8, 1), num_classes=3, width=2, spectral_norm=False
    )
    batch = examples(5, (8, 8, 1))
    head = next(x for x in network.layers if isinstance(x, keras.layers.Dense) and x.units == 1)
    embedding = next(x for x in network.layers if isinstance(x, keras.layers.Dense) and x.units > 1)
    features = keras.Model(network.input, head.input)
    inputs = {"images": batch["image"], "labels": batch["label"]}
    h = features(inputs).numpy()
    psi = h @ head.kernel.numpy()[:, 0] + head.bias.numpy()
    rows = embedding.kernel.numpy()[batch["label"].numpy()]
    np.testing.assert_allclose(network(inputs), psi + (rows * h).sum(axis=1), rtol=1e-5)
    assert not np.allclose(network(inputs), psi)


def test_hierarchical_latents_are_split_evenly():
    latents = keras.Input((8,))
    assert [part.shape[1] for part in conditional_resnet.parts_of(latents, 3)] == [4, 2, 2]
    with pytest.raises(UserError, match="latent_dim must be at least 3. Received: 2"):
        build("biggan", (16, 16, 1), latent_dim=2)


def test_each_block_of_biggan_gets_its_own_latents():
    model = build("biggan", (16, 16, 1), latent_dim=6)
    norms = [x for x in model.generator.layers if isinstance(x, ConditionalBatchNormalization)]
    assert [x.scale.kernel.shape[0] for x in norms] == [2 + 3] * 4
    latents = draws(2, 6)
    moved = latents.copy()
    moved[:, -2:] += 1.0  # The chunk of the last block.
    early = keras.Model(model.generator.input, norms[0].output)
    late = keras.Model(model.generator.input, norms[-1].output)
    for network, is_moved in ((early, False), (late, True)):
        one, other = (
            network({"latents": x, "labels": np.zeros(2, "int64")}) for x in (latents, moved)
        )
        assert np.allclose(one, other) != is_moved


def test_orthogonality_by_hand():
    kernel = draws(3, 2, 4)
    matrix = kernel.reshape(6, 4)
    expected = sum((matrix[:, i] @ matrix[:, j]) ** 2 for i in range(4) for j in range(4) if i != j)
    np.testing.assert_allclose(orthogonality(tf.constant(kernel)), expected, rtol=1e-5)
    assert orthogonality(tf.constant(3.0 * np.eye(4, 3))) == 0.0


def test_gradient_of_orthogonality_equals_finite_differences():
    kernel, direction = (draws(3, 4, seed=seed).astype("float64") for seed in (0, 1))
    with tf.GradientTape() as tape:
        x = tf.constant(kernel)
        tape.watch(x)
        value = orthogonality(x)
    expected = slope(lambda x: orthogonality(tf.constant(x)), kernel, direction)
    np.testing.assert_allclose(
        (tape.gradient(value, x).numpy() * direction).sum(), expected, rtol=1e-6
    )


def test_biggan_regularises_all_generator_kernels_except_the_embedding():
    model = build("biggan", orthogonal_weight=0.5)
    kernels = [v.numpy() for v in model.generator.trainable_variables if len(v.shape) > 1]
    shared = model.generator.get_layer(conditional_resnet.EMBEDDING).kernel.numpy()
    assert sum(np.array_equal(kernel, shared) for kernel in kernels) == 1
    expected = 0.5 * sum(
        float(orthogonality(tf.constant(kernel)))
        for kernel in kernels
        if not np.array_equal(kernel, shared)
    )
    answer = {"logits": tf.zeros(3)}
    terms = model.generator_terms({}, answer)["g_orthogonality"]
    np.testing.assert_allclose(terms, [expected] * 3, rtol=1e-4)
    without = build("biggan", orthogonal_weight=0.0).generator_terms({}, answer)
    assert not np.any(without["g_orthogonality"])
    with pytest.raises(UserError, match="orthogonal_weight must be 0 or more. Received: -1.0"):
        build("biggan", orthogonal_weight=-1.0)


@pytest.mark.parametrize("name", ["dcgan", "biggan"])
def test_standing_statistics_are_means_over_batches(name, capsys):
    model = build(name)
    network = model.averaged_generator
    before = [v.numpy() for v in network.trainable_variables]
    norm = next(
        x for x in network._flatten_layers() if isinstance(x, keras.layers.BatchNormalization)
    )
    # BigGAN's first batch norm is inside a layer, whose first input is the features.
    layer = next(x for x in network.layers if norm in x._flatten_layers())
    before_norm = layer.input if name == "dcgan" else layer.input[0]
    functional, seen = keras.Model(network.input, before_norm), []
    recompute_statistics(model, 2)
    assert not network.trainable and same(before, values(network.trainable_variables))
    for first in (0, 64):
        pairs = [(2, first + i) for i in range(64)]
        rows = model.function().rows(pairs)
        seen.append(model.function().apply(functional, rows))
    axes = tuple(range(seen[0].shape.rank - 1))
    means = np.mean([x.numpy().mean(axes) for x in seen], axis=0)
    variances = np.mean([x.numpy().var(axes) for x in seen], axis=0)
    np.testing.assert_allclose(norm.moving_mean, means, atol=1e-6)
    np.testing.assert_allclose(norm.moving_variance, variances, rtol=1e-4)
    once = values(network.variables)
    recompute_statistics(model, 2)
    for a, b in zip(once, values(network.variables), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    with pytest.raises(UserError, match="batches must be a whole number of at least 1"):
        recompute_statistics(model, 0)
    recompute_statistics(build("r3gan"), 2)
    assert "R3GAN's generator has no batch norm" in capsys.readouterr().out


def test_standing_statistics_come_from_samples_of_all_classes(monkeypatch):
    """The statistics of the last batch norm depend on the labels of the samples."""
    model = build("biggan")
    *_, norm = (
        x
        for x in model.averaged_generator._flatten_layers()
        if isinstance(x, keras.layers.BatchNormalization)
    )
    for x in model.averaged_generator._flatten_layers():
        if isinstance(x, keras.layers.Dense) and x.name == "offset":
            x.kernel.assign(10.0 * x.kernel)
    recompute_statistics(model, 2)
    drawn = norm.moving_mean.numpy()
    monkeypatch.setattr(Condition, "drawn", lambda self, pairs, number=0: np.zeros(len(pairs)))
    recompute_statistics(model, 2)
    assert not np.allclose(norm.moving_mean, drawn, rtol=1e-2)
