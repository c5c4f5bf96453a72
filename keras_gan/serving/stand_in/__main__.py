"""A stand-in for TensorFlow Serving, to try clients of an export without Docker.

It is NOT TensorFlow Serving: it has no security, listens on 127.0.0.1 only, and its
code is simple rather than fast.

    python -m keras_gan.serving.stand_in --export_dir=runs/dcgan/export
"""

import contextlib
import dataclasses
import errno
import importlib.util
import os
import signal
import sys
import threading

from keras_gan import command
from keras_gan.errors import UserError
from keras_gan.options import check_options, option

DESCRIPTION = (
    "Answers TensorFlow Serving's REST and gRPC requests for an export, to try clients without "
    "Docker. It is NOT TensorFlow Serving: it has no security, listens on 127.0.0.1 only, and does "
    "not notice versions that are exported later. In production use the real server."
)


@dataclasses.dataclass(frozen=True)
class Options:
    """What to serve and where."""

    export_dir: str | None = option(
        None, "The folder that export.py wrote, which contains saved_model/1.", path=True
    )
    name: str | None = option(
        None,
        "Name of the model for clients. Default: the name in models.config.",
        pattern=("[^/:]+", "a name without / and :"),
    )
    rest_port: int = option(8501, "Port for REST; 0 for any free port.", lower=0, upper=65535)
    port: int = option(8500, "Port for gRPC; 0 for any free port.", lower=0, upper=65535)
    batching: bool = option(
        False,
        "Merge concurrent requests into batches, with the limits in batching.config, or of 256 "
        "rows and 1 ms. As in TensorFlow Serving, a failing request makes its whole batch fail.",
    )
    rest_api_enable_cors_support: bool = option(
        True,
        "Let web pages, such as examples/gallery.html, read the answers. TensorFlow Serving has "
        "the same flag, off by default.",
    )

    def __post_init__(self):
        check_options(self)
        if not self.export_dir:
            raise UserError("--export_dir is required: give the folder that export.py wrote.")


def serve(options):
    """Serves until SIGINT or SIGTERM.

    Args:
        options: `Options`.

    Returns:
        The signal received.

    Raises:
        UserError: If there is nothing to serve or a port is not available.
    """
    from keras_gan.serving.stand_in.model import Model
    from keras_gan.serving.stand_in.rest import Server

    stopped, received = threading.Event(), []

    def stop(number, frame):
        received.append(number)
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    print(
        "This is a stand-in to try clients. It is NOT TensorFlow Serving: it has no security and "
        "listens on 127.0.0.1 only.",
        flush=True,
    )
    with contextlib.ExitStack() as ends:
        for number, handler in before.items():
            ends.callback(signal.signal, number, handler)
        model = Model(options.export_dir, options.name, options.batching)
        with _needs_port("--rest_port", options.rest_port):
            server = Server(model, options.rest_port, options.rest_api_enable_cors_support)
        ends.callback(server.server_close)
        print(f"REST  http://127.0.0.1:{server.server_port}/v1/models/{model.name}")
        if importlib.util.find_spec("tensorflow_serving") is None:
            print("gRPC  not served; to add it, run: pip install tensorflow-serving-api")
        else:
            from keras_gan.serving.stand_in import rpc

            with _needs_port("--port", options.port):
                remote, port = rpc.start(model, options.port)
            ends.callback(lambda: remote.stop(grace=1).wait())
            print(f"gRPC  127.0.0.1:{port}")
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        ends.callback(server.shutdown)
        print(_summary(options, model), flush=True)
        stopped.wait()
    return received[0]


def _summary(options, model):
    newest, *others = map(str, model.numbers)
    also = f" (and {', '.join(others)})" if others else ""
    labels = ", ".join(f"{label} is {number}" for label, number in model.labels.items())
    limits = model.limits
    batching = f"{limits.rows} rows or {limits.seconds * 1e3:g} ms" if limits else "off"
    return (
        f"Version {newest}{also} of {options.export_dir}; labels: {labels or 'none'}; "
        f"batching: {batching}. Press Ctrl-C to stop."
    )


@contextlib.contextmanager
def _needs_port(flag, port):
    try:
        yield
    except OSError as error:
        in_use = error.errno in (None, errno.EADDRINUSE)  # gRPC gives no reason.
        reason = "it is in use" if in_use else os.strerror(error.errno)
        raise UserError(
            f"Cannot listen on {flag}={port}: {reason}. Give another port, or 0 for any free port."
        ) from None


def main(argv=None):
    """Reads the flags and serves."""
    argv = [
        "stand_in",
        *(sys.argv if argv is None else argv)[1:],
    ]  # Messages should not say __main__.py.
    command.run(Options, DESCRIPTION, lambda options: sys.exit(128 + serve(options)), argv)


if __name__ == "__main__":
    main()
