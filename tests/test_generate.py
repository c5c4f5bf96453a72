"""`python -m keras_gan.generate`: what lies between seeds."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan import latent_space
from keras_gan.commands import generate
from keras_gan.drawing import pictures
from keras_gan.runs.directory import load_run
from tests.runs import command_fails


def written(finished, path, *flags):
    generate.main(["generate.py", f"--run_dir={finished}", f"--output={path}", *flags])
    return np.load(path) if path.suffix == ".npy" else tf.io.decode_png(path.read_bytes()).numpy()


@pytest.fixture(scope="module")
def model(finished):
    return load_run(finished)[0]


def latents(model, *seeds):
    return model.seeded_latents([(seed, 0) for seed in seeds])


def test_a_walk_passes_through_the_seeds_on_the_sphere(finished, model, tmp_path):
    samples = written(finished, tmp_path / "walk.npy", "--seeds=4,9,2", "--walk=3")
    assert samples.shape == (5, 8, 8, 1)
    np.testing.assert_allclose(samples[::2], model(latents(model, 4, 9, 2)), atol=1e-6)
    between = latent_space.interpolate(*latents(model, 4, 9), 3, spherical=True)
    np.testing.assert_allclose(samples[:3], model(between), atol=1e-6)
    picture = written(finished, tmp_path / "walk.png", "--seeds=4,9,2", "--walk=3")
    assert picture.shape == (18, 28, 1)  # 4, between, white; 9, between, 2
    assert (picture[:8, 20:] == 255).all()
    shown = [picture[10 * r : 10 * r + 8, 10 * c : 10 * c + 8] for r, c in ((0, 0), (1, 0), (1, 2))]
    close = np.abs(np.stack(shown).astype(int) - pictures.to_bytes(samples[::2]))
    assert close.max() <= 1
    assert len(list(tmp_path.iterdir())) == 2


def test_arithmetic_shows_each_concept_its_mean_and_the_result(finished, model, tmp_path):
    flags = ("--seeds=1,2,3", "--minus=4", "--plus=5-6")
    sample = written(finished, tmp_path / "sum.npy", *flags)
    means = [latents(model, *seeds).mean(axis=0) for seeds in ((1, 2, 3), (4,), (5, 6))]
    result = model((means[0] - means[1] + means[2])[np.newaxis])
    np.testing.assert_allclose(sample, result, atol=1e-6)
    picture = written(finished, tmp_path / "sum.png", *flags)
    assert picture.shape == (4 * 8 + 3 * 2, 4 * 8 + 3 * 2, 1)
    cells = [
        [picture[10 * r : 10 * r + 8, 10 * c : 10 * c + 8] for c in range(4)] for r in range(4)
    ]
    shown = pictures.to_bytes(np.asarray(model(np.stack([*latents(model, 1, 2, 3), means[0]]))))
    near = np.abs(np.stack(cells[0]).astype(int) - shown.astype(int))
    assert near.max() <= 1
    white = [(r, c) for r in range(4) for c in range(4) if (cells[r][c] == 255).all()]
    assert white == [(1, 2), (1, 3), (2, 3), (3, 1), (3, 2), (3, 3)]


def test_a_walk_as_single_files(finished, tmp_path):
    generate.main(
        [
            "generate.py",
            f"--run_dir={finished}",
            f"--output={tmp_path}/w",
            "--seeds=0,1",
            "--walk=2",
        ]
    )
    names = [path.name for path in sorted((tmp_path / "w").iterdir())]
    assert names == ["step_00000000.png", "step_00000001.png"]


def test_files_are_counted_once(finished, tmp_path, capsys):
    for path, said in ((tmp_path / "x", "2 samples of"), (tmp_path / "x.npy", "4 samples of")):
        flags = [f"--run_dir={finished}", f"--output={path}", "--seeds=3,3,5,3"]
        generate.main(["generate.py", *flags])
        assert said in capsys.readouterr().out
    assert len(list((tmp_path / "x").iterdir())) == 2
    assert len(np.load(tmp_path / "x.npy")) == 4


def test_mistakes(finished, capsys):
    def message(*flags):
        return command_fails(capsys, generate.main, f"--run_dir={finished}", *flags)

    assert "--minus and --plus go together" in message("--minus=1")
    assert "--minus and --plus go together" in message("--minus=1", "--plus=2", "--walk=3")
    assert "--walk needs at least two --seeds. Received: 5." in message("--seeds=5", "--walk=3")
    assert "--minus must be like 0-63" in message("--minus=", "--plus=1")
    assert "--walk must be at least 2" in message("--walk=1")
    assert "--plus must be like 0-63" in message("--minus=1", "--plus=x")
