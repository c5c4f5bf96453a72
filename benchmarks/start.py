"""Times `train.py` from the start of its process."""

import os
import subprocess
import sys
import tempfile
import time


def help():
    """Measures how long `--help` takes, in seconds."""

    def measure():
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "train.py", "--help"], check=True, stdout=subprocess.DEVNULL
        )
        return time.perf_counter() - start

    measure()  # Fills the disk's cache.
    return measure, {}


def first_step():
    """Measures the time to the first step of the default run, in seconds.

    The step counts as done when its numbers are in the log, which the command
    writes after a grid of samples; the rest of the run is not measured.
    """

    def measure():
        with tempfile.TemporaryDirectory() as directory:
            run_dir = os.path.join(directory, "run")
            log = os.path.join(run_dir, "metrics.jsonl")
            start = time.perf_counter()
            command = ["train.py", "--flagfile=dcgan.flags", "--steps=1", f"--run_dir={run_dir}"]
            process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
            while not (os.path.exists(log) and os.path.getsize(log)):
                if process.poll():
                    raise RuntimeError(f"train.py ended with status {process.returncode}.")
                time.sleep(0.005)
            seconds = time.perf_counter() - start
            process.wait()
        return seconds

    measure()
    return measure, {}
