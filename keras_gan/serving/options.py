"""What can be chosen of an export, and the flags of export.py."""

import dataclasses

from keras_gan.errors import UserError
from keras_gan.options import CHECKPOINT, STANDING_STATISTICS, option
from keras_gan.runs.config import Config

FORMATS = ("saved_model", "onnx")
LAYOUTS = ("nhwc", "nchw")
IMAGES = ("float32", "uint8")
WEIGHTS = ("float32", "float16", "int8")


def check_formats(formats):
    """Raises `UserError` unless these are names of formats."""
    if not formats or set(formats) - set(FORMATS):
        raise UserError(
            f"--formats must be one or more of {', '.join(FORMATS)}, separated by commas. "
            f"Received: {', '.join(formats) or 'nothing'}."
        )


@dataclasses.dataclass(frozen=True)
class ExportOptions(Config):
    """The run's flags, and what to export."""

    shown = (
        "run_dir", "checkpoint", "standing_statistics", "export_dir", "formats", "max_batch",
        "license", "onnx_layout", "onnx_images", "onnx_weights",
    )  # fmt: skip
    checkpoint: str = option("newest", CHECKPOINT)
    standing_statistics: int = option(0, STANDING_STATISTICS, lower=0, upper=10_000)
    export_dir: str | None = option(
        None, "Where to write. Default: export in the run directory.", path=True
    )
    formats: str = option(",".join(FORMATS), "What to write, separated by commas.")
    max_batch: int = option(
        256, "Most samples that a request may ask for; the SavedModel refuses more.",
        lower=1, upper=2**16,
    )  # fmt: skip
    license: str | None = option(
        None, "Licence of the weights, like cc-by-4.0, for metadata and model card."
    )
    onnx_layout: str = option(
        "nhwc", "Order of the axes of ONNX' images: nhwc or nchw.", choices=LAYOUTS
    )
    onnx_images: str = option(
        "float32", "ONNX' images: float32 in [-1, 1], or uint8.", choices=IMAGES
    )
    onnx_weights: str = option(
        "float32",
        "Weights in ONNX: float32, or float16 or int8 in a smaller file; what images lose is "
        "measured and printed.",
        choices=WEIGHTS,
    )

    def __post_init__(self):
        super().__post_init__()
        check_formats(self._formats())

    def _formats(self):
        return [name.strip() for name in self.formats.split(",") if name.strip()]

    def exported(self):
        """Returns the arguments of `exporting.export` after the run's directory."""
        chosen = {name: getattr(self, name) for name in self.shown if name != "run_dir"}
        return chosen | {"formats": self._formats()}
