"""What users of Keras do with a model: it works, or is refused in words that say what to do."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gan.data import load_dataset
from keras_gan.errors import UserError
from tests import conftest
from tests.conformance.sessions import batches, build
from tests.conftest import same, values

SYSTEMS = ("dcgan", "cgan", "cyclegan", "seqgan")
ROWS = 4


def arrays(model, count=2):
    """Returns the arrays of some batches."""
    given = batches(model, count, ROWS // model.sub_batches)
    return {key: np.concatenate([batch[key] for batch in given]) for key in given[0]}


@pytest.fixture(scope="module", params=[name for name in SYSTEMS if name != "cgan"])
def trained(request, tmp_path_factory):
    """A model after three epochs of `fit` with Keras' callbacks, the logs, and their directory."""
    directory = tmp_path_factory.mktemp(request.param)
    model = build(request.param)
    optimizers = {player.name: "sgd" for player in model.players}
    model.compile(optimizers=optimizers, run_eagerly=request.param != "dcgan")
    callbacks = keras.callbacks
    history = model.fit(
        arrays(model),
        batch_size=ROWS,
        epochs=3,
        verbose=0,
        callbacks=[
            callbacks.LearningRateScheduler(lambda epoch, rate: 0.5 * rate),
            callbacks.ReduceLROnPlateau(monitor="learning_rate_d", mode="max", patience=9),
            callbacks.EarlyStopping(monitor="learning_rate_d", mode="max", patience=1),
            callbacks.ModelCheckpoint(directory / "{epoch}.keras"),
            callbacks.CSVLogger(directory / "log.csv"),
            callbacks.TerminateOnNaN(),
            callbacks.BackupAndRestore(directory / "backup"),
        ],
    ).history
    return model, history, directory


def test_callbacks_of_keras(trained):
    model, history, directory = trained
    assert int(model.step) == 4  # The rate fell, so training stopped after the second epoch.
    for player in model.players:
        np.testing.assert_allclose(history[f"learning_rate_{player.name}"], [0.005, 0.0025])
        rate = model.optimizers[player.name].learning_rate
        np.testing.assert_allclose(rate, 0.0025)
    assert len((directory / "log.csv").read_text().splitlines()) == 3
    loaded = keras.models.load_model(directory / "2.keras")
    assert same(values(model.variables), values(loaded.variables))


def test_use_after_training(trained):
    model, _, directory = trained
    function = model.function()
    rows = function.rows(
        [(0, i) for i in range(3)], **{p.name: p.examples(range(3)) for p in function.given}
    )
    expected = function.run(rows)
    inputs = rows if len(rows) > 1 else next(iter(rows.values()))
    np.testing.assert_allclose(model.predict(inputs, verbose=0), expected, atol=1e-6)
    np.testing.assert_allclose(model(inputs), expected, atol=1e-6)
    model.export(directory / "exported", verbose=False)
    exported = tf.saved_model.load(directory / "exported")
    tensors = tf.nest.map_structure(tf.constant, inputs)
    np.testing.assert_allclose(exported.serve(tensors), expected, atol=1e-5)


def test_train_on_batch(trained):
    model = trained[0]
    before = int(model.step)
    logs = model.train_on_batch(arrays(model, 1), return_dict=True)
    assert int(model.step) == before + 1
    assert "d_loss" in logs and np.isfinite(list(logs.values())).all()


REFUSED = {
    "evaluate": (lambda m, x: m.evaluate(x), "keras_gan.evaluate"),
    "test_on_batch": (lambda m, x: m.test_on_batch(x), "keras_gan.evaluate"),
    "validation_data": (lambda m, x: m.fit(x, validation_data=x), "keras_gan.evaluate"),
    "validation_split": (lambda m, x: m.fit(x, validation_split=0.5), "keras_gan.evaluate"),
    "class_weight": (lambda m, x: m.fit(x, class_weight={0: 2.0}), "serve them more often"),
    "sample_weight": (lambda m, x: m.fit(x, sample_weight=np.ones(8)), "serve them more often"),
    "targets": (lambda m, x: m.fit(x, np.ones(8)), "labels are in the dict"),
    "nothing": (lambda m, x: m.fit(), "Received: NoneType"),
    "empty list": (lambda m, x: m.fit([]), "Received: list. For a folder"),
    "source": (lambda m, x: m.fit(load_dataset("digits")), r"load_dataset\(name\).batches"),
    "no entries": (lambda m, x: m.fit({}), "Expected batches that are dicts with the key"),
    "lists": (
        lambda m, x: m.fit({**x, "label": [0, 1]}),
        "number of examples in all.* list for 'label'",
    ),
    "lengths": (lambda m, x: m.fit({**x, "label": np.zeros(3)}), "all entries.* 3 for 'label'"),
    "no batch size": (lambda m, x: m.fit(x, batch_size=0), "batch_size must be a whole number"),
    "scalar": (lambda m, x: m.train_on_batch(dict.fromkeys(x, 1.0)), "Expected .*float"),
    "array": (lambda m, x: m.fit(next(iter(x.values()))), r"Call fit\(\{"),
    "partial": (lambda m, x: m.fit(x, batch_size=3), "drop_remainder=True"),
    "too few": (lambda m, x: m.fit(x), "examples and batch_size=32. Give more, or a smaller"),
    "optimizer": (lambda m, x: m.compile(optimizer="adam"), r"compile\(optimizers=\{.*'adam'"),
    "loss": (lambda m, x: m.compile(loss="mse"), "its own losses"),
    "metrics": (lambda m, x: m.compile(metrics=["mse"]), "its own losses and metrics"),
    "unknown optimizer": (lambda m, x: m.compile(optimizers={"d": "adamm"}), "player d.*adamm"),
}


