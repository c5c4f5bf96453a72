"""Scores while training, and the best checkpoint by one of them."""

import json
import shutil

import numpy as np
import pytest

import export
from keras_gan import evaluation, generate
from keras_gan.callbacks import KeepBest
from keras_gan.checkpoints import Checkpoints
from keras_gan.data import load_dataset
from keras_gan.evaluation import make_extractor
from keras_gan.run_directory import load_run
from tests.runs import TINY, assert_same_run, fails, rows, run_train, scalar_steps

FLAGS = (*TINY, "--log_every=2", "--evaluate_every=4", "--keep_best=kid", "--features=pixels")


class Scripted:
    """A judge whose scores are best at step 12 of 24, and at step 32."""

    def __init__(self, source, features):
        self.extractor = make_extractor(features, source.shape, source)

    def __call__(self, model):
        step = int(model.step.numpy())
        return {"kernel_distance": min(abs(step - 12), 3 * abs(step - 32) - 1) / 10.0}


@pytest.fixture(autouse=True)
def scripted(monkeypatch):
    monkeypatch.setattr(evaluation, "Judge", Scripted)


def best(run_dir):
    return json.loads((run_dir / "best/best.json").read_text())


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("judged") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation, "Judge", Scripted)
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


def test_a_judge_scores_the_averaged_generator_against_the_same_examples(finished):
    judge = evaluation.judge.Judge(load_dataset("digits"), "pixels")
    model, _ = load_run(finished)
    first = judge(model)
    assert {"frechet_distance", "kernel_distance", "precision", "recall"} <= set(first)
    assert judge(model) == first
    model.generator.set_weights([0.0 * w for w in model.generator.get_weights()])
    assert judge(model) == first
    average = model.averaged_generator
    average.set_weights([np.nan * w for w in average.get_weights()])
    assert judge(model) == {}


@pytest.mark.parametrize("cut", [8, 12, 20])
def test_a_cut_run_keeps_the_same_best(judged, tmp_path, cut):
    run_train(tmp_path, *FLAGS, f"--steps={cut}")
    if cut == 8:  # As if it had been killed after a later evaluation and before a checkpoint.
        shutil.copytree(judged / "best", tmp_path / "best", dirs_exist_ok=True)
    run_train(tmp_path, *FLAGS, "--steps=24")
    assert_same_run(judged, tmp_path)
    assert best(judged) == best(tmp_path)
    names = [{path.name for path in (run / "best").iterdir()} for run in (judged, tmp_path)]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    ("change", "step"), [({}, 12), ({"extractor": "another"}, 28), ({"measure": "recall"}, 28)]
)
def test_scores_by_other_features_or_of_other_measures_do_not_count(judged, tmp_path, change, step):
    run_dir = shutil.copytree(judged, tmp_path / "run")
    (run_dir / "best/best.json").write_text(json.dumps(best(run_dir) | change))
    run_train(run_dir, *FLAGS, "--steps=28")  # Step 28 is worse than step 12.
    assert best(run_dir)["step"] == step


def test_larger_is_better_for_shares(tmp_path):
    checkpoints = Checkpoints(str(tmp_path))
    keep = KeepBest(checkpoints, "precision", "features")
    keep.score = 0.5
    assert keep._is_better(0.6) and not keep._is_better(0.4)
    keep = KeepBest(checkpoints, "fid", "features")
    keep.score = 0.5
    assert keep._is_better(0.4) and not keep._is_better(0.6)


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
    assert "add --evaluate_every, such as 20" in fails(capsys, "--keep_best=fid")
    assert "--keep_best must be one of kid, fid" in fails(capsys, "--keep_best=psnr")
    message = fails(capsys, "--evaluate_every=2", "--features=vgg")
    assert "--features must be inception, classifier, pixels or module:function" in message
