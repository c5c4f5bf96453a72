"""What the benchmark computes. How fast things are is measured by hand, not tested."""

import json

import pytest

from benchmarks import __main__ as command
from benchmarks import counting, report, row, runner
from benchmarks.row import Comparison, Row, Subject
from benchmarks.runner import Result
from keras_gan import models


def test_multiply_adds_by_hand():
    """16x16x1, two levels from 4x4, 2 and 4 channels, kernel 3, latents of 5."""
    model = models.get("dcgan")((16, 16, 1), latent_dim=5, width=2, kernel_size=3)
    # To 8x8 and 4x4: each output pixel of each channel takes a kernel of 3x3 and all channels.
    d = [8 * 8 * 2 * (9 * 1), 4 * 4 * 4 * (9 * 2), 4 * 4 * 4]
    # The projection to 4x4x4; then each input pixel gives a kernel of 3x3 to all channels.
    g = [5 * 4 * 4 * 4, 4 * 4 * 4 * (9 * 2), 8 * 8 * 2 * (9 * 1)]
    assert counting.forward(model.discriminator) == d == [1152, 1152, 64]
    assert counting.forward(model.generator) == g == [320, 1152, 1152]
    d_forward, d_kernels, d_inputs = 2 * (1152 + 1152 + 64), 2 * (1152 + 1152 + 64), 2 * (1152 + 64)
    through_d = (1152 + 1152 + 64) + (1152 + 1152 + 64)
    g_forward, g_kernels, g_inputs = 320 + 1152 + 1152, 320 + 1152 + 1152, 1152 + 1152
    by_hand = d_forward + d_kernels + d_inputs + through_d + g_forward + g_kernels + g_inputs
    assert counting.dcgan_step_multiply_adds(model.generator, model.discriminator) == by_hand


def test_layers_that_cannot_be_counted_are_refused():
    model = models.get("gan")((2,), latent_dim=2, generator_units=(3,), discriminator_units=(3,))
    with pytest.raises(ValueError, match="Maxout"):
        counting.forward(model.discriminator)


ROW = Row(
    "race",
    "A race",
    "images/s",
    (
        Subject("ours", "m:f"),
        Subject("slow", "m:f"),
        Subject("fast", "m:f"),
        Subject("lost", "m:f"),
    ),
    (
        Comparison("ours", ("slow", "fast", "lost"), at_least=1.5),
        Comparison("ours", ("lost",), at_least=1.0),
        Comparison("slow", at_most=10.0),
    ),
)
RESULTS = [
    Result("ours", [1800.0, 1200.0, 2000.0], {"multiply_adds": 7}, 512.0),
    Result("slow", [9.0, 10.0, 11.0], {}, 100.0),
    Result("fast", [1000.0, 1000.0, 1000.0], {}, 100.0),
    Result("lost", error="not measured: torch missing; pip install -e '.[bench]'"),
]


def test_lines_of_json():
    subjects = report.subject_lines(ROW, RESULTS)
    assert json.loads(json.dumps(subjects[0])) == {
        "row": "race",
        "subject": "ours",
        "unit": "images/s",
        "median": 1800.0,
        "rounds": [1800.0, 1200.0, 2000.0],
        "peak_megabytes": 512.0,
        "multiply_adds": 7,
    }
    assert "bench" in subjects[3]["error"] and "median" not in subjects[3]
    # The best of the peers that were measured; without any there is no comparison.
    best, absolute = report.comparison_lines(ROW, RESULTS)
    assert best["peer"] == "fast"
    assert best["median_ratio"] == best["ratio_of_medians"] == 1.8 and best["reached"]
    assert absolute["reached"] and "peer" not in absolute
    context = report.context()
    assert set(context) == {"date", "machine", "versions"}
    assert context["machine"]["cores"] >= 1 and context["versions"]["tensorflow"]
    json.dumps(context)


def test_markdown():
    lines = report.markdown(ROW, RESULTS)
    assert lines[:3] == ["### race", "", "A race."]
    assert "| ours | 1,800 | 1,200 to 2,000 | 512 MB |" in lines
    assert "| lost | | not measured: torch missing; pip install -e '.[bench]' | |" in lines
    assert "| ours / fast | 1.80 | 1.80 | at least 1.5 | yes |" in lines
    assert "| slow |  |  | at most 10 images/s | yes |" in lines
    cells = {line.count("|") for line in lines if line.startswith("|")}
    assert cells == {5, 6}


def test_cost_has_a_table_of_its_own():
    cost = row.all_rows()["cost"]
    facts = {"multiply_adds": 64_000_000_000}
    table = cost.table([Result("32x32, batch 64", [640.0], facts, 700.0)])
    assert table[-1] == "| 32x32 | 64 | 100 | 64.00 G | 640.0 | 700 MB |"


def test_rows_are_chosen_by_name(capsys):
    rows = row.all_rows()
    assert [chosen.name for chosen in row.choose(["dcgan_step"])] == ["dcgan_step"]
    assert {chosen.name for chosen in row.choose([])} == set(rows) - {"cost"}
    for known in rows.values():
        names = [subject.name for subject in known.subjects]
        assert len(set(names)) == len(names)
        for comparison in known.comparisons:
            assert {comparison.subject, *comparison.peers} <= set(names)
    with pytest.raises(SystemExit) as exit:
        command.main(["dcgan_stepp"])
    assert exit.value.code == 2
    error = capsys.readouterr().err
    assert "no row 'dcgan_stepp'" in error and "'dcgan_step'" in error and "pipeline" in error


def test_missing_peers_and_broken_ones_leave_the_others(capsys):
    # A module that does not exist stands for one that fails.
    made = Row(
        "made",
        "Made up",
        "s",
        (
            Subject("absent", "m:f", needs=("no_such_module",)),
            Subject("broken", "no_such_module:f"),
        ),
    )
    absent, broken = runner.measure(made, rounds=1)
    assert "no_such_module missing" in absent.error and ".[bench]" in absent.error
    assert "No module named 'no_such_module'" in broken.error
    assert "Traceback" in capsys.readouterr().err
    assert report.markdown(made, [absent, broken])


def test_networks_must_be_the_same():
    same = [Result("a", facts={"weights": [1, 2]}), Result("b", facts={})]
    runner._check_same_work(ROW, same)
    with pytest.raises(RuntimeError, match="not the same"):
        runner._check_same_work(ROW, [*same, Result("c", facts={"weights": [1, 3]})])
