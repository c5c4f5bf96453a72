"""Stacked digits: the data, the rows, the judge, and their section of the document."""

import concurrent.futures

import numpy as np
import pytest

from benchmarks.mode_coverage import __main__ as benchmark
from benchmarks.mode_coverage import digits, protocols, record, stacked, training
from benchmarks.mode_coverage.stacked_digits import RealSampler, StackedDigits, coverage
from keras_gan import models
from keras_gan.data.source import ArraySource

DIGITS = 50


def plain_digits():
    """Digits of one grey each, by which `told` knows them; five of a kind."""
    labels = np.arange(DIGITS) % 10
    images = np.broadcast_to(25 * labels[:, None, None, None], (DIGITS, 4, 4, 1))
    names = tuple(str(digit) for digit in range(10))
    return ArraySource("plain", images.astype(np.uint8), labels, names)


def told(images):
    """The digits of images in [-1, 1]."""
    grey = (np.asarray(images)[:, 0, 0, 0] + 1.0) * 127.5
    return np.round(grey / 25.0).astype(np.int64)


@pytest.fixture(scope="module")
def source():
    return StackedDigits(plain_digits())


def taken(source, count, batch, **given):
    parts = list(source.batches(batch, **given).take(count // batch))
    return [np.concatenate([part[key] for part in parts]) for key in ("image", "label")]


def test_triples_are_a_function_of_the_seed_and_the_position(source):
    assert (source.shape, source.num_classes, source.num_examples) == ((4, 4, 3), 1000, 50**3)
    images, labels = taken(source, 120, 12, seed=3)
    later = taken(source, 60, 30, seed=3, start=60)
    np.testing.assert_array_equal(later[0], images[60:])
    np.testing.assert_array_equal(later[1], labels[60:])
    (part,) = source.batches(60, seed=3, share=(1, 2)).take(1)
    np.testing.assert_array_equal(part["label"], labels[30:60])
    assert (taken(source, 120, 12, seed=4)[1] != labels).mean() > 0.9
    assert images.dtype == np.float32 and labels.dtype == np.int64


def test_labels_are_those_of_the_channels(source):
    images, labels = taken(source, 100, 100)
    digits = [told(images[..., channel : channel + 1]) for channel in range(3)]
    np.testing.assert_array_equal(100 * digits[0] + 10 * digits[1] + digits[2], labels)
    assert source.class_names[labels[0]] == "".join(str(channel[0]) for channel in digits)
    assert not np.array_equal(digits[0], digits[1]) and not np.array_equal(digits[1], digits[2])


def test_real_triples_have_all_modes(source):
    found = coverage(RealSampler(source, seed=1), told, 25_600, 3000)
    assert found.modes == 1000
    assert found.reverse_kl == pytest.approx(999 / 51_200, rel=0.15)


def test_one_mode_alone_is_found():
    class Collapsed:
        def sample(self, count, seed):
            return np.full((count, 4, 4, 3), 2.0 * 75 / 255 - 1.0, np.float32)

    found = coverage(Collapsed(), told, 100, 64)
    assert found == (1, pytest.approx(np.log(1000)))


def discriminator_widths(row):
    model = models.get(row.system)((16, 16, 3), num_classes=1000, **row.arguments)
    assert model.generator.layers[1].units == 4 * 4 * 64
    has_norm = any(v.name == "moving_mean" for v in model.discriminator.variables)
    assert has_norm == row.name.startswith(("vanilla", "unrolled", "pacgan"))
    assert not (has_norm and model.game.pieces.penalty)
    kernels = [v for v in model.discriminator.trainable_variables if v.name == "kernel"]
    return [kernel.shape[-1] for kernel in kernels]


def test_rows_have_the_discriminators_of_the_protocol():
    eighth, quarter, half = (
        {r.name.removesuffix(size): r for r in stacked.rows("digits") if r.name.endswith(size)}
        for size in ("-eighth", "-quarter", "-half")
    )
    assert set(quarter) == set(half) and len(half) == 5
    assert set(half) < set(eighth) and len(eighth) == 9
    for rows, width in ((eighth, 4), (quarter, 8), (half, 16)):
        for name, row in rows.items():
            assert discriminator_widths(row) == [width, 2 * width, 1], name
            assert row.arguments == eighth[name].arguments | {"discriminator_width": width}


def test_r3gan_has_a_row():
    (row,) = (row for row in stacked.rows("digits") if row.name == "r3gan")
    model = models.get(row.system)((16, 16, 3), **row.arguments)
    model.compile(*row.optimizers())
    assert model.generator_optimizer.get_config()["images_per_update"] == stacked.BATCH


@pytest.fixture
def quick(source, places, monkeypatch):
    monkeypatch.setattr(training, "STEPS_IN_A_CALL", 2)
    monkeypatch.setattr(stacked, "SAMPLES", 64)
    monkeypatch.setattr(stacked, "BATCH", 8)
    monkeypatch.setattr(stacked, "stacked", lambda dataset, split="train": source)
    monkeypatch.setattr(stacked, "classifier", lambda dataset: (told, 0.98765))
    return places


def test_a_short_run_has_its_section(quick, capsys):
    benchmark.main(
        ["--protocol=stacked", "--rows=real,vanilla-quarter", "--seeds=1", "--seconds=0.01"]
    )
    assert "stacked-digits: real, seed 0" in capsys.readouterr().err
    real, vanilla = record.read("stacked-digits")
    assert real["modes"] > 50 and real["steps"] == 0
    assert vanilla["steps"] >= 2 and 0.0 <= vanilla["reverse_kl"] <= np.log(1000)
    document = (quick / "MODE_COVERAGE.md").read_text()
    assert "## stacked-digits" in document and "98.77% right" in document
    assert (
        "do not compare with the published ones" in document and "Unrolled, K = 5 | 236" in document
    )
    assert "results/stacked-digits-vanilla-quarter.png" in document
    assert {"## ring", "## stacked-mnist"}.isdisjoint(document.splitlines())


def test_the_notes_of_all_protocols_can_be_written(quick):
    for protocol in protocols.every():
        names = (*protocol.columns, "classifier_accuracy", *digits.halves((8, 8)))
        values = dict.fromkeys(names, 0.5)
        result = {"row": "x", "seed": 0, **values, "seconds": 1.0, "cpu_seconds": 1.5, "steps": 10}
        record.append(protocol.name, result)
    document = record.document(protocols.every())
    assert document.count("The measure is PacGAN's") == 1
    assert document.count("The measure is that of Metz et al. 2017") == 2
    assert "MNIST's 60,000 training digits" in document


def test_lines_of_several_writers_stay_whole(quick):
    def write(writer):
        for seed in range(50):
            record.append("stacked-digits", {"row": str(writer), "seed": seed, "more": "x" * 9000})

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    found = {(result["row"], result["seed"]) for result in record.read("stacked-digits")}
    assert len(found) == 200
