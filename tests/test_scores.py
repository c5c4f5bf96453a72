"""Scores while training, and the best checkpoint by one of them."""

import json
import shutil

import numpy as np
import pytest

import export
from keras_gan import callbacks, evaluation, metrics
from keras_gan.callbacks import SaveCheckpoints
from keras_gan.commands import generate
from keras_gan.data import load_dataset
from keras_gan.errors import UserError
from keras_gan.evaluation import classifier, make_extractor
from keras_gan.runs.directory import load_run
from tests.runs import TINY, assert_same_run, fails, fingerprint, rows, run_train, scalar_steps

FLAGS = (*TINY, "--log_every=2", "--evaluate_every=4", "--keep_best=kid", "--features=pixels")


class Scripted(evaluation.SampleScores):
    """A judge whose scores are best at step 12 of 24, and at step 32."""

    def __init__(self, source, features, function):
        self.extractor = make_extractor(features, source.shape, source)

    def __call__(self, model):
        step = int(model.step.numpy())
        return {"kernel_distance": min(abs(step - 12), 3 * abs(step - 32) - 1) / 10.0}

    def check_keeps(self, measure):
        assert measure == "kernel_distance"


RealScores = evaluation.SampleScores


@pytest.fixture(autouse=True)
def scripted(monkeypatch):
    monkeypatch.setattr(evaluation, "SampleScores", Scripted)


def best(run_dir):
    return json.loads((run_dir / "best/best.json").read_text())


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("judged") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "SampleScores", Scripted)
        run_train(run_dir, *FLAGS, "--steps=24")
    return run_dir


def test_scores_are_logged_and_the_best_checkpoint_is_kept(judged):
    scores = {row["step"]: row.get("kernel_distance") for row in rows(judged)}
    assert {step for step, score in scores.items() if score is not None} == {4, 8, 12, 16, 20, 24}
    assert scalar_steps(judged, "evaluation/kernel_distance") == [4, 8, 12, 16, 20, 24]
    assert (best(judged)["step"], best(judged)["score"]) == (12, scores[12])
    model, _ = load_run(judged, "best")
    assert model.step.numpy() == 12
    files = sorted(path.name for path in (judged / "best").glob("step-*"))
    assert files == ["step-12.data-00000-of-00001", "step-12.index"]


def test_a_judge_scores_the_averaged_generator_against_the_same_examples(finished, capsys):
    judge = RealScores(load_dataset("digits"), "pixels")
    model, _ = load_run(finished)
    first = judge(model)
    samples = model.sample(1000, seed=1).reshape(1000, -1)
    real = load_dataset("digits").first(1000).reshape(1000, -1)
    assert first["frechet_distance"] == pytest.approx(metrics.frechet_distance(real, samples))
    assert first["coverage"] == metrics.density_coverage(real, samples).coverage
    model.step.assign(100)
    model.generator.set_weights([0.0 * w for w in model.generator.get_weights()])
    assert judge(model) == first
    average = model.averaged_generator
    average.set_weights([np.nan * w for w in average.get_weights()])
    assert judge(model) == {} == judge(model)
    assert capsys.readouterr().err.count("Warning: samples cannot be evaluated: samples must") == 1


def test_evaluating_leaves_the_training_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation, "SampleScores", RealScores)
    monkeypatch.setattr(classifier, "_STEPS", 20)
    run_train(tmp_path / "without", "--steps=6")
    run_train(tmp_path / "with", "--steps=6", "--evaluate_every=4", "--keep_best=kid")
    assert fingerprint(tmp_path / "without") == fingerprint(tmp_path / "with")
    scores = [row["coverage"] for row in rows(tmp_path / "with") if "coverage" in row]
    assert len(scores) == 1


def test_the_measure_decides_what_is_better():
    assert RealScores.lower_is_better("kernel_distance")
    assert RealScores.lower_is_better("frechet_distance")
    assert not RealScores.lower_is_better("coverage")


def test_a_frechet_distance_of_too_few_examples_keeps_nothing():
    judge = RealScores(load_dataset("digits", image_size="16"), "pixels")
    judge.check_keeps("frechet_distance")
    judge.count = 200  # Of 256 dimensions.
    judge.check_keeps("kernel_distance")
    with pytest.raises(UserError, match="keep_best=fid needs more examples.* Received: 200"):
        judge.check_keeps("frechet_distance")


