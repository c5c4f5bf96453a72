"""Reading a folder of 4,096 PNGs of 64x64: the first epoch, and later ones."""

from benchmarks.row import Comparison, Row, Subject
from benchmarks.rows.dcgan_step import BATCH, WIDTH

_OURS = "keras_gan"
_KERAS = "image_dataset_from_directory"
_CACHED = "image_dataset_from_directory, cached"
_TORCH = "PyTorch DataLoader, 2 workers"
_STEP = "the need of the float32 DCGAN step"


def _row(name, title, epoch, aim):
    arguments = {"directory": None, "batch": BATCH, "epoch": epoch}
    keras = "benchmarks.peers.keras_folder:read"
    torch = "benchmarks.peers.torch_folder:read"
    step = {"batch": BATCH, "width": WIDTH}
    return Row(
        name,
        title,
        "images/s",
        (
            Subject(_OURS, "benchmarks.ours:read_folder", arguments),
            Subject(_KERAS, keras, arguments),
            Subject(_CACHED, keras, arguments | {"cache": True}),
            Subject(_TORCH, torch, arguments, needs=("torch", "PIL")),
            Subject(_STEP, "benchmarks.ours:dcgan_step", step),
        ),
        (
            Comparison(_OURS, (_KERAS,), at_least=aim),
            Comparison(_OURS, (_CACHED,)),
            Comparison(_OURS, (_TORCH,), at_least=aim),
            Comparison(_OURS, (_STEP,), at_least=3.0),
        ),
        prepare="benchmarks.reading:make_folder",
    )


ROWS = (
    _row(
        "pipeline_first",
        "Folder of 4,096 PNGs of 64x64, first epoch, with all that comes before it",
        "first",
        1.0,
    ),
    _row("pipeline_later", "The same folder, later epochs", "later", 3.0),
)
