"""`python -m keras_gan.translate`: image files through a function, and generate beside it."""

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.commands import generate, translate
from keras_gan.drawing import pictures
from tests.conftest import build
from tests.runs import command_fails
from tests.toys import Speaker, Translator


@pytest.fixture
def run(monkeypatch):
    """Lets the commands load a model."""

    def load(model):
        loaded = (model, {"class_names": None})
        monkeypatch.setattr("keras_gan.runs.directory.load_run", lambda *_: loaded)

    return load


def write(path, height, width, channels=3, seed=0):
    draws = np.random.default_rng(seed)
    image = draws.integers(0, 256, (height, width, channels), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pictures.png(image))
    return image


def png(path):
    return tf.io.decode_png(path.read_bytes()).numpy()


def main(*flags):
    translate.main(["translate", "--run_dir=runs/x", *map(str, flags)])


def test_each_image_at_its_own_size(run, tmp_path, capsys):
    run(Translator())
    first = write(tmp_path / "in/a.png", 5, 7)
    grey = write(tmp_path / "in/b.png", 4, 3, 1)
    (tmp_path / "in/c.JPG").write_bytes(tf.io.encode_jpeg(np.zeros((6, 6, 3), np.uint8)).numpy())
    main(f"--images={tmp_path}/in", f"--output={tmp_path}/out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png", "c.png"]
    np.testing.assert_array_equal(png(tmp_path / "out/a.png"), 255 - first)
    np.testing.assert_array_equal(png(tmp_path / "out/b.png"), 255 - np.repeat(grey, 3, axis=2))
    assert png(tmp_path / "out/c.png").min() >= 250
    told = capsys.readouterr().out
    assert told == f"3 images by a_to_b of runs/x: {tmp_path}/out\n"


def test_one_file_by_a_named_function(run, tmp_path):
    run(Translator())
    write(tmp_path / "a.png", 5, 7)
    main("--function=b_to_a", f"--images={tmp_path}/a.png", f"--output={tmp_path}/out")
    assert png(tmp_path / "out/a.png").shape == (10, 14, 3)


def test_folders_in_the_folder_stay_apart(run, tmp_path):
    run(Translator())
    for name in ("in/x/1.png", "in/y/1.png"):
        write(tmp_path / name, 2, 2)
    main(f"--images={tmp_path}/in", f"--output={tmp_path}/out")
    assert (tmp_path / "out/x/1.png").exists() and (tmp_path / "out/y/1.png").exists()


def test_mistakes_of_translate(run, tmp_path, capsys):
    def message(*flags):
        return command_fails(capsys, translate.main, "--run_dir=x", *map(str, flags))

    place = f"--output={tmp_path}/out"
    run(Translator())
    write(tmp_path / "in/a.png", 5, 7)
    assert "--images is needed" in message(place)
    assert "--output is needed" in message(f"--images={tmp_path}")
    assert "must be an image file or a folder" in message("--images=nothing", place)
    folder = f"--images={tmp_path}/in"
    assert "must be another folder" in message(folder, f"--output={tmp_path}/in")
    assert "has the functions a_to_b, b_to_a. Received: c" in message(folder, place, "--function=c")
    (tmp_path / "in/b.png").write_bytes(b"no image")
    assert f"Cannot read the image {tmp_path}/in/b.png: " in message(folder, place)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.png"]
    (tmp_path / "in/b.png").rename(tmp_path / "in/a.jpg")
    assert "different names, whatever their endings" in message(folder, place)
    (tmp_path / "in/a.jpg").unlink()
    (tmp_path / "file").write_text("")
    assert "Cannot write" in message(folder, f"--output={tmp_path}/file")
    run(build("gan", (8, 8, 1)))
    assert "Received: GAN, which has sample. To sample it use" in message(folder, place)


def generate_fails(capsys, *flags):
    return command_fails(capsys, generate.main, "--run_dir=runs/x", *flags)


def test_generate_names_translate(run, capsys):
    run(Translator())
    message = generate_fails(capsys, "--function=b_to_a")
    assert "python -m keras_gan.translate --run_dir=runs/x --function=b_to_a --images" in message
    assert "a_to_b is no function of seeds" in generate_fails(capsys)


def test_tokens_are_printed_or_written(run, tmp_path, capsys):
    model = Speaker()
    run(model)
    port, expected = model.function().output, model.sample_seeds([(3, 0), (5, 0)])
    flags = ["generate", "--run_dir=runs/x", "--seeds=3,5"]
    generate.main(flags)
    assert capsys.readouterr().out.splitlines() == port.text(expected)
    generate.main([*flags, f"--output={tmp_path}/x.txt"])
    assert (tmp_path / "x.txt").read_text().splitlines() == port.text(expected)
    generate.main([*flags, f"--output={tmp_path}/x.npy"])
    assert np.array_equal(np.load(tmp_path / "x.npy"), expected)
    assert f"2 samples of runs/x: {tmp_path}/x.npy" in capsys.readouterr().out
    assert "These samples are texts" in generate_fails(capsys, "--output=x.png")
    assert "--walk needs a function from latents to images" in generate_fails(capsys, "--walk=3")
    message = generate_fails(capsys, "--minus=1", "--plus=2")
    assert "--minus needs a function from latents to images or vectors. Received: sample" in message


def test_images_are_no_texts(run, capsys):
    run(build("gan", (8, 8, 1)))
    message = generate_fails(capsys, "--output=x.txt")
    assert "These samples are images: expected a .png" in message
    assert "has the functions sample. Received: x" in generate_fails(capsys, "--function=x")