@pytest.mark.parametrize("use", REFUSED)
def test_refused_with_what_to_do_instead(trained, use):
    model, act, words = trained[0], *REFUSED[use]
    with pytest.raises(UserError, match=words):
        act(model, arrays(model))


def test_a_schedule_is_not_overwritten():
    model = build("r3gan")
    model.compile()
    callback = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate)
    with pytest.raises(UserError, match="follows a schedule of its own"):
        model.fit(arrays(model), batch_size=ROWS, callbacks=[callback], verbose=0)


class Batches(keras.utils.PyDataset):
    """Batches of some arrays, of which the last may have fewer rows."""

    def __init__(self, given, change=lambda batch: batch, last=ROWS, **options):
        super().__init__(**options)
        self.given, self.change, self.last = given, change, last

    def __len__(self):
        return 2

    def __getitem__(self, i):
        end = ROWS if i == 0 else ROWS + self.last
        return self.change({key: x[i * ROWS : end] for key, x in self.given.items()})


def test_a_py_dataset_and_a_generator_train_like_arrays():
    runs = []
    for kind in ("arrays", "py_dataset", "generator"):
        model = build("gan")
        model.compile()
        given = arrays(model)
        x = given if kind == "arrays" else Batches(given)
        if kind == "generator":
            x = (batch for batch in (x[0], x[1]))
        size = ROWS if kind == "arrays" else None
        model.fit(x, batch_size=size, steps_per_epoch=2, shuffle=False, verbose=0)
        assert int(model.step) == 2
        runs.append(values(model.variables))
    assert same(runs[0], runs[1]) and same(runs[0], runs[2])


def test_a_py_dataset_that_does_not_fit():
    model = build("gan")
    model.compile()
    given = arrays(model)
    tuples = Batches(given, lambda batch: (batch["image"], batch["label"]))
    with pytest.raises(UserError, match='Return {"image": x / 127.5 - 1, "label": y} from __get'):
        model.fit(tuples, verbose=0)
    with pytest.raises(UserError, match="Expected 4 examples in every batch"):
        model.fit(Batches(given, last=3), shuffle=False, verbose=0)


@pytest.mark.parametrize("labels", ["inferred", None])
def test_image_dataset_from_directory_with_the_advised_calls(tmp_path, labels):
    for number in range(6):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        keras.utils.save_img(path, np.full((16, 16, 1), 40 * number), scale=False)
    dataset = keras.utils.image_dataset_from_directory(
        tmp_path, labels, color_mode="grayscale", image_size=(16, 16), batch_size=4, verbose=False
    )
    model = conftest.build("dcgan" if labels is None else "cgan", (16, 16, 1))
    model.compile()
    with pytest.raises(UserError) as refused:
        model.fit(dataset, verbose=0)
    advice = str(refused.value).split("Call ")[1].split(", with your batch size")[0]
    mapped, batched = advice.replace("32", "3").split(" and then ")
    for call in (mapped, batched):
        dataset = eval(call, {"dataset": dataset})
    model.fit(dataset, steps_per_epoch=2, verbose=0)
    assert int(model.step) == 2


def test_batches_of_another_size_train_on():
    model = build("gan")
    model.compile()
    data = tf.data.Dataset.from_tensor_slices(arrays(model))
    for size in (4, 2, 4):
        model.fit(data.batch(size, drop_remainder=True), verbose=0)
    assert int(model.step) == 2 + 4 + 2
