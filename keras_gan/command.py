"""What every command does around its work: parse, be quiet, report mistakes."""

import contextlib
import importlib
import os
import signal
import sys
import tempfile
import traceback

from keras_gan import options as flags
from keras_gan.distribution import cluster
from keras_gan.distribution.signals import interrupts_at_once
from keras_gan.errors import UserError
from keras_gan.runs import lock


def run(options_class, description, work, argv=None, holds_run=False):
    """Parses `argv` into `options_class` and calls `work` with the result.

    A `UserError` becomes one line on standard error and exit status 1, so that
    a user's mistake never shows a traceback; anything else is a defect of the
    package and keeps its traceback.

    Args:
        options_class: Dataclass of options, see `options.option`.
        description: First lines of `--help`.
        work: Called with the parsed options.
        argv: Program name and arguments. Default: those of the process.
        holds_run: Whether the command writes into `options.directory`. It then
            holds that before TensorFlow is imported, unless another process of
            its cluster does so.
    """
    argv = sys.argv if argv is None else argv
    processes, status = cluster.ALONE, 0
    try:
        options = flags.parse(options_class, argv)
        if options is None:
            print(flags.usage(options_class, description))
            return
        if holds_run:
            processes = cluster.of_strategy(options.strategy)
        holds = holds_run and processes.is_chief
        with lock.hold(options.directory) if holds else contextlib.nullcontext():
            import_tensorflow()
            work(options)
    except UserError as error:
        print(f"{os.path.basename(argv[0])}: error: {error}", file=sys.stderr)
        status = 1
    except BrokenPipeError:  # The reader of our output, such as `head`, has left.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except SystemExit as leaving:
        status = leaving.code or 0
    except Exception:
        if processes.size == 1:
            raise
        traceback.print_exc()
        status = 1
    if processes.size > 1:
        # TensorFlow's own end waits up to half a minute for workers that have left.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    if status:
        sys.exit(status)


def import_tensorflow():
    """Imports TensorFlow and Keras without their start-up notices, unless the import fails."""
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with tempfile.TemporaryFile("w+") as notices:
        try:
            with _standard_error_to(notices), interrupts_at_once():
                tensorflow = importlib.import_module("tensorflow")
                importlib.import_module("keras")
        except Exception:
            notices.seek(0)
            sys.stderr.write(notices.read())
            raise
    tensorflow.get_logger().setLevel("ERROR")


@contextlib.contextmanager
def _standard_error_to(file):
    """Redirects file descriptor 2, which TensorFlow's C++ code writes to."""
    sys.stderr.flush()
    saved = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
