"""What `compile` offers besides optimizers: XLA over replicas, and updates in parts."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import models
from keras_gan.data import load_dataset
from keras_gan.distribution.replicas import global_mean, make_strategy
from keras_gan.errors import UserError
from keras_gan.game.loss import Loss
from tests.conftest import build, change_player, examples, same, values


def test_xla_over_replicas_names_the_layer_that_synchronises():
    with make_strategy(cpu_replicas=2).scope():
        model = build("dcgan")
        with pytest.raises(UserError, match="Received: batch_normalization.* more such layers"):
            model.compile(jit_compile=True)


def test_xla_over_replicas_names_the_system_whose_losses_synchronise():
    class Relative(models.get("gan")):
        def generator_loss(self, real, fake):
            real_logits, fake_logits = (self.discriminate(x)["logits"] for x in (real, fake))
            return Loss(global_mean(real_logits) - fake_logits)

    with make_strategy(cpu_replicas=2).scope():
        model = Relative((3,), **Relative.tiny)
        model.compile(jit_compile=True)
    data = tf.data.Dataset.from_tensors(examples(4, (3,)))
    with pytest.raises(UserError, match="synchronise them. Received: Relative"):
        model.fit(data, verbose=0, shuffle=False)


def test_other_shapes_and_labels_after_a_fit_are_refused_in_words():
    model = build("cgan", (8, 8, 1))
    model.compile(run_eagerly=True)
    images, labels = np.zeros((8, 8, 8, 1), "uint8"), np.arange(8) % 3
    images[0] = 255
    model.fit({"image": images, "label": labels}, batch_size=8, verbose=0)
    with pytest.raises(UserError, match="Received: .*Add the axis of the channels"):
        model.fit({"image": images[..., 0], "label": labels}, batch_size=8, verbose=0)
    model.run_eagerly = False
    for wrong in (images[..., 0], images[:, :4]):
        with pytest.raises(UserError, match=r"Expected 'image' of shape \(batch, 8, 8, 1\)"):
            model.fit({"image": wrong, "label": labels}, batch_size=8, verbose=0)
    data = {"image": images, "label": labels + 1}
    for given in (data, tf.data.Dataset.from_tensors(data)):
        with pytest.raises(UserError, match="Expected 'label' from 0 to 2. Received: from 1 to 3"):
            model.fit(given, batch_size=8 if given is data else None, verbose=0)


@pytest.mark.soak
def test_xla_over_replicas_makes_the_same_training_run(float64):
    runs = []
    for replicas in (1, 2):
        with make_strategy(cpu_replicas=replicas).scope():
            model = build("gan", (3,), generator_units=(4,), discriminator_units=(4,))
            model.compile(jit_compile=True)
        data = tf.data.Dataset.from_tensors(examples(8, (3,))).repeat(5)
        model.fit(data, verbose=0, shuffle=False)
        runs.append(values(model.variables))
    for one, two in zip(*runs, strict=True):
        np.testing.assert_allclose(two, one, rtol=0, atol=1e-9)


def test_parts_of_an_update_make_the_whole(float64):
    """Where nothing couples the examples; dropout is drawn by index in the whole batch."""
    runs = []
    for parts in (1, 4):
        model = build("gan", (3,), d_steps=2)
        model.compile(accumulate_steps=parts, reuse_fakes=False, run_eagerly=parts == 1)
        data = tf.data.Dataset.from_tensors(examples(16, (3,))).repeat(5)
        history = model.fit(data, verbose=0, shuffle=False).history
        runs.append((values(model.variables), [value[0] for value in history.values()]))
    (whole, logs), (parted, parted_logs) = runs
    for one, other in zip(whole, parted, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-9)
    np.testing.assert_allclose(parted_logs, logs, atol=1e-5)


def test_parts_with_a_network_that_the_losses_do_not_use():
    model = build("gan", (3,))
    unused = build("gan", (3,), seed=1).discriminator
    change_player(model, "d", networks=(model.discriminator, unused))
    model.compile(accumulate_steps=2)
    before = values(unused.variables), values(model.discriminator.variables)
    model.fit(tf.data.Dataset.from_tensors(examples(4, (3,))), verbose=0, shuffle=False)
    assert same(before[0], values(unused.variables))
    assert not same(before[1], values(model.discriminator.variables))


def test_parts_that_do_not_divide_the_batch_are_refused():
    model = build("gan", (3,), d_steps=2)
    model.compile(accumulate_steps=3)
    with pytest.raises(UserError, match="d_steps=2 .* in accumulate_steps=3 parts.* 8 examples"):
        model.train_step(examples(8, (3,)))


def pixels(shape=(8, 4, 4, 1)):
    """Returns random images in uint8, black and white among them."""
    images = np.random.default_rng(0).integers(0, 256, shape).astype("uint8")
    images[:, 0, 0], images[:, 0, 1] = 0, 255
    return images


def painter(key="image"):
    """Returns a compiled system that learns from images, and its batch of these images."""
    if key == "image":
        model = build("gan", (4, 4, 1))
        model.compile()
        return model, lambda images: {"image": images}
    model = models.get("cyclegan")((8, 8, 1), **models.get("cyclegan").tiny)
    model.compile()
    return model, lambda images: {"a": np.zeros_like(images), "b": images}


@pytest.mark.parametrize("replicas", [1, 2])
def test_bytes_train_like_scaled_images(replicas):
    runs = []
    for images in (pixels(), (pixels() / 127.5 - 1).astype("float32")):
        with make_strategy(cpu_replicas=replicas).scope():
            model = build("gan", (4, 4, 1))
            model.compile(run_eagerly=replicas > 1)
        data = {"image": images}
        if replicas > 1:
            data = tf.data.Dataset.from_tensor_slices(data).batch(4, drop_remainder=True)
        model.fit(data, batch_size=4 if replicas == 1 else None, shuffle=False, verbose=0)
        runs.append(values(model.variables))
    for one, other in zip(*runs, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("arrays", lambda x: x * 1.0, "from 0 to 255. Scale them: x / 127.5 - 1, or give uint8"),
        ("dataset", lambda x: x * 1.0, "from 0 to 255. Scale them: x / 127.5 - 1, or give uint8"),
        ("arrays", lambda x: (x - 100.0) / 60, "from -1.667 to 2.583. Scale them: 2"),
        ("arrays", lambda x: np.where(x == 0, np.nan, 0.0), "Received: float64 from nan to nan"),
        ("dataset", lambda x: x.astype("int64"), "uint8 from 0 to 255 or floats.*int64.*tf.cast"),
        ("dataset", lambda x: (x / 127.5 - 1)[..., 0], r"Add the axis of the channels: x\[..., N"),
    ],
)
def test_images_that_do_not_fit_are_refused_before_the_first_step(kind, change, words):
    model, batch = painter()
    counts = [optimizer.iterations for optimizer in model.optimizers.values()]
    before = values([*model.variables, *counts])
    data = batch(change(pixels()))
    if kind == "dataset":
        data = tf.data.Dataset.from_tensors(data)
    with pytest.raises(UserError, match=words):
        model.fit(data, batch_size=8 if kind == "arrays" else None, verbose=0)
    assert same(before, values([*model.variables, *counts]))


def test_every_kind_of_image_is_checked():
    model, batch = painter("b")
    with pytest.raises(UserError, match="Expected 'b' in .-1, 1.. Received: float32 from 0 to 255"):
        model.fit(batch(pixels((4, 8, 8, 1)).astype("float32")), batch_size=4, verbose=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [(lambda x: x / 255.0, "from 0 to 1. If 0 is black"), (lambda x: x // 255, "nearly black")],
)
def test_images_that_look_wrong_are_warned_about_once(change, words):
    model, batch = painter()
    data = tf.data.Dataset.from_tensors(batch(change(pixels())))
    with pytest.warns(UserWarning, match=words) as warned:
        model.fit(data, epochs=2, verbose=0)
    assert len(warned) == 1 and int(model.step) == 2


def test_vectors_may_have_any_range_and_our_own_data_is_not_checked_again(monkeypatch):
    model = build("gan", (2,))
    model.compile()
    points = np.array([[30.0, 0.5], [2.0, 7.0]], "float32")
    model.fit({"image": points}, batch_size=2, verbose=0)
    with pytest.raises(UserError, match="to be floats. Received: int64"):
        model.fit({"image": points.astype("int64")}, batch_size=2, verbose=0)
    source = load_dataset("digits", image_size="8")
    model = build("gan", source.shape)
    model.compile()
    monkeypatch.setattr(type(model.spec["image"]), "check_examples", None)
    model.fit(source.batches(8), steps_per_epoch=1, verbose=0)
