"""What functions show: grids, pairs of images, texts; in training and beside it."""

import io
import os

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from keras_gan.callbacks import EventLog, Health, Progress, SampleGrids
from keras_gan.drawing import pictures
from keras_gan.game import showing
from keras_gan.runs.directory import RunDirectory
from tests.conftest import build
from tests.toys import Speaker, Translator


@pytest.fixture(scope="module")
def translator():
    return Translator()


@pytest.fixture(scope="module")
def speaker():
    return Speaker()


def images(count, height, width, channels=3, seed=0):
    draws = np.random.default_rng(seed)
    return draws.uniform(-1, 1, (count, height, width, channels)).astype("float32")


def png(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def test_a_function_of_images_shows_pairs(translator):
    real = {"a": images(5, 8, 6), "b": images(5, 8, 6, seed=1)}
    shown = showing.show(translator, "a_to_b", real)
    assert shown.texts is None and shown.picture.shape == (2 * 10 - 2, 8 * 8 - 2, 3)
    sources = pictures.to_bytes(real["a"])
    for number in range(5):
        row, column = divmod(number, 4)
        pair = shown.picture[10 * row : 10 * row + 8, 16 * column : 16 * column + 14]
        np.testing.assert_array_equal(pair[:, :6], sources[number])
        np.testing.assert_allclose(pair[:, 8:], 255 - sources[number].astype(int), atol=1)
    assert (shown.picture[10:, 16 * 1 :] == 128).all()


def test_outputs_of_another_size_are_padded(translator):
    shown = showing.show(translator, "b_to_a", {"b": images(2, 8, 8)})
    assert shown.picture.shape == (16, 4 * 18 - 2, 3)
    assert (shown.picture[8:, :8] == 128).all() and not (shown.picture[8:, 18:34] == 128).all()


def test_large_images_make_few_pairs(translator):
    shown = showing.show(translator, "a_to_b", {"a": images(9, 300, 300)})
    assert shown.picture.shape == (3 * 302 - 2, 2 * 302 - 2, 3)


def test_pairs_of_grey_and_color():
    grey, color = np.zeros((1, 2, 2, 1), np.uint8), np.full((1, 2, 2, 3), 9, np.uint8)
    assert pictures.side_by_side(grey, color)[:, :2].tolist() == np.zeros((2, 2, 3)).tolist()
    clear = np.full((1, 2, 2, 4), 9, np.uint8)
    assert (pictures.side_by_side(grey, clear)[:, :2, 3] == 255).all()


def test_nothing_is_shown_without_real_examples(translator):
    assert showing.show(translator, "a_to_b") == (None, None)


def test_a_function_of_latents_shows_the_showcase():
    model = build("cgan")
    pairs, given, columns = model.showcase(64)
    expected = pictures.picture(model.sample_seeds(pairs, **given), columns=columns)
    np.testing.assert_array_equal(showing.show(model).picture, expected)


def test_tokens_show_texts(speaker):
    shown = showing.show(speaker)
    port, tokens = speaker.function().output, speaker.sample_seeds([(i, 0) for i in range(32)])
    assert shown.texts == port.text(tokens) and len(set(shown.texts)) > 8


def run_callback(callback, model, step=4):
    callback.set_model(model)
    callback.on_train_begin()
    callback.step = step
    callback.at_step({"x_loss": 1.0, "step": step})


def board(run):
    found = EventAccumulator(run.tensorboard, {"tensors": 0})
    found.Reload()
    return found


def test_grids_of_every_function_are_written(translator, tmp_path):
    run = RunDirectory(tmp_path)
    real = {"a": images(2, 8, 8), "b": images(2, 8, 8, seed=1)}
    grids = SampleGrids(run, EventLog(run.tensorboard), real)
    translator.negative.layers[1].kernel.assign(np.zeros((3, 3)))
    run_callback(grids, translator)
    name = "step_00000004.png"
    assert grids.newest == os.path.join(run.samples, name)
    averaged = showing.show(translator, "a_to_b", real).picture
    np.testing.assert_array_equal(png(tmp_path / "samples" / name), averaged)
    assert png(tmp_path / "samples/b_to_a" / name).shape == (16, 4 * 18 - 2, 3)
    found = board(run)
    kinds = [f"{name}/{kind}" for name in ("a_to_b", "b_to_a") for kind in ("averaged", "raw")]
    assert sorted(found.Tags()["tensors"]) == kinds
    shown = {
        kind: tf.io.decode_png(found.Tensors(f"a_to_b/{kind}")[0].tensor_proto.string_val[2])
        for kind in ("averaged", "raw")
    }
    np.testing.assert_array_equal(shown["averaged"], averaged)
    assert (shown["raw"][:, 10:18] == 128).numpy().all()  # The network that trains gives 0.


def test_texts_are_written(speaker, tmp_path):
    run = RunDirectory(tmp_path)
    real = {"tokens": np.array([[0, 1, 2, 0]] * 40)}
    grids = SampleGrids(run, EventLog(run.tensorboard), real)
    run_callback(grids, speaker)
    lines = (tmp_path / "samples/step_00000004.txt").read_text().splitlines()
    assert lines == showing.show(speaker).texts
    found = board(run)
    assert sorted(found.Tags()["tensors"]) == [f"samples/{x}" for x in ("averaged", "raw", "real")]
    text = found.Tensors("samples/real")[0].tensor_proto.string_val[0].decode()
    assert text.split() == ["abca"] * 32


@pytest.mark.parametrize("model", ["translator", "speaker"])
def test_other_games_get_no_verdict(model, tmp_path, request):
    run = RunDirectory(tmp_path)
    real = {"a": images(4, 8, 8), "b": images(4, 8, 8), "tokens": np.zeros((4, 4), int)}
    health = Health(run, EventLog(run.tensorboard), real)
    for step in range(1, 21):
        run_callback(health, request.getfixturevalue(model), step)
    health.at_end({"x_loss": 1.0})
    assert health.verdict is None and not health.rows


def progress_line(model, step, logs):
    progress = Progress(steps=10, batch_size=8, stream=io.StringIO())
    progress.set_model(model)
    progress.interval = 0.0
    progress.on_train_begin()
    for _ in range(2):
        progress.step = step
        progress.at_step(logs)
    return progress.stream.getvalue()


def test_progress_names_each_player_and_the_stage(translator, speaker):
    line = progress_line(translator, 5, {"ab_loss": 1.0, "ba_loss": 2.0})
    assert "[#####-----] 5/10  loss ab 1.00 ba 2.00" in line and "accuracy" not in line
    assert "stage pretraining  loss G 3.00" in progress_line(speaker, 2, {"g_loss": 3.0})
    assert "stage game  loss G 3.00" in progress_line(speaker, 3, {"g_loss": 3.0})
