"""The gallery page in a real browser, against the stand-in."""

import base64
import contextlib
import functools
import html.parser
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse

import numpy as np
import pytest
import tensorflow as tf

from keras_gan.serving.stand_in.model import Model
from tests.stand_in.asking import pngs_of_seeds, rest_server
from tests.tiny_export import LATENT_DIM, SHAPE, write_export

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
FRAMES = 33


def find_browser():
    """Returns the path of a Chromium, or `None`."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    with contextlib.suppress(Exception):  # Playwright raises what it likes without its browsers.
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            path = playwright.chromium.executable_path
            return path if os.path.exists(path) else None


BROWSER = find_browser()
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="needs chromium (apt-get install chromium) or google-chrome on PATH"
)


class Page(html.parser.HTMLParser):
    """What a page shows at its end: images by the id around them, and texts by id."""

    def __init__(self, text):
        super().__init__()
        self.images, self.texts, self.hidden, self._inside = {}, {}, set(), []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        if "hidden" in values:
            self.hidden.add(values.get("id"))
        if tag == "img" and "src" in values:
            place = values.get("id") or next(one for one in reversed(self._inside) if one)
            kind, _, content = values["src"].partition(",")
            assert kind == "data:image/png;base64"
            self.images.setdefault(place, []).append(base64.b64decode(content))
        elif tag not in ("img", "input", "meta"):
            self._inside.append(values.get("id"))

    def handle_endtag(self, tag):
        self._inside.pop()

    def handle_data(self, data):
        if self._inside and self._inside[-1]:
            self.texts[self._inside[-1]] = data.strip()


def show(folder, page, **query):
    """Loads a page until it has nothing more to do; returns it as a `Page`."""
    address = page if "://" in str(page) else pathlib.Path(page).as_uri()
    command = [
        BROWSER, "--headless", "--disable-gpu", "--dump-dom", "--virtual-time-budget=5000",
        "--no-first-run", f"--user-data-dir={folder}",
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        f"{address}?{urllib.parse.urlencode(query)}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return Page(done.stdout)


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    return str(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def asked():
    """The signatures and inputs that the server below was asked for."""
    return []


@pytest.fixture(scope="module")
def server(tmp_path_factory, asked):
    with recording(tmp_path_factory.mktemp("gallery"), asked) as server:
        yield server


@contextlib.contextmanager
def recording(export_dir, asked, version=2, cors=True, labels=False):
    """Serves an export and keeps what is asked for; yields the address."""
    write_export(str(export_dir), version, labels)
    model = Model(str(export_dir), "dcgan")
    loaded = model.find("dcgan")
    predict = loaded.predict

    def keep(signature, inputs):
        asked.append((signature, inputs))
        return predict(signature, inputs)

    loaded.predict = keep
    with rest_server(model, cors) as server:
        yield f"http://localhost:{server.server_port}"


def angles_of(path):
    unit = path / np.linalg.norm(path, axis=1, keepdims=True)
    return np.arccos(np.clip(np.sum(unit[1:] * unit[:-1], axis=1), -1, 1))


@needs_browser
def test_seeds_and_a_walk(server, asked, profile):
    asked.clear()
    page = show(profile, EXAMPLES / "gallery.html", url=server, count=6, seed=3, t=0.5)
    assert page.texts["status"] == f"dcgan, version 2: latents of {LATENT_DIM} numbers."
    assert page.images["grid"] == pngs_of_seeds(range(3, 9))
    assert len(page.images["choices"]) == 8 and len(page.images["strip"]) == 9
    (frame,), strip = page.images["frame"], page.images["strip"]
    assert frame == strip[4] and frame not in (strip[0], strip[-1])
    assert (strip[0], strip[-1]) == tuple(page.images["choices"][:2])
    assert tf.io.decode_png(frame).shape == SHAPE
    assert page.texts["place"] == "50 % of the way" and "walk" not in page.hidden

    signatures = [signature for signature, _ in asked]
    assert signatures == ["from_seeds_png", "png", "png"]
    draws, path = (inputs["latents"] for _, inputs in asked[1:])
    np.testing.assert_allclose(path[[0, -1]], draws[:2], rtol=1e-6)
    angles = angles_of(path)  # On the sphere: equal steps on the great circle.
    assert path.shape == (FRAMES, LATENT_DIM) and angles[0] > 0.01
    np.testing.assert_allclose(angles, angles[0], rtol=1e-2)
    lengths = np.linalg.norm(path, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(lengths[0], lengths[-1], FRAMES), rtol=1e-5)


@needs_browser
def test_clicks(server, asked, profile, tmp_path):
    """The page with a script at its end that presses its buttons, one after the other."""
    script = """<script>
    const idle = () => new Promise((done) => {
      const timer = setInterval(() => {
        if (!$("status").textContent.endsWith("...")) { clearInterval(timer); done(); }
      }, 20);
    });
    (async () => {
      await idle(); $("more").click();
      await idle(); $("choices").children[4].click();
      await idle(); $("choices").children[2].click();
      await idle(); $("slider").value = 8; $("slider").dispatchEvent(new Event("input"));
    })();
    </script></body>"""
    text = (EXAMPLES / "gallery.html").read_text()
    (tmp_path / "gallery.html").write_text(text.replace("</body>", script))
    asked.clear()
    page = show(profile, tmp_path / "gallery.html", url=server, count=4)
    assert page.images["grid"] == pngs_of_seeds(range(8))
    ends = [page.images["choices"][index] for index in (4, 2)]
    assert [page.images["strip"][index] for index in (0, -1)] == ends
    assert page.texts["place"] == "25 % of the way"
    assert page.images["frame"] == [page.images["strip"][2]]
    draws, path = asked[1][1]["latents"], asked[-1][1]["latents"]
    np.testing.assert_allclose(path[[0, -1]], draws[[4, 2]], rtol=1e-6)


@needs_browser
def test_uniform_prior_and_labels_from_a_web_server(profile, tmp_path):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    asked = []
    handler = functools.partial(Quiet, directory=str(EXAMPLES))
    with (
        recording(tmp_path, asked, labels=True) as server,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as static,
    ):
        threading.Thread(target=static.serve_forever, args=(0.02,), daemon=True).start()
        page = f"http://127.0.0.1:{static.server_port}/gallery.html"
        page = show(profile, page, url=server, prior="uniform", label=7, count=2)
        static.shutdown()
    assert "labelField" not in page.hidden
    assert all((inputs["labels"] == 7).all() for _, inputs in asked)
    draws, path = (inputs["latents"] for _, inputs in asked[1:])
    assert np.abs(draws).max() < 1 and len(np.unique(draws)) == draws.size
    steps = np.diff(path, axis=0)
    np.testing.assert_allclose(steps, np.broadcast_to(steps[0], steps.shape), atol=1e-6)


@needs_browser
def test_draws_follow_their_prior(profile, tmp_path):
    """The page's own random numbers, many of them."""
    script = """<script>
    state.latentDim = 1000;
    const told = { normal: [], uniform: [] };
    for (const prior in told) {
      $("prior").value = prior;
      for (let draw = 0; draw < 20; draw++) told[prior].push(latentsOf(draw));
    }
    $("status").textContent = JSON.stringify(told);
    </script></body>"""
    text = (EXAMPLES / "gallery.html").read_text().replace("begin().then", "false && begin().then")
    (tmp_path / "gallery.html").write_text(text.replace("</body>", script))
    told = json.loads(show(profile, tmp_path / "gallery.html").texts["status"])
    for prior, variance, fourth in (("normal", 1.0, 3.0), ("uniform", 1 / 3, 1 / 5)):
        values = np.array(told[prior])
        assert values.shape == (20, 1000)
        assert abs(values.mean()) < 0.03 and abs(values.var() / variance - 1) < 0.05
        assert abs((values**4).mean() / fourth - 1) < 0.1
        between = np.corrcoef(values)[~np.eye(20, dtype=bool)]
        assert np.abs(between).max() < 0.15  # Standard deviation 0.03 of 190 pairs.
        after = [np.corrcoef(one[1:], one[:-1])[0, 1] for one in values]
        assert np.abs(after).max() < 0.15


@needs_browser
def test_what_went_wrong_is_said_in_words(server, profile, tmp_path):
    with socket.socket() as free:  # Bound, but nobody listens.
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
        page = show(profile, EXAMPLES / "gallery.html", url=address)
    assert page.texts["status"].startswith(f"The server {address} cannot be reached")
    assert "walk" in page.hidden and "grid" not in page.images
    page = show(profile, EXAMPLES / "gallery.html", url=server, model="other")
    assert page.texts["status"].startswith("The server answered 404: Expected the model 'dcgan'")
    with recording(tmp_path, [], cors=False) as closed:
        page = show(profile, EXAMPLES / "gallery.html", url=closed)
    assert "--rest_api_enable_cors_support=true" in page.texts["status"]


def test_nothing_is_loaded_from_elsewhere():
    text = (EXAMPLES / "gallery.html").read_text()
    assert set(re.findall(r"\w+://[\w.]+:\w*", text)) == {"http://localhost:8501"}
    for banned in ("<link", "@import", "src=", "innerHTML", "eval("):
        assert banned not in text
