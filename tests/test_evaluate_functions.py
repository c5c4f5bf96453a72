"""`python -m keras_gan.evaluate` of functions of images and of tokens."""

import json

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.commands import evaluate
from keras_gan.data import load_dataset
from keras_gan.data.sequences import SYMBOLS
from keras_gan.errors import UserError
from keras_gan.evaluation import SampleScores, make_extractor, sequences
from keras_gan.runs.config import Config
from tests.runs import command_fails
from tests.toys import Speaker, Translator


@pytest.fixture
def run(monkeypatch):
    """Lets the command load a model, of a run with this configuration."""

    def load(model, **settings):
        record = {"class_names": None, "config": Config(**settings)}
        monkeypatch.setattr("keras_gan.evaluation.sample_sets.load_run", lambda *_: (model, record))

    return load


def main(run_dir, *flags):
    evaluate.main(["evaluate", f"--run_dir={run_dir}", *flags])
    return json.loads((run_dir / "evaluation.json").read_text())


def test_ngrams_count_tokens_and_neighbours():
    tokens = np.array([[0, 1, 1, 0], [2, 2, 2, 2]])
    features = sequences.ngram_features(tokens, 3)
    pairs = np.zeros((2, 9))
    pairs[0, [1, 4, 3]] = 1
    pairs[1, 8] = 3
    np.testing.assert_array_equal(features, np.hstack([[[2, 2, 0], [0, 0, 4]], pairs]))


def test_ngrams_of_a_large_vocabulary_share_features():
    tokens = np.random.default_rng(0).integers(0, 50_000, (5, 7))
    features = sequences.ngram_features(tokens, 50_000)
    assert features.shape == (5, 64 + 192)
    np.testing.assert_array_equal(features.sum(axis=1), 7 + 6)
    whole = sequences.ngram_features(np.arange(50_000)[:, None], 50_000).sum(axis=0)
    assert whole[:64].min() > 0.8 * 50_000 / 64


def test_measures_of_sequences_by_hand():
    real = np.array([[0, 1], [0, 1], [1, 0], [1, 1]])
    fake = np.array([[0, 1], [0, 1], [0, 1], [0, 0]])
    assert sequences.measure_sequences(real, fake, 2) == {
        "distinct": 0.5, "distinct_of_real": 0.75, "bigram_distance": 0.5
    }  # fmt: skip
    assert sequences.measure_sequences(real, real, 2)["bigram_distance"] == 0.0
    assert sequences.copied(fake, real) == 0.75
    assert sequences.copied(fake.astype("int32"), real[2:]) == 0.0


def test_tokens_are_judged_beside_held_out_ones(run, tmp_path, capsys):
    model = Speaker(tuple(SYMBOLS), 6)
    run(model, dataset="arithmetic", run_dir=str(tmp_path))
    found = main(tmp_path, "--held_out=test")
    assert found["settings"]["features"] == "ngrams" and found["settings"]["n_fake"] == 20
    told = capsys.readouterr().out
    table = {line[:20].strip(): line[20:].split() for line in told.splitlines()}
    samples = model.sample(20)
    source = load_dataset("arithmetic")
    real = source.first(20)
    expected = sequences.measure_sequences(real, samples, len(SYMBOLS))
    assert {name: found["measures"][name] for name in expected} == pytest.approx(expected)
    assert found["measures"]["copies"] == 0.0
    assert table["copies"] == ["0", "0", "0"]  # No sum of the test split is one of the others.
    assert float(table["bigram distance"][1]) < 0.5 * float(table["bigram distance"][0])
    assert "nearest_ratio" not in found["measures"]
    lines = (tmp_path / "evaluation/samples.txt").read_text().splitlines()
    assert lines == model.function().output.text(samples)
    assert f"{tmp_path}/evaluation/samples.txt: the first samples, one a line" in told


