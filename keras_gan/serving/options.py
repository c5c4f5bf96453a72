"""The flags of export.py."""

import dataclasses

from keras_gan.config import Config, option


@dataclasses.dataclass(frozen=True)
class ExportOptions(Config):
    """The run's flags, and what to export."""

    shown = (
        "run_dir", "export_dir", "formats", "max_batch", "license", "onnx_layout", "onnx_images",
        "onnx_weights",
    )  # fmt: skip
    export_dir: str | None = option(None, "Where to write. Default: export in the run directory.")
    formats: str = option("saved_model,onnx", "What to write, separated by commas.")
    max_batch: int = option(
        256, "Most samples that a request may ask for; the SavedModel refuses more.",
        lower=1, upper=10**6,
    )  # fmt: skip
    license: str | None = option(None, "Licence of the weights, for metadata and model card.")
    onnx_layout: str = option(
        "nhwc", "Order of the axes of ONNX' images.", choices=("nhwc", "nchw")
    )
    onnx_images: str = option(
        "float32", "ONNX' images: float32 in [-1, 1], or uint8.", choices=("float32", "uint8")
    )
    onnx_weights: str = option(
        "float32",
        "Weights in ONNX; what images lose by the smaller ones is measured and printed.",
        choices=("float32", "float16", "int8"),
    )

    def exported(self):
        """Returns the arguments of `exporting.export` after the run's directory."""
        chosen = {name: getattr(self, name) for name in self.shown if name != "run_dir"}
        return chosen | {"formats": [name.strip() for name in self.formats.split(",")]}
