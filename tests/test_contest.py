"""Contests: logits of patches, several contests in a system, and their state."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.game.contest import Contest
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.pieces import Pieces
from keras_gan.game.players import Player
from tests.conftest import values
from tests.linear_toys import BATCH, IMAGES, dense, toy

DRAWS = np.random.default_rng(0)
REAL, FAKE = (DRAWS.normal(size=(4, 2, 3, 2)).astype("float32") for _ in range(2))


def patches(examples):
    """Logits [N, 2, 3]: the square of each pixel's length, so that slopes differ."""
    return {"logits": tf.reduce_sum(tf.constant(examples["image"]) ** 2, axis=-1)}


def softplus(x):
    return np.log1p(np.exp(x))


R, F = (np.sum(images.astype("float64") ** 2, axis=-1) for images in (REAL, FAKE))
LOSSES = {
    "non_saturating": (softplus(-R) + softplus(F), softplus(-F)),
    "least_squares": (0.5 * (R - 1.0) ** 2 + 0.5 * F**2, 0.5 * (F - 1.0) ** 2),
    "hinge": (np.maximum(0.0, 1.0 - R) + np.maximum(0.0, 1.0 + F), -F),
    "relativistic": (softplus(F - R), softplus(R - F)),
    "relativistic_average": (
        softplus(F.mean() - R) + softplus(F - R.mean()),
        softplus(R.mean() - F) + softplus(R - F.mean()),
    ),
}


@pytest.mark.parametrize("objective", LOSSES)
def test_patches_count_as_their_mean(objective):
    contest = Contest(Pieces(objective=objective))
    real, fake = {"image": REAL}, {"image": FAKE}
    loss, answers = contest.discriminator_loss(patches, real, fake, updates=0)
    expected = [x.mean(axis=(1, 2)) for x in LOSSES[objective]]
    np.testing.assert_allclose(loss.total, expected[0], rtol=1e-5)
    assert [answer["logits"].shape for answer in answers] == [(4, 2, 3)] * 2
    loss, _ = contest.generator_loss(patches, real, fake)
    np.testing.assert_allclose(loss.total, expected[1], rtol=1e-5)


@pytest.mark.parametrize("every", [1, 2])
def test_penalties_of_patches_are_of_the_sum_of_the_logits(every):
    """1/2 ||sum of the slopes of all patches||^2; lazily, each as much stronger."""
    pieces = Pieces(penalty="r1,r2", penalty_weight=3.0, penalty_every=every, lecam=0.5)
    contest = Contest(pieces)
    contest.real_mean.assign(0.2)
    contest.mean_weight.assign(1.0)
    loss, _ = contest.discriminator_loss(patches, {"image": REAL}, {"image": FAKE}, updates=every)
    penalty = every * sum(0.5 * np.sum((2.0 * x) ** 2, axis=(1, 2, 3)) for x in (REAL, FAKE))
    lecam = (np.maximum(R, 0.0) ** 2 + np.maximum(0.2 - F, 0.0) ** 2).mean(axis=(1, 2))
    np.testing.assert_allclose(loss.logged["penalty"], penalty, rtol=1e-5)
    np.testing.assert_allclose(loss.logged["lecam"], lecam, rtol=1e-5)
    game = LOSSES["non_saturating"][0].mean(axis=(1, 2))
    np.testing.assert_allclose(loss.total, game + 3.0 * penalty + 0.5 * lecam, rtol=1e-5)


def test_the_best_samples_are_those_of_the_best_mean():
    contest = Contest(Pieces(top_k=0.5, top_k_images=1))
    loss, _ = contest.generator_loss(patches, {}, {"image": FAKE}, step=1, batch_size=4)
    means = softplus(-F).mean(axis=(1, 2))
    best = F.mean(axis=(1, 2)) >= np.sort(F.mean(axis=(1, 2)))[-2]
    np.testing.assert_allclose(np.mean(loss.total), means[best].mean(), rtol=1e-5)


def two_contests():
    """One maker that meets two judges; only the second contest has a state."""
    keras.utils.set_random_seed(0)
    maker, judges = dense(), {name: dense(1) for name in "ab"}
    contests = {"a": Contest(Pieces(), "a"), "b": Contest(Pieces(lecam=0.1), "b")}

    def critic(name):
        return lambda examples: {"logits": judges[name](examples["image"])[:, 0]}

    def judged(name):
        return lambda real, made: contests[name].discriminator_loss(critic(name), real, made, 0)[0]

    def fool(real, made):
        found = [contests[name].generator_loss(critic(name), real, made)[0] for name in "ab"]
        return found[0] + 2.0 * found[1]

    players = [Player(f"d_{name}", (judge,), judged(name)) for name, judge in judges.items()]
    model = toy(
        {"maker": maker, **judges},
        [*players, Player("g", (maker,), fool)],
        lambda real: {"image": maker(real["image"])},
        makers=[maker],
        functions={"sample": Function(maker, (IMAGES,), IMAGES)},
        contests=list(contests.values()),
    )
    return model, contests, judges, maker


def test_two_contests_log_under_their_own_names_and_keep_their_own_state():
    model, contests, judges, maker = two_contests()
    fake = maker(BATCH["image"]).numpy()
    logits = {
        name: [judge(x).numpy()[:, 0] for x in (BATCH["image"], fake)]
        for name, judge in judges.items()
    }
    logs = {name: float(value) for name, value in model.train_step(BATCH).items()}
    for name, (real, made) in logits.items():
        assert logs[f"d_logits_real_{name}"] == pytest.approx(real.mean(), rel=1e-4)
        assert logs[f"d_logits_fake_{name}"] == pytest.approx(made.mean(), rel=1e-4)
        assert logs[f"d_{name}_loss"] == pytest.approx(
            np.mean(softplus(-real) + softplus(made)) + 0.1 * logs.get(f"lecam_{name}", 0.0),
            rel=1e-4,
        )
    assert set(contests["b"].names) <= set(logs) and "lecam_b" in logs and "lecam_a" not in logs
    assert not contests["a"].variables
    means = values([contests["b"].real_mean, contests["b"].fake_mean])
    np.testing.assert_allclose(means, [0.01 * x.mean() for x in logits["b"]], rtol=1e-4)
    answers = [judges[name](fake).numpy()[:, 0] for name in "ab"]
    expected = np.mean(softplus(-answers[0]) + 2.0 * softplus(-answers[1]))
    assert logs["g_loss"] == pytest.approx(expected, rel=1e-4)


def test_losses_add_and_scale_what_is_descended_alone():
    one = Loss(tf.constant([1.0, 2.0]), a=tf.constant([5.0]))
    other = Loss(tf.constant([10.0, 20.0]), b=tf.constant([7.0]))
    total = one + 0.5 * other * 2.0
    np.testing.assert_allclose(total.total, [11.0, 22.0])
    assert {name: float(x[0]) for name, x in total.logged.items()} == {"a": 5.0, "b": 7.0}
    with pytest.raises(TypeError, match="multiple values for keyword argument 'a'"):
        one + Loss(tf.constant([1.0]), a=tf.constant([1.0]))