def test_copies_of_training_sequences_are_counted(run, tmp_path):
    model = Speaker(tuple(SYMBOLS), 6)
    run(model, dataset="arithmetic", run_dir=str(tmp_path))
    known = load_dataset("arithmetic").first(40)
    function = model.function()
    copying = lambda rows, training=False: tf.constant(known[: len(rows)])  # noqa: E731
    object.__setattr__(model, "functions", {"sample": function._replace(averaged=copying)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keras_gan.evaluation.sample_sets.weights_digest", lambda _: "x")
        found = main(tmp_path, "--num_samples=40")
    assert found["measures"]["copies"] == 1.0 == found["measures"]["distinct"]


def test_a_function_of_images_is_fed_the_first_examples_of_its_input(run, tmp_path, capsys):
    model = Translator()
    run(model, dataset="digits", target="digits", run_dir=str(tmp_path), channels=3)
    found = main(tmp_path, "--num_samples=40", "--features=pixels")
    assert found["settings"]["function"] == "a_to_b" and found["settings"]["domain"] == "b"
    source = load_dataset("digits", channels=3, image_size="8")
    picture = tf.io.decode_png((tmp_path / "evaluation/pairs.png").read_bytes()).numpy()
    first = np.round((source.first(1)[0] + 1.0) * 127.5)
    times = picture.shape[0] // (4 * 10 - 2)
    picture = picture[::times, ::times]
    np.testing.assert_array_equal(picture[:8, :8], first)
    np.testing.assert_allclose(picture[:8, 10:18], 255.0 - first, atol=1)
    assert found["measures"]["variance_ratio"] == pytest.approx(1.0, abs=1e-3)
    assert found["measures"]["frechet_distance"] > 1.0
    names = {path.stem for path in (tmp_path / "evaluation").iterdir()}
    assert names == {"samples", "pairs", "nearest_neighbours"}


def test_another_function_has_a_folder_of_its_own(run, tmp_path, capsys):
    run(Translator(), dataset="digits", target="digits", run_dir=str(tmp_path), channels=3)
    flags = ["evaluate", f"--run_dir={tmp_path}", "--num_samples=20", "--function=b_to_a"]
    message = command_fails(capsys, evaluate.main, *flags[1:], "--features=pixels")
    assert "cannot compare examples of (8, 8, 3) with the (16, 16, 3)" in message  # 768 numbers.
    assert not (tmp_path / "evaluation.json").exists()


def test_mistakes(run, tmp_path, capsys):
    def message(*flags):
        return command_fails(capsys, evaluate.main, f"--run_dir={tmp_path}", *flags)

    run(Speaker(), dataset="arithmetic", run_dir=str(tmp_path))
    assert "Expected a dataset of examples (4,), like the model's" in message()
    run(Speaker(("a", "b"), 6), dataset="arithmetic", run_dir=str(tmp_path))
    assert "a dataset with the run's vocabulary of 2 tokens" in message()
    run(Speaker(tuple(SYMBOLS), 6), dataset="arithmetic", run_dir=str(tmp_path))
    assert "--features of tokens must be ngrams or module:function" in message("--features=pixels")
    assert "has the functions sample. Received: x" in message("--function=x")
    run(Translator(), dataset="digits", run_dir=str(tmp_path))
    assert "digits has batches with image. Received: key 'b'" in message()
    flags = ("--dataset=digits", "--images=x", "--function=sample")
    told = command_fails(capsys, evaluate.main, *flags)
    assert "--function is for a --run_dir. Received: --function=sample without one." in told
    with pytest.raises(UserError, match="ngrams is for sequences of tokens; .* images"):
        make_extractor("ngrams", (8, 8, 1), None)


def test_scores_of_tokens_while_training():
    model, source = Speaker(tuple(SYMBOLS), 6), load_dataset("arithmetic")
    found = SampleScores(source, None, model.function())(model)
    samples, real = model.sample(80, seed=1), source.first(80)
    expected = sequences.measure_sequences(real, samples, len(SYMBOLS))
    assert {name: found[name] for name in expected} == pytest.approx(expected)
    assert found["kernel_distance"] > 0.0


def test_scores_of_translations_while_training():
    model, source = Translator(), load_dataset("digits", target="digits", channels=3)
    found = SampleScores(source, "pixels", model.function())(model)
    assert found["variance_ratio"] == pytest.approx(1.0, abs=1e-3)
