"""Conditional systems: what labels do in training, sampling and on the command line."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import generate, models
from keras_gan.errors import UserError
from keras_gan.losses import class_cross_entropy
from keras_gan.training import train
from tests.conftest import build, examples
from tests.runs import command_fails, configuration

SYSTEMS = ("acgan", "cgan")


def test_class_cross_entropy_by_hand():
    logits = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])
    expected = np.log(np.exp(logits).sum(axis=1)) - logits[[0, 1], [2, 0]]
    np.testing.assert_allclose(class_cross_entropy([2, 0], logits), expected)


@pytest.mark.parametrize("name", SYSTEMS)
def test_labels_change_samples_and_are_drawn_by_default(name):
    model = build(name)
    one, other = model.sample(4, labels=[0] * 4), model.sample(4, labels=[2] * 4)
    assert np.abs(one - other).reshape(4, -1).max(axis=1).min() > 0.2 * np.abs(one).max()
    labels = model.seeded_conditions([(0, i) for i in range(4)])["labels"]
    np.testing.assert_allclose(model.sample(4, labels=labels), model.sample(4), atol=1e-6)
    with pytest.raises(UserError, match="Expected labels of shape .* from 0 to 2"):
        model.sample(1, labels=[3])


@pytest.mark.parametrize("name", SYSTEMS)
def test_samples_have_the_labels_of_the_batch(name):
    model = build(name)
    model.compile()
    batch = examples(6)
    fakes = model.draw_fakes(batch, 0)
    np.testing.assert_array_equal(fakes.examples["label"], batch["label"])


def test_the_discriminator_of_cgan_sees_the_label():
    model = build("cgan")
    batch = examples(4)
    other = {**batch, "label": (batch["label"] + 1) % 3}
    answers = [model.discriminate(seen)["logits"].numpy() for seen in (batch, other)]
    assert (np.abs(answers[0] - answers[1]) > 1e-5).all()


def test_acgan_adds_the_classes_of_both_kinds():
    model = build("acgan", d_class_weight=2.0, g_class_weight=0.1, normalization="none")
    model.compile()
    real, fake = examples(4), {**examples(4, seed=1), "label": tf.constant([2, 1, 0, 0])}
    of_real, of_fake = (
        class_cross_entropy(x["label"], model.discriminate(x)["classes"]) for x in (real, fake)
    )
    losses, terms = model.discriminator_loss(real, fake)
    np.testing.assert_allclose(terms["d_class_loss"], 2.0 * (of_real + of_fake), rtol=1e-5)
    game = build("acgan", d_class_weight=0.0, normalization="none")
    game.compile()
    without, _ = game.discriminator_loss(real, fake)
    np.testing.assert_allclose(losses, without + terms["d_class_loss"], rtol=1e-5)
    losses, terms = model.generator_loss(real, fake)
    np.testing.assert_allclose(terms["g_class_loss"], 0.1 * of_fake, rtol=1e-5)
    logits = model.discriminate(fake)["logits"]
    np.testing.assert_allclose(losses, tf.nn.softplus(-logits) + 0.1 * of_fake, rtol=1e-5)


@pytest.mark.parametrize("name", SYSTEMS)
def test_data_without_labels_is_refused_by_name(name):
    with pytest.raises(UserError, match=f"{models.get(name).__name__} learns .*num_classes=None"):
        build(name, num_classes=None)
    model = build(name)
    model.compile()
    with pytest.raises(UserError, match="the keys 'image' and 'label'. Received: .'image'."):
        model.discriminator_update({"image": examples(4)["image"]})


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("labelled") / "run"
    train(configuration("cgan", run_dir, steps=2, cpu_replicas=1))
    return str(run_dir)


def grid_of(path):
    return tf.io.decode_png(path.read_bytes()).shape


def test_grids_have_a_row_for_each_class(run, tmp_path):
    model = build("cgan")
    pairs, conditions, columns = model.showcase(8)
    assert columns == 2 and pairs == [(0, 0), (1, 0)] * 3
    assert conditions["labels"].tolist() == [0, 0, 1, 1, 2, 2]
    path = tmp_path / "all.png"
    generate.main(
        ["generate", f"--run_dir={run}", "--labels=all", "--seeds=0-3", f"--output={path}"]
    )
    assert grid_of(path)[:2] == [10 * 18 - 2, 4 * 18 - 2]


def test_labels_by_number_or_name(run, tmp_path):
    for labels in ("3,7", "3, 7"):
        generate.main(
            [
                "generate",
                f"--run_dir={run}",
                f"--labels={labels}",
                "--seeds=5",
                f"--output={tmp_path}/x",
            ]
        )
    names = sorted(path.name for path in (tmp_path / "x").iterdir())
    assert names == ["label_0003_seed_00000005.png", "label_0007_seed_00000005.png"]


def test_mistakes_with_labels_are_one_line(run, tmp_path, capsys):
    for labels, message in (
        ("3,10", "of 0 to 9, or of their names (0, 1, 2, 3, 4, 5, 6, 7, 8, 9). Received: '10'"),
        ("two", "Received: 'two'"),
    ):
        flags = [f"--run_dir={run}", f"--labels={labels}", f"--output={tmp_path}/x.png"]
        assert message in command_fails(capsys, generate.main, *flags)
    train(configuration("gan", tmp_path / "gan", steps=2, cpu_replicas=1))
    flags = [f"--run_dir={tmp_path}/gan", "--labels=1", f"--output={tmp_path}/x.png"]
    assert "GAN takes no labels. Received: --labels=1" in command_fails(
        capsys, generate.main, *flags
    )


def test_truncation_cuts_the_prior_off_and_keeps_the_order():
    from scipy import stats

    from keras_gan import randomness

    latents = np.random.default_rng(0).normal(size=20_000).astype("float32")
    cut = randomness.truncated(latents, 0.7).numpy()
    assert abs(cut).max() <= 0.7 and (np.diff(cut[np.argsort(latents)]) >= 0).all()
    assert stats.kstest(cut, stats.truncnorm(-0.7, 0.7).cdf).pvalue > 0.01
    np.testing.assert_allclose(randomness.truncated(latents, 8.0), latents, atol=1e-4)
    model = build("cgan")
    assert not np.allclose(model.sample(2, truncation=0.3), model.sample(2))
    for prior, threshold in (("normal", 0.0), ("uniform", 0.7)):
        with pytest.raises(UserError, match=f"Received: {threshold} for {prior} ones"):
            build("cgan", latent_prior=prior).sample(2, truncation=threshold)
