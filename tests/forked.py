"""Processes that start with TensorFlow imported, which takes longer than a tiny run.

They are forked from one process that has imported it and done nothing else, so that each has a
state of its own, like a new interpreter.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile

_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(["keras_gan.commands.training"])


class Forked:
    """Runs a module as `python -m module arguments` would; used like `subprocess.Popen`."""

    def __init__(self, module, *arguments, **environment):
        self._errors = tempfile.NamedTemporaryFile()
        self._process = _SERVER.Process(
            target=_run, args=(module, list(arguments), environment, self._errors.name)
        )
        self._process.start()
        self.pid = self._process.pid

    @property
    def returncode(self):
        return self._process.exitcode

    def poll(self):
        return self._process.exitcode

    def send_signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        self._process.kill()

    def communicate(self, timeout=None):
        """Returns (None, what was written to standard error) when the process has ended."""
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired("python", timeout)
        with self._errors:
            return None, self._errors.read().decode()


def _run(module, arguments, environment, errors):
    os.environ.update(environment)
    for name, number in ((os.devnull, 1), (errors, 2)):
        os.dup2(os.open(name, os.O_WRONLY), number)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
