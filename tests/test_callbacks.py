"""Progress, logs and pictures."""

import io
import json
import re

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from keras_gan.callbacks import EventLog, Logs, Profile, Progress, cut_logs
from keras_gan.callbacks.progress import clock
from keras_gan.drawing import pictures
from keras_gan.runs.config import Config
from keras_gan.runs.directory import RunDirectory
from tests.runs import scalar_steps


def test_progress_lines_without_a_terminal():
    stream = io.StringIO()
    progress = Progress(steps=100, batch_size=8, first_step=40, stream=stream)
    progress.interval = 0.0
    progress.on_train_begin()
    logs = {"d_loss": 1.234, "g_loss": 0.5, "d_accuracy_real": 0.9, "d_accuracy_fake": 0.25}
    for batch in range(60):
        progress.on_train_batch_end(batch, logs)
    progress.on_train_end({"d_loss": 0.0})
    lines = stream.getvalue().splitlines()
    assert "[#####-----] 50/100  ETA 0:00" in lines[8]
    assert "loss D 1.23 G 0.50  D accuracy real 0.90 fake 0.25" in lines[8]
    assert "images/s" in lines[8]
    assert "100/100  took" in lines[-1] and "loss D 1.23" in lines[-1]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (80, r"{0}  D 1.50  G 0.25  acc 0.90 0.80  [\d,]+ images/s"),
        (60, r"{0}  D 1.50  G 0.25"),
        (120, r"{0}  loss D 1.50 G 0.25  D accuracy real 0.90 fake 0.80  [\d,]+ images/s"),
    ],
)
def test_progress_line_drops_whole_fields_to_fit_a_terminal(columns, expected, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setenv("COLUMNS", str(columns))
    stream = Terminal()
    progress = Progress(steps=5000, batch_size=1, first_step=2498, stream=stream)
    progress.interval = 0.0
    progress.on_train_begin()
    logs = {"d_loss": 1.5, "g_loss": 0.25, "d_accuracy_real": 0.9, "d_accuracy_fake": 0.8}
    progress.on_train_batch_end(0, logs)
    progress.start = (progress.start[0] - 0.01, progress.start[1])
    progress.on_train_batch_end(1, logs)
    line = stream.getvalue().split("\r")[-1]
    expected = expected.format(r"\[#####-----\] 2500/5000  ETA 0:\d\d")
    assert re.fullmatch(expected, line.strip()) and len(line) == columns - 1
    progress.on_train_end()
    assert stream.getvalue().endswith("\n")


@pytest.mark.parametrize(("seconds", "text"), [(7.4, "0:07"), (75, "1:15"), (3725, "1:02:05")])
def test_clock(seconds, text):
    assert clock(seconds) == text


def write_events(run, steps):
    writer = tf.summary.create_file_writer(run.tensorboard)
    with writer.as_default():
        for step in steps:
            tf.summary.scalar("train/d_loss", float(step), step=step)
    writer.close()


def test_logs_are_cut_to_the_restored_step(tmp_path):
    run = RunDirectory(tmp_path)
    write_events(run, [10, 20, 30])
    rows = [json.dumps({"step": step}) + "\n" for step in (10, 20, 30)]
    (tmp_path / "metrics.jsonl").write_text("".join(rows) + '{"step": 4')
    cut_logs(run, 20)
    write_events(run, [30, 40])
    assert scalar_steps(tmp_path) == [10, 20, 30, 40]
    assert (tmp_path / "metrics.jsonl").read_text() == "".join(rows[:2])
    cut_logs(run, -1)
    assert list((tmp_path / "tensorboard").iterdir()) == []
    assert (tmp_path / "metrics.jsonl").read_text() == ""


def test_a_record_cut_short_by_a_crash_is_dropped(tmp_path):
    run = RunDirectory(tmp_path)
    write_events(run, [1, 2, 3])
    (events,) = (tmp_path / "tensorboard").iterdir()
    events.write_bytes(events.read_bytes()[:-5])
    cut_logs(run, 3)
    assert scalar_steps(tmp_path) == [1, 2]


@pytest.mark.parametrize("shape", [(5, 4, 6, 1), (1, 3, 3, 3), (7, 2, 8, 4)])
def test_grid_places_every_image(shape):
    count, height, width, channels = shape
    images = np.arange(count)[:, None, None, None] / 10.0 * np.ones(shape)
    drawn = pictures.grid(images)
    columns = int(np.ceil(np.sqrt(count)))
    rows = int(np.ceil(count / columns))
    assert drawn.shape == (rows * (height + 2) - 2, columns * (width + 2) - 2, channels)
    for number in range(count):
        row, column = divmod(number, columns)
        pixel = drawn[row * (height + 2), column * (width + 2), 0]
        assert pixel == round((number / 10.0 + 1.0) * 127.5)


def test_large_images_get_smaller_grids():
    assert pictures.count_that_fits((32, 32, 1)) == 64
    count = pictures.count_that_fits((256, 256, 3))
    drawn = pictures.grid(np.zeros((count, 256, 256, 3)))
    assert count == 9 and max(drawn.shape) <= 1024
    assert pictures.count_that_fits((3000, 3000, 3)) == 1


def test_bytes_cover_the_range():
    values = pictures.to_bytes(np.array([-2.0, -1.0, 0.0, 1.0, 3.0]))
    assert values.tolist() == [0, 0, 128, 255, 255]


def test_scatter_draws_points_over_the_reference():
    reference = np.array([[-1.0, -1.0], [1.0, 1.0]])
    drawn = pictures.scatter(np.array([[1.0, 1.0], [50.0, 0.0]]), reference)
    blue = np.argwhere((drawn == (20, 70, 200)).all(axis=-1))
    grey = np.argwhere((drawn == (200, 200, 200)).all(axis=-1))
    assert len(blue) == 9 and len(grey) == 9
    assert blue[0][0] < 256 < blue[0][1]  # The point lies up and to the right.
    assert grey[0][0] > 256 > grey[0][1]


def test_png_round_trip():
    drawn = pictures.grid(np.random.default_rng(0).uniform(-1, 1, (4, 3, 3, 3)))
    np.testing.assert_array_equal(tf.io.decode_png(pictures.png(drawn)), drawn)


def test_missing_events_raise_an_error(tmp_path):
    events = EventLog(str(tmp_path))
    for step in range(2):
        with events.at(step):
            tf.summary.scalar("x", 1.0)
    with pytest.raises(OSError, match="event file"), events.at(2):
        pass


def hparams_columns(directory):
    """Returns what TensorBoard's HParams page shows of the runs in a directory: two sets."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(directory))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(directory))
    context = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = api_pb2.GetExperimentRequest(include_metrics=True)
    found = get_experiment.Handler(RequestContext(), context, "", request).run()
    return {h.name for h in found.hparam_infos}, {m.name.tag for m in found.metric_infos}


def test_tensorboard_shows_the_settings_and_evaluations_of_all_runs(tmp_path):
    given = {
        "one": ({"model": "gan"}, "train/d_loss"),
        "two": ({"model": "cgan", "model_arg": ("embedding_dim=3",)}, "evaluation/kernel_distance"),
    }
    for name, (settings, tag) in given.items():
        run = RunDirectory(tmp_path / name)
        events = EventLog(run.tensorboard)
        Logs(run, events, Config(run_dir=run.path, **settings)).on_train_begin()
        with events.at(1):
            tf.summary.scalar(tag, 1.0)
        events.close()
    settings, metrics = hparams_columns(tmp_path)
    assert {"model", "batch_size", "model_arg=embedding_dim"} <= settings
    assert metrics == {"train/d_loss", "evaluation/kernel_distance"}


def test_a_profile_marks_its_steps(tmp_path):
    profile = Profile(str(tmp_path), first=2, last=3)
    profile.on_train_begin()
    profile.on_epoch_begin(0)
    for batch in range(4):
        profile.on_train_batch_begin(batch)
        tf.reduce_sum(tf.ones(3))
        profile.on_train_batch_end(batch)
    profile.on_train_end()
    (file,) = tmp_path.rglob("*.xplane.pb")
    steps = []
    for plane in xplane_pb2.XSpace.FromString(file.read_bytes()).planes:
        names = {key: stat.name for key, stat in plane.stat_metadata.items()}
        stats = [stat for line in plane.lines for event in line.events for stat in event.stats]
        steps += [x.int64_value for x in stats if names[x.metadata_id] == "step_num"]
    assert sorted(steps) == [2, 3]
