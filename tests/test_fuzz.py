"""Random and mutated input: it is understood, or the error is a clear line."""

import contextlib
import json
import pathlib
import string

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keras_gan.data import load_dataset
from keras_gan.errors import UserError
from keras_gan.options import parse
from keras_gan.runs.config import Config
from keras_gan.runs.directory import load_run
from tests.test_scan import encoded

ROOT = pathlib.Path(__file__).parent.parent
FLAGFILES = [path.read_text() for path in (ROOT / "dcgan.flags", *ROOT.glob("recipes/*.flags"))]
FORMS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
quick = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@contextlib.contextmanager
def clear_errors():
    """Lets pass a `UserError` of one readable line, and nothing else."""
    try:
        yield
    except UserError as error:
        assert str(error) and "Traceback" not in str(error)
        assert "\n" not in str(error).strip()


@st.composite
def mutated(draw, originals):
    """An original with up to a few bytes changed, removed, repeated or put in."""
    data = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        length = draw(st.sampled_from([0, 1, 1, 2, 8, 100]))
        new = draw(st.binary(max_size=8) | st.just(bytes(data[place : place + length])))
        data[place : place + length] = new
    return bytes(data)


flag_lines = st.builds(
    "--{}={}".format,
    st.sampled_from([*Config.__dataclass_fields__, "flagfile", "help", "nothing"]),
    st.text(alphabet=string.printable, max_size=12) | st.integers().map(str) | st.floats().map(str),
)


@quick
@given(
    st.lists(flag_lines, max_size=4).map(lambda lines: "\n".join(lines).encode())
    | mutated([text.encode() for text in FLAGFILES])
    | st.binary(max_size=60)
)
def test_flagfiles(tmp_path, data):
    (tmp_path / "fuzz.flags").write_bytes(data)
    with clear_errors():
        config = parse(Config, ["train.py", f"--flagfile={tmp_path / 'fuzz.flags'}"])
        assert config is None or Config.from_dict(config.to_dict()) == config


plain = st.none() | st.booleans() | st.integers(-4, 4) | st.floats() | st.text(max_size=4)
json_values = st.recursive(
    plain, lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=4), x, max_size=3)
)


@st.composite
def changed_record(draw, record):
    """The record of a run in which an entry, at any depth, is another value or gone."""
    record = json.loads(record)
    place = record
    while isinstance(place, dict) and place:
        key = draw(st.sampled_from(sorted(place)))
        if not isinstance(place[key], dict) or draw(st.booleans()):
            if draw(st.booleans()):
                place[key] = draw(json_values)
            else:
                del place[key]
            break
        place = place[key]
    return json.dumps(record).encode()


@quick
@given(data=st.data())
def test_records_of_runs(finished, tmp_path, data, capsys):
    original = (finished / "config.json").read_text()
    text = data.draw(
        changed_record(original)
        | mutated([original.encode()])
        | json_values.map(json.dumps).map(str.encode)
    )
    (tmp_path / "config.json").write_bytes(text)
    if not (tmp_path / "checkpoints").exists():
        (tmp_path / "checkpoints").symlink_to(finished / "checkpoints")
    with clear_errors():
        model, _ = load_run(tmp_path)
        assert np.isfinite(model.sample(1)).all()


@quick
@given(
    data=mutated([encoded(form) for form in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")])
)
def test_images(tmp_path, data):
    folder = tmp_path / "images"
    folder.mkdir(exist_ok=True)
    (folder / "fuzz.png").write_bytes(data)
    with clear_errors():
        source = load_dataset(str(folder), image_size="4")
        assert source.shape == (4, 4, 3) and source.num_examples == 1
