"""Packaging of keras_gan."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (ROOT / "keras_gan/__init__.py").read_text())[1]
SERVING = ["tensorflow-serving-api>=2.21"]

setup(
    name="keras_gan",
    version=VERSION,
    description="Generative adversarial networks in Keras: train, watch, export, serve",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=["keras_gan", "keras_gan.*"]),
    install_requires=[
        "absl-py",
        "importlib_resources",  # tensorflow-datasets imports it without requiring it.
        "keras>=3.15",
        "matplotlib",
        "numpy",
        "onnx>=1.21",
        "onnxruntime",
        "pillow>=13",  # Its decoders had overflows before, of JPEG and TIFF files.
        "scikit-learn",
        "scipy",
        "tensorboard",
        "tensorflow>=2.21",
        "tensorflow-datasets",
        "tf2onnx>=1.17",
    ],
    extras_require={
        "bench": ["torch"],
        "cuda": ["tensorflow[and-cuda]>=2.21"],
        "dev": ["hypothesis", "pytest", "pytest-xdist", "pyyaml", "ruff", *SERVING],
        "openvino": ["openvino"],
        "serving": SERVING,
    },
    classifiers=[
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
