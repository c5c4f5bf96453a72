"""Held-out examples: another split, or of a folder another folder."""

import shutil

import numpy as np

from keras_gan.commands import evaluate
from keras_gan.drawing import pictures
from tests.runs import command_fails

PIXELS = "--features=pixels"


def test_held_out_examples_are_a_column(finished, tmp_path, capsys):
    run_dir = shutil.copytree(finished, tmp_path / "run")
    evaluate.main(["evaluate.py", f"--run_dir={run_dir}", "--held_out=test", PIXELS])
    told = capsys.readouterr().out
    header = next(line for line in told.splitlines() if line.endswith("better"))
    assert header.split() == [str(run_dir), "digits", "(test)", "better"]
    assert "Judging real examples of digits (test): 360 against 360" in told
    assert "do not compare" not in told
    message = command_fails(
        capsys, evaluate.main, f"--run_dir={run_dir}", "--held_out=train", PIXELS
    )
    assert "--held_out must be another split or folder than that judged against or tr" in message
    trained = [f"--run_dir={run_dir}", "--split=test", PIXELS]
    for split in ("train", "all"):
        message = command_fails(capsys, evaluate.main, *trained, f"--held_out={split}")
        assert f"or trained on. Received: {split}." in message


def write_images(folder, count, seed):
    folder.mkdir(parents=True, exist_ok=True)
    draws = np.random.default_rng(seed).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    for number, image in enumerate(draws):
        (folder / f"{seed}_{number}.png").write_bytes(pictures.png(image))


def test_a_folder_is_held_out_of_a_folder(tmp_path, capsys):
    for seed, name in enumerate(("photos/a", "photos/b", "others/a", "others/b", "flat")):
        write_images(tmp_path / name, 12, seed)
    flags = [f"--dataset={tmp_path}/photos", f"--images={tmp_path}/flat", PIXELS]
    write_images(tmp_path / "near/a", 12, 0)  # Those of photos, in both classes.
    write_images(tmp_path / "near/b", 12, 1)
    found = {}
    for name in ("others", "near"):
        options = evaluate.Options(
            dataset=f"{tmp_path}/photos", images=f"{tmp_path}/flat", features="pixels",
            held_out=f"{tmp_path}/{name}", num_samples=12,
        )  # fmt: skip
        judged, _ = evaluate.evaluate(options)
        found[name] = judged[f"photos ({tmp_path}/{name})"].values["copies"]
    assert found == {"others": 0.0, "near": 1.0}
    for held_out, message in (
        ("test", "which has no splits: --held_out must be another folder of images. Received: te"),
        (f"{tmp_path}/photos/", "another split or folder than that judged against or trained"),
        ("", "which has no splits"),
        (f"{tmp_path}/flat", "missing classes are a, b and the additional ones are none"),
    ):
        assert message in command_fails(capsys, evaluate.main, *flags, f"--held_out={held_out}")
