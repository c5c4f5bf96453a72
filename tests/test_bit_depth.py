"""16-bit images that use few bits: scaled as a set, in one way for a run and all that follows."""

import json

import numpy as np
import pytest
from PIL import Image

from keras_gan import train
from keras_gan.commands import evaluate
from keras_gan.data import load_dataset, source
from keras_gan.errors import UserError
from keras_gan.evaluation.sample_sets import real_data_of
from keras_gan.runs.config import Config
from tests.test_translate import Translator, main, png

DEEP = np.random.default_rng(0).integers(0, 4096, (12, 4, 4), np.uint16)
DEEP[3, 0, 0] = 4095


def write(folder, deep, endings=("png", "tif")):
    folder.mkdir(parents=True, exist_ok=True)
    for number, samples in enumerate(deep):
        Image.fromarray(samples).save(folder / f"{number:02d}.{endings[number % len(endings)]}")
    return str(folder)


def images_of(found):
    """Returns grey images of a `Source` as bytes, in the order of their values."""
    images = np.round((found.first(found.num_examples)[..., 0] + 1.0) * 127.5).astype(int)
    return np.array(sorted(images.tolist()))


def check(found, expected):
    np.testing.assert_array_equal(images_of(found), sorted(np.asarray(expected, int).tolist()))


@pytest.mark.parametrize("limit", [10**6, 0])
def test_twelve_bits_are_as_bright_as_in_a_file_of_twelve(limit, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(source, "IN_MEMORY_BYTES", limit)
    photos = write(tmp_path / "photos", DEEP)
    found = load_dataset(photos)
    check(found, DEEP >> 4)
    assert found.bit_depths == {"image": 12}
    assert capsys.readouterr().out == (
        f"{photos}: its 16-bit images use 12 bits (all samples are below 4,096), so 0 to 4,095 "
        "becomes black to white. --bit_depth=16 takes them as they are.\n"
    )
    check(load_dataset(photos, bit_depth=16), DEEP >> 8)
    check(load_dataset(photos, bit_depth=10), np.minimum(DEEP >> 2, 255))  # Brighter is white.
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("largest", "bits"), [(8191, 13), (8192, 16), (65535, 16), (1000, 10), (60, 8), (0, 16)]
)
def test_one_scale_for_the_set_by_its_largest_sample(largest, bits, tmp_path, capsys):
    deep = np.minimum(DEEP[:4], largest)
    deep[1, 2, 3] = largest
    found = load_dataset(write(tmp_path / "photos", deep))
    check(found, deep >> (bits - 8))
    assert found.bit_depth == bits
    assert ("bits (all samples" in capsys.readouterr().out) == (bits < 16)


def test_files_of_eight_bits_and_bad_files_beside_them_are_left_alone(tmp_path):
    photos = write(tmp_path / "photos", DEEP.repeat(9, axis=0))
    plain = np.arange(16, dtype=np.uint8).reshape(4, 4)
    Image.fromarray(plain).save(tmp_path / "photos/000.png")
    (tmp_path / "photos/001.png").write_bytes(b"no image")
    found = load_dataset(photos, on_bad_image="skip")
    assert found.num_examples == 109
    check(found, [plain, *(DEEP.repeat(9, axis=0) >> 4)])


def test_colors_of_few_bits_are_refused_since_pillow_cuts_them(tmp_path):
    from tests.test_image_kinds import png as color_png

    row = (DEEP[0].ravel()[:12] | 2048).byteswap().tobytes()
    (tmp_path / "a.png").write_bytes(color_png(16, 2, [row]))
    with pytest.raises(UserError, match="have 16 bits and use only 12 of them, of which Pillow"):
        load_dataset(str(tmp_path))
    found = load_dataset(str(tmp_path), bit_depth=16)
    expected = (DEEP[0].ravel()[:12] | 2048).reshape(1, 1, 4, 3) >> 8
    np.testing.assert_array_equal(found.tensors["image"], expected)


def test_two_domains_have_a_scale_each(tmp_path):
    a, b = write(tmp_path / "a", DEEP), write(tmp_path / "b", DEEP >> 2)
    found = load_dataset(a, target=b)
    assert found.bit_depths == {"a": 12, "b": 10}
    check(found.part("b"), DEEP >> 4)
    found = load_dataset(a, target=b, bit_depth={"a": 13, "b": 12})
    check(found.part("a"), DEEP >> 5)
    check(found.part("b"), DEEP >> 6)


def test_a_run_keeps_its_scale(tmp_path):
    """A resumed run, and an evaluation, do not look for another one when the data got darker."""
    photos = write(tmp_path / "photos", DEEP, ["tif"])
    config = {
        "model": "gan", "dataset": photos, "channels": 1, "batch_size": 4,
        "run_dir": str(tmp_path / "run"),
        "model_arg": ("latent_dim=2", "generator_units=3", "discriminator_units=3"),
    }  # fmt: skip
    train(Config(**config, steps=1))
    record = json.loads((tmp_path / "run/config.json").read_text())
    assert record["bit_depths"] == {"image": 12} and record["config"]["bit_depth"] is None
    write(tmp_path / "photos", DEEP >> 2, ["tif"])
    train(Config(**config, steps=2))
    assert json.loads((tmp_path / "run/config.json").read_text()) == {
        **record, "config": {**record["config"], "steps": 2}
    }  # fmt: skip
    real = real_data_of(evaluate.Options(run_dir=(config["run_dir"],)))
    check(real.source, DEEP >> 6)
    # Another dataset, and what is held out, have one scale: that of what is judged against.
    bright = write(tmp_path / "bright", DEEP << 1, ["tif"])
    dark = write(tmp_path / "dark", DEEP >> 2, ["tif"])
    options = {"run_dir": (config["run_dir"],), "dataset": bright, "held_out": dark}
    real = real_data_of(evaluate.Options(**options))
    check(real.source, DEEP >> 4)
    check(real.held_out, DEEP >> 7)
    with pytest.raises(UserError, match="--bit_depth is for another --dataset than the run's"):
        real_data_of(evaluate.Options(run_dir=(config["run_dir"],), bit_depth=16))


def test_translations_are_scaled_like_the_data(monkeypatch, tmp_path):
    loaded = (Translator(), {"class_names": None, "bit_depths": {"a": 12}})
    monkeypatch.setattr("keras_gan.runs.directory.load_run", lambda *_: loaded)
    Image.fromarray(DEEP[0]).save(tmp_path / "a.png")
    main(f"--images={tmp_path}/a.png", f"--output={tmp_path}/out")
    expected = np.repeat(255 - (DEEP[0] >> 4)[..., np.newaxis], 3, axis=2)
    np.testing.assert_array_equal(png(tmp_path / "out/a.png"), expected)