@pytest.mark.parametrize("cut", [8, pytest.param(12, marks=pytest.mark.soak), 20])
def test_a_cut_run_keeps_the_same_best(judged, tmp_path, cut):
    run_train(tmp_path, *FLAGS, f"--steps={cut}")
    if cut == 8:  # As if it had been killed after a later evaluation and before a checkpoint.
        shutil.copytree(judged / "best", tmp_path / "best", dirs_exist_ok=True)
    run_train(tmp_path, *FLAGS, "--steps=24")
    assert_same_run(judged, tmp_path)
    assert best(judged) == best(tmp_path)
    names = [{path.name for path in (run / "best").iterdir()} for run in (judged, tmp_path)]
    assert names[0] == names[1]


@pytest.mark.parametrize("crash", ["before its score", "before the run's checkpoint"])
def test_a_crash_between_two_files_costs_nothing(judged, tmp_path, monkeypatch, crash):
    class Crash(Exception):
        pass

    def fails_at(step, function):
        def failing(*args, **kwargs):
            if f"step-{step}" in str(args) or f'"step": {step}' in str(args):
                raise Crash
            return function(*args, **kwargs)

        return failing

    flags = (*FLAGS, "--checkpoint_every=4", "--steps=24")
    with monkeypatch.context() as patch:
        if crash == "before its score":
            target, name = callbacks.evaluation, "write_text"
            patch.setattr(target, name, fails_at(12, target.write_text))
        else:
            save = SaveCheckpoints.at_step

            def at_step(self, logs):
                if self.step == 12:
                    raise Crash
                return save(self, logs)

            patch.setattr(SaveCheckpoints, "at_step", at_step)
        with pytest.raises(Crash):
            run_train(tmp_path, *flags)
    run_train(tmp_path, *flags)
    assert best(tmp_path) == best(judged)
    assert load_run(tmp_path, "best")[0].step.numpy() == 12


@pytest.mark.parametrize(
    ("by", "step"), [(None, 12), (["recall", "pixels", "x"], 28), (["kernel_distance"], 28)]
)
def test_scores_by_other_features_or_of_other_measures_do_not_count(
    judged, tmp_path, capsys, by, step
):
    run_dir = shutil.copytree(judged, tmp_path / "run")
    kept = best(run_dir)
    (run_dir / "best/best.json").write_text(json.dumps(kept | {"by": by or kept["by"]}))
    run_train(run_dir, *FLAGS, "--steps=28")  # Step 28 is worse than step 12.
    assert best(run_dir)["step"] == step
    told = capsys.readouterr().out
    assert ("The best checkpoint, of step 12, was chosen by" in told) == (step == 28)


def test_features_belong_to_the_run(judged, capsys):
    message = fails(capsys, *FLAGS, "--features=classifier", "--steps=28", run_dir=judged)
    assert "--features is pixels there, classifier here" in message


def test_commands_take_the_best_or_a_step(judged, tmp_path, capsys):
    run_dir = shutil.copytree(judged, tmp_path / "run")
    average = load_run(run_dir, "best")[0].sample(4)
    for checkpoint in ("best", "12"):
        flags = [f"--run_dir={run_dir}", f"--checkpoint={checkpoint}", "--seeds=0-3"]
        generate.main(["generate.py", *flags, f"--output={tmp_path / 'x.npy'}"])
        seeded = load_run(run_dir, checkpoint)[0].sample_seeds([(seed, 0) for seed in range(4)])
        assert np.array_equal(np.load(tmp_path / "x.npy"), seeded)
    assert np.array_equal(average[0], seeded[0])
    flags = ["--formats=onnx", f"--export_dir={tmp_path / 'out'}", "--checkpoint=best"]
    export.main(["export.py", f"--run_dir={run_dir}", *flags])
    card = (tmp_path / "out/onnx/1/model_card.md").read_text()
    assert "| training | 12 steps, " in card


def test_mistakes(capsys):
    message = fails(capsys, "--evaluate_every=3")
    assert "--evaluate_every must be a multiple of --log_every=2. Received: 3" in message
    assert "without --evaluate_every. Add --evaluate_every=20" in fails(capsys, "--keep_best=fid")
    assert "--keep_best must be one of kid, fid" in fails(capsys, "--keep_best=density")
    message = fails(capsys, "--evaluate_every=2", "--features=vgg")
    assert "--features must be inception, classifier, pixels or module:function" in message
