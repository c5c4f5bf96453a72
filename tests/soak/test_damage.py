"""One bit flipped anywhere in a checkpoint: the right values, or those of the one before."""

import pathlib
import random

import pytest

from keras_gan.runs.checkpoints import Checkpoints
from tests.conftest import build, same, values
from tests.test_checkpoints import everything

pytestmark = pytest.mark.soak
FLIPS = 4000  # In a file; all of its bytes if it is smaller.


def test_one_flipped_bit(tmp_path, capsys):
    model = build("gan", (3,))
    model.compile()
    checkpoints, states = Checkpoints(str(tmp_path)), []
    for step in (5, 6):
        for variable in everything(model):
            variable.assign(variable + 1)
        checkpoints.save(model, step, keep_last=2)
        states.append(values(everything(model)))
    before, newest = states
    moments, counts = random.Random(0), {}
    for file in sorted(tmp_path.glob("step-6.*")):
        data = pathlib.Path(file).read_bytes()
        for place in moments.sample(range(len(data)), min(len(data), FLIPS)):
            bit = 1 << moments.randrange(8)
            file.write_bytes(data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :])
            checkpoints.restore(model)
            now = values(everything(model))
            assert (right := same(now, newest)) or same(now, before), (file.name, place, bit)
            counts[file.name, right] = counts.get((file.name, right), 0) + 1
        file.write_bytes(data)
    with capsys.disabled():
        for (name, right), count in counts.items():
            print(f"\n{name}: {count} flips gave the {'right values' if right else 'one before'}")
