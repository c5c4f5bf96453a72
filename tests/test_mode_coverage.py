"""The benchmark of mode coverage: its measure, its record, and a short run."""

import json

import numpy as np
import pytest

from benchmarks.mode_coverage import __main__ as benchmark
from benchmarks.mode_coverage import digits, mixtures, protocols, record, training
from keras_gan import models
from keras_gan.data import digits as data_digits
from keras_gan.data import load_dataset


class Sampler:
    """Stands for a model whose samples are given."""

    def __init__(self, samples):
        self.samples = samples

    def sample(self, count, seed):
        return self.samples[:count]


@pytest.mark.parametrize(("protocol", "modes"), [("ring", 8), ("grid", 25)])
def test_a_perfect_sampler(protocol, modes):
    values, picture = mixtures.judge(
        protocol, Sampler(load_dataset(protocol, split="test").first(2500))
    )
    assert values["modes"] == modes
    assert values["high_quality"] == pytest.approx(0.9889, abs=0.006)
    assert values["reverse_kl"] == pytest.approx((modes - 1) / 5000, abs=0.004)
    assert values["width_ratio"] == pytest.approx(1.0, abs=0.02)
    assert picture.shape == (512, 512, 3)


def test_shrunken_and_missing_modes_show_in_the_width():
    centers, deviation = mixtures.mixtures.centers("ring")
    samples = load_dataset("ring", split="test").first(2500).astype(float)
    nearest = ((samples[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    shrunk = centers[nearest] + 0.5 * (samples - centers[nearest])
    ratio = mixtures.width_ratio(shrunk, centers, deviation)
    assert ratio == pytest.approx(0.5 * mixtures.width_ratio(samples, centers, deviation))
    astray = np.concatenate([samples, centers * (1.0 + 10.0 * deviation)])  # Ten deviations out.
    assert mixtures.width_ratio(astray, centers, deviation) == mixtures.width_ratio(
        samples, centers, deviation
    )
    half = samples[nearest < 4]
    assert mixtures.width_ratio(half, centers, deviation) == pytest.approx(0.5, abs=0.02)


def test_rows_are_the_systems_that_take_points():
    found = [row.name for row in mixtures.rows()]
    assert "gan" in found and "dcgan" not in found
    assert set(found) <= set(models.names())


def test_rows_learn_faster_than_papers_but_as_their_notes_say():
    rows = {row.name: row for row in mixtures.rows()}
    rates = {
        name: tuple(round(float(own.learning_rate), 9) for own in rows[name].optimizers())
        for name in ("dragan", "wgan", "unrolled")
    }
    assert rates == {"dragan": (2e-3, 2e-3), "wgan": (5e-4, 5e-4), "unrolled": (3e-3, 3e-4)}
    arguments = {name: row.arguments for name, row in rows.items() if row.arguments}
    assert arguments == {"dragan": {"penalty_weight": 1.0}, "wgan_gp": {"penalty_weight": 0.1}}


def test_the_table_has_means_and_standard_errors(places):
    for seed, modes in enumerate((6, 8)):
        values = dict.fromkeys(mixtures.COLUMNS, 0.5) | {"modes": modes, "reverse_kl": float("nan")}
        record.append(
            "ring",
            {"row": "x", "seed": seed, **values, "seconds": 1.0, "cpu_seconds": 1.5, "steps": 10},
        )
    row = record.table(protocols.get("ring"), record.read("ring"))[-1]
    assert row == "| x | 2 | 7 +- 1 | 0.5 +- 0 | - | 0.5 +- 0 | 1 +- 0 | 1.5 +- 0 | 10 +- 0 |"
    document = record.document(protocols.every())
    assert row in document and "## grid" not in document
    page = record.choosing(protocols.every())
    assert "| x | 7 | 0.5 |  |  |  |  |  |" in page and "## Objectives" in page


def test_documents_show_what_is_recorded():
    assert record.DOCUMENT.read_text() == record.document(protocols.every())
    assert record.CHOOSING.read_text() == record.choosing(protocols.every())


def test_a_short_run_is_done_once(places, monkeypatch, capsys):
    monkeypatch.setattr(training, "STEPS_IN_A_CALL", 2)
    monkeypatch.setattr(mixtures, "BATCH", 8)
    flags = ["--rows=gan", "--protocol=grid", "--seeds=2", "--seconds=0.1"]
    benchmark.main(flags)
    assert capsys.readouterr().err.splitlines() == ["grid: gan, seed 0", "grid: gan, seed 1"]
    lines = (places / "results/grid.jsonl").read_text().splitlines()
    first, second = map(json.loads, lines)
    assert (first["row"], first["seed"], second["seed"]) == ("gan", 0, 1)
    assert first["steps"] >= 2 and first["cpu_seconds"] >= 0.1
    assert "results/grid-gan.png" in (places / "MODE_COVERAGE.md").read_text()
    benchmark.main(flags)
    assert not capsys.readouterr().err
    assert len((places / "results/grid.jsonl").read_text().splitlines()) == 2
    assert np.isfinite(first["width_ratio"])
    assert first["settings"]["seconds"] == 0.1 and first["settings"]["system"] == "gan"
    with pytest.raises(SystemExit):
        benchmark.main([*flags[:3], "--seconds=0.2"])
    assert "the row gan was measured with other settings" in capsys.readouterr().err


def test_digits_against_themselves():
    scanned, _ = data_digits.arrays("all")
    images = np.kron(scanned, np.ones((1, 2, 4, 1))) / 127.5 - 1.0
    expected = scanned.reshape(-1, 64) * (16 / 255)
    np.testing.assert_allclose(digits.grey_levels(images), expected, atol=1e-9)
    real, _ = digits.everything("all", (16, 16))
    values = digits.numbers(real, (16, 16))
    assert values["frechet_distance"] == pytest.approx(0.0, abs=1e-6)
    assert (values["precision"], values["recall"], values["class_variation"]) == (1.0, 1.0, 0.0)
    unseen, labels = digits.everything("test", (16, 16))
    assert digits.numbers(unseen, (16, 16))["memorised"] < 0.02
    training, _ = digits.everything("train", (16, 16))
    assert digits.numbers(training, (16, 16))["memorised"] == 1.0
    half = digits.numbers(unseen[labels < 5], (16, 16))
    assert half["class_variation"] == pytest.approx(0.5, abs=0.02)


def test_rows_that_there_are_not(places, capsys):
    with pytest.raises(SystemExit):
        benchmark.main(["--protocol=ring", "--rows=gan,gam"])
    assert "--rows of ring are" in capsys.readouterr().err
