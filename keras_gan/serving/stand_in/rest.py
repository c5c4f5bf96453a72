"""TF Serving's REST API for a `Model`: predict, status and metadata."""

import http.server
import json
import re
import sys
import urllib.parse

import tensorflow as tf

from keras_gan.errors import first_line
from keras_gan.serving.stand_in import json_answers, json_requests
from keras_gan.serving.stand_in.status import failure, http_status

LARGEST_BODY = 64 * 2**20  # Bytes. TF Serving itself has no limit.
_PATH = re.compile(
    r"/v1/models/([^/:]+)(?:/versions/(\d{1,19})|/labels/([^/:]+))?"
    r"(?::(predict|classify|regress)|/(metadata))?",
    re.IGNORECASE,
)
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


class Server(http.server.ThreadingHTTPServer):
    """An HTTP server on 127.0.0.1 for one model.

    Args:
        model: A `Model`.
        port: Port to listen on; 0 for any free port, which is then in `server_port`.
        cors: Whether web pages of other origins may read the answers.

    Raises:
        OSError: If the port is not available.
    """

    daemon_threads = True
    block_on_close = False  # Do not wait for idle connections when closing.
    request_queue_size = 128

    def __init__(self, model, port, cors):
        super().__init__(("127.0.0.1", port), _Handler)
        self.model, self.cors = model, cors

    def handle_error(self, request, client_address):
        """Ignores errors of clients that closed the connection early."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "keras_gan-stand-in", ""
    disable_nagle_algorithm = True  # With it, the body waits 40 ms until the headers are confirmed.
    timeout = 60  # Seconds until an idle connection is closed.

    def do_GET(self):
        self._answer(self._get)

    def do_POST(self):
        self._answer(self._predict)

    def do_OPTIONS(self):
        self._send(200, "")

    def log_message(self, *arguments):
        pass

    def send_error(self, code, message=None, explain=None):
        """Answers unknown requests in JSON too."""
        self.close_connection = True
        self._send(code, json.dumps({"error": message or self.responses[code][0]}))

    def _answer(self, respond):
        try:
            self._send(200, respond())
        except OSError:  # The client is gone.
            raise
        except tf.errors.OpError as error:
            self._send(http_status(error), json.dumps({"error": error.message}))
        except Exception as error:
            self._send(500, json.dumps({"error": f"{type(error).__name__}: {first_line(error)}"}))

    def _send(self, code, text):
        content = text.encode()
        self.send_response(code)
        headers = {"Content-Type": "application/json", "Content-Length": len(content)}
        if self.close_connection:
            headers["Connection"] = "close"
        for name, value in {**headers, **(_CORS if self.server.cors else {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _parts(self):
        match = _PATH.fullmatch(urllib.parse.urlsplit(self.path).path)
        if not match:
            is_api = self.path.lower().startswith("/v1/")
            raise failure(
                tf.errors.INVALID_ARGUMENT if is_api else tf.errors.NOT_FOUND,
                "Expected /v1/models/NAME with /versions/N or /labels/LABEL, then :predict (POST) "
                f"or /metadata (GET). Received: {self.command} {self.path[:200]}.",
            )
        name, number, label, method, metadata = match.groups()
        label = label and urllib.parse.unquote(label)
        number = number and int(number)
        return (urllib.parse.unquote(name), number, label), (method or "").lower(), metadata

    def _get(self):
        (name, number, label), method, metadata = self._parts()
        if method:
            raise failure(tf.errors.INVALID_ARGUMENT, f":{method} needs POST. Received: GET.")
        version = self.server.model.find(name, number, label)
        if metadata:
            return json_answers.metadata(name, version)
        every = number is None and label is None
        return json_answers.status(self.server.model.numbers if every else [version.number])

    def _predict(self):
        body = self._body()
        (name, number, label), method, _ = self._parts()
        version = self.server.model.find(name, number, label)
        if method != "predict":
            raise failure(
                tf.errors.INVALID_ARGUMENT,
                f"Expected :predict, the only method. Received: {self.command} {self.path[:200]}.",
            )
        signature, inputs, is_row = json_requests.read(body, version.inputs)
        return json_answers.predictions(version.predict(signature, inputs), is_row)

    def _body(self):
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,18}", length) or int(length) > LARGEST_BODY:
            self.close_connection = True  # Without a length the next request cannot be found.
            raise failure(
                tf.errors.INVALID_ARGUMENT,
                f"Expected a Content-Length of at most {LARGEST_BODY} bytes (chunked bodies are "
                f"not supported). Received: {length[:30] or 'none'}.",
            )
        return self.rfile.read(int(length))
