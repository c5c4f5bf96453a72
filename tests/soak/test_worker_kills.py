"""Workers killed at random moments: the others end by themselves, and all can go on."""

import random
import subprocess
import time

import pytest

from tests.runs import assert_same_run, ends, start_process, start_workers

pytestmark = pytest.mark.soak
KILLS, STEPS = 12, "--steps=200"
WITHIN = 15  # Seconds: at once in training, by a heartbeat of ten seconds before.


def test_workers_killed_at_random_moments(tmp_path, capsys):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    statuses, errors = ends(start_workers(whole, STEPS, start=start_process))
    assert statuses == [0, 0], errors
    draw, waits = random.Random(0), []
    for _ in range(KILLS):
        processes = start_workers(killed, STEPS, start=start_process, stdout=subprocess.PIPE)
        for process in processes:
            while "all workers are connected" not in process.stdout.readline():
                assert process.poll() is None
        time.sleep(draw.uniform(0.0, 8.0))
        victim, other = draw.sample(processes, 2)
        victim.kill()
        start = time.monotonic()
        (status,), (error,) = ends([other])
        waits.append(time.monotonic() - start)
        assert status == 1 and "Another worker has ended" in error, error
        assert waits[-1] < WITHIN
        victim.communicate()
    statuses, errors = ends(start_workers(killed, STEPS, start=start_process))
    assert statuses == [0, 0], errors
    assert_same_run(whole, killed)
    with capsys.disabled():
        print(f"\n{KILLS} kills; the other ended after {', '.join(f'{w:.1f}' for w in waits)} s")
