"""Sends an image to a served translator over REST and writes the PNG file that comes back.

python examples/client_translate.py photo.png --function a_to_b --output translated.png
"""

import argparse
import base64
import json
import os
import pathlib
import sys
import urllib.parse
import urllib.request

import numpy as np  # With Pillow: pip install numpy pillow
from PIL import Image, ImageOps

flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
flags.add_argument("image")
flags.add_argument("--url", default="http://localhost:8501")
flags.add_argument("--model", default="cyclegan")
flags.add_argument("--function", default="a_to_b")
flags.add_argument("--output", default="translated.png")
options = flags.parse_args()
image = os.path.expanduser(options.image)
output = pathlib.Path(os.path.expanduser(options.output))
url = f"{options.url}/v1/models/{urllib.parse.quote(options.model)}"
name = f"{options.function}_png"
try:
    with urllib.request.urlopen(f"{url}/metadata", timeout=60) as response:
        signatures = json.load(response)["metadata"]["signature_def"]["signature_def"]
    ((key, taken),) = signatures[name]["inputs"].items()
    mode = "L" if taken["tensor_shape"]["dim"][-1]["size"] == "1" else "RGB"
    photo = ImageOps.exif_transpose(Image.open(image)).convert("RGBA")
    photo = Image.alpha_composite(Image.new("RGBA", photo.size, "white"), photo)
    pixels = np.atleast_3d(photo.convert(mode))
    inputs = {key: [np.round(pixels / 127.5 - 1.0, 5).tolist()]}
    data = json.dumps({"signature_name": name, "inputs": inputs}).encode()
    with urllib.request.urlopen(f"{url}:predict", data, timeout=60) as response:
        output.write_bytes(base64.b64decode(json.load(response)["outputs"][0]["b64"]))
except (OSError, ValueError, KeyError) as error:
    told = error.read(500).decode(errors="replace") if hasattr(error, "read") else ""
    sys.exit(f"error: {url} or {image}: {error} {told}")
print(output)
