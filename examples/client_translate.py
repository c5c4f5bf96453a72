"""Sends an image to a served translator over REST and writes the PNG file that comes back.

python examples/client_translate.py photo.png --function a_to_b --output translated.png
"""

import argparse
import base64
import json
import os
import pathlib
import sys
import urllib.request

import numpy as np  # With Pillow: pip install numpy pillow
from PIL import Image, ImageOps

flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
flags.add_argument("image", type=os.path.expanduser)
flags.add_argument("--url", default="http://localhost:8501")
flags.add_argument("--model", default="cyclegan")
flags.add_argument("--function", default="a_to_b")
flags.add_argument("--output", default="translated.png", type=os.path.expanduser)
options = flags.parse_args()
url, name = f"{options.url}/v1/models/{options.model}", f"{options.function}_png"
try:
    with urllib.request.urlopen(f"{url}/metadata", timeout=60) as response:
        signatures = json.load(response)["metadata"]["signature_def"]["signature_def"]
    ((key, taken),) = signatures[name]["inputs"].items()
    mode = "L" if taken["tensor_shape"]["dim"][-1]["size"] == "1" else "RGB"
    photo = ImageOps.exif_transpose(Image.open(options.image)).convert("RGBA")
    photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    inputs = {key: [np.round(np.atleast_3d(photo.convert(mode)) / 127.5 - 1.0, 5).tolist()]}
    data = json.dumps({"signature_name": name, "inputs": inputs}).encode()
    with urllib.request.urlopen(f"{url}:predict", data, timeout=60) as response:
        (made,) = json.load(response)["outputs"]
    pathlib.Path(options.output).write_bytes(base64.b64decode(made["b64"]))
except (OSError, ValueError, KeyError) as error:
    told = error.read(500).decode(errors="replace") if hasattr(error, "read") else ""
    sys.exit(f"error: {url} or {options.image}: {error} {told}")
print(options.output)
