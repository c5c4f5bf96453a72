"""SeqGAN: the policy's likelihood, rewards by roll-outs, and what each stage logs."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan import randomness
from keras_gan.errors import UserError
from keras_gan.networks.recurrent import Policy
from tests.conformance.sessions import batches, build, fit


def test_likelihoods_are_those_of_what_is_written():
    """Over all sequences the probabilities add to 1, and samples are as frequent as they say."""
    policy = Policy(3, 2, units=3, embedding_dim=2)
    every = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], "int32")
    chances = np.exp(policy.log_likelihood(every).numpy().sum(axis=1))
    assert chances.sum() == pytest.approx(1.0, abs=1e-5)
    draws = np.random.default_rng(0).uniform(size=(20_000, 3)).astype("float32")
    written = policy.write(tf.constant(draws)).numpy()
    shares = [(written == row).all(axis=1).mean() for row in every]
    np.testing.assert_allclose(shares, chances, atol=0.015)


def test_what_is_known_is_kept_and_the_rest_follows_from_it():
    policy = Policy(4, 3, units=3, embedding_dim=2)
    draws = tf.constant(np.random.default_rng(1).uniform(size=(5, 4)), tf.float32)
    whole = policy.write(draws)
    known = (whole + 1) % 3
    for prefix in range(5):
        kept = policy.write(draws, known, tf.fill([5], prefix)).numpy()
        np.testing.assert_array_equal(kept[:, :prefix], known[:, :prefix])
    np.testing.assert_array_equal(policy.write(draws, whole, tf.fill([5], 2)), whole)


def test_rewards_are_means_over_continuations():
    """The last token's reward is D's probability of the sequence itself, whatever is drawn."""
    model = build("seqgan")
    model.compile()
    tokens = tf.constant([[0, 1, 2, 0], [2, 2, 1, 0], [1, 1, 1, 1]], tf.int32)
    for layer in model.judge.layers:
        if type(layer).__name__ == "Dropout":
            layer.rate = 0.0
    with randomness.layer_draws(tf.constant([3, 4], tf.int64)):
        rewards = model.rewards(tokens).numpy()
        expected = tf.sigmoid(model.judge(tokens)).numpy()
    assert rewards.shape == (3, 4)
    np.testing.assert_allclose(rewards[:, -1], expected, atol=1e-6)
    assert (rewards > 0.0).all() and (rewards < 1.0).all()


def test_the_policy_learns_what_is_rewarded():
    """With a judge that likes token 0 alone, policy gradients make it likelier."""
    model = build("seqgan")
    model.compile({"g": keras.optimizers.Adam(3e-2)})
    model.discriminate = lambda examples: {
        "logits": 4.0 * tf.reduce_mean(tf.cast(examples["tokens"] == 0, tf.float32), 1) - 2.0
    }
    share = lambda: float((model.sample(500, seed=1) == 0).mean())  # noqa: E731
    before = share()
    update = tf.function(lambda batch: model.update("g", batch))
    for batch in batches(model, 40, batch_size=16):
        update(batch)
    model.averages[0].set_weights(model.policy.get_weights())
    assert share() > before + 0.2


def test_each_stage_logs_its_own_players():
    model = build("seqgan")
    model.compile()
    given = batches(model, 4)
    assert set(fit(model, given[:2])) == {"ml_loss", "ml_gradient_norm"}
    critic = fit(model, given[2:3])
    assert "d_loss" in critic and not {"g_loss", "ml_loss", "g_reward"} & set(critic)
    assert {"d_loss", "g_loss", "g_reward"} <= set(fit(model, given[3:]))


def test_negative_steps_are_refused():
    from keras_gan import models

    with pytest.raises(UserError, match="likelihood_steps must be 0 or more. Received: -1"):
        models.get("seqgan")(4, ("a", "b"), likelihood_steps=-1)
