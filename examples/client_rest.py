"""Gets the images of seeds from a served generator over REST. Needs only Python.

python examples/client_rest.py --seeds 0 1 2 --output images
"""

import argparse
import base64
import http.client
import json
import pathlib
import sys
import urllib.error
import urllib.parse
import urllib.request

flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
flags.add_argument("--url", default="http://localhost:8501")
flags.add_argument("--model", default="dcgan")
flags.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
flags.add_argument("--labels", type=int, nargs="+", help="one for each seed, if it has classes")
flags.add_argument("--output", default="images", type=lambda path: pathlib.Path(path).expanduser())
options = flags.parse_args()
url = f"{options.url}/v1/models/{urllib.parse.quote(options.model)}:predict"
inputs = {"seeds": options.seeds} | ({"labels": options.labels} if options.labels else {})
data = json.dumps({"signature_name": "from_seeds_png", "inputs": inputs}).encode()
try:
    with urllib.request.urlopen(url, data, timeout=60) as response:
        predictions = json.load(response)["outputs"]
except urllib.error.HTTPError as error:
    sys.exit(f"error: {url} answered {error.code}: {error.read(500).decode(errors='replace')}")
except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
    sys.exit(f"error: {url} did not answer as TensorFlow Serving does ({error}); is it running?")
try:
    options.output.mkdir(parents=True, exist_ok=True)
    for seed, prediction in zip(options.seeds, predictions, strict=True):
        file = options.output / f"seed_{seed:08d}.png"
        file.write_bytes(base64.b64decode(prediction["b64"]))
        print(file)
except OSError as error:
    sys.exit(f"error: {error}")
