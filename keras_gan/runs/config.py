"""The configuration of a run: everything that decides how it trains."""

import dataclasses

from keras_gan.errors import UserError
from keras_gan.options import check_options, option


@dataclasses.dataclass(frozen=True)
class Config:
    """Everything that decides a training run; each field is a flag of that name."""

    model: str = option("dcgan", "System to train: a module of keras_gan.models.")
    model_arg: tuple[str, ...] = option(
        (), "An argument of the system as key=value; repeat for more, the last of a key wins."
    )
    dataset: str = option(
        "digits",
        "A folder of images, an .npz file (images or tokens), a built-in (digits, strokes, edges, "
        "grid, ring, arithmetic) or a TensorFlow Datasets name, tried in that order.",
    )
    target: str | None = option(
        None,
        "Second dataset, named as --dataset is, for systems that translate between two, such as "
        "cyclegan.",
    )
    data_dir: str | None = option(
        None, "Where TensorFlow Datasets keeps its data. Default: its own.", free=True
    )
    split: str = option("train", "Split of the dataset (digits: train, test, all).")
    channels: int | None = option(
        None, "Channels of the images: 1, 3 or 4. Default: the dataset's (a folder: 3).", lower=1
    )
    image_size: str | None = option(
        None, "Size to bring images to, as N or HEIGHTxWIDTH. Default: the dataset's own."
    )
    crop: str = option(
        "center",
        "Before resizing: center (largest part of the right shape), none (stretch), or N or "
        "HEIGHTxWIDTH pixels from the middle.",
    )
    on_bad_image: str = option(
        "fail",
        "For a file of a folder that cannot be used: fail, or skip up to 1 % of all.",
        choices=("fail", "skip"),
        free=True,
    )
    labels_per_class: int | None = option(
        None, "Use so many labels of each class only, drawn by --seed; for --model=semi.", lower=1
    )
    flip: bool = option(False, "Mirror half of the real images left to right.")
    seed: int = option(
        0, "Seed of weights, latents, data order and flips.", lower=0, upper=2**32 - 1
    )
    run_dir: str | None = option(None, "Where the run is kept. Default: runs/<model>.", free=True)
    steps: int = option(2000, "Generator steps in all.", lower=1, free=True)
    batch_size: int = option(64, "Images in one update, over all replicas together.", lower=1)
    accumulate_steps: int = option(
        1,
        "Work through the images of an update in this many parts, to need less memory; batch norm "
        "sees one part at a time.",
        lower=1,
        upper=100,
    )
    g_learning_rate: float | None = option(
        None, "The generator's learning rate. Default: the paper's.", lower=0.0
    )
    d_learning_rate: float | None = option(
        None, "The discriminator's learning rate. Default: the paper's.", lower=0.0
    )
    decay_images: int | None = option(
        None, "Let both learning rates fall linearly to zero over this many images.", lower=1
    )
    ema_images: int | None = option(
        None,
        "Half-life of the averaged generator in images; 0 switches averaging off. "
        "Default: the system's.",
        lower=0,
    )
    log_every: int = option(50, "Steps between log entries (means over them).", lower=1, free=True)
    sample_every: int = option(200, "Steps between sample grids.", lower=1, free=True)
    checkpoint_every: int = option(500, "Steps between checkpoints.", lower=1, free=True)
    keep_last: int = option(2, "Newest checkpoints to keep.", lower=1, free=True)
    keep_every: int | None = option(
        None, "Keep also every checkpoint at a multiple of this many steps.", lower=1, free=True
    )
    evaluate_every: int | None = option(
        None,
        "Steps between evaluations of the averaged generator's samples, a multiple of --log_every.",
        lower=1,
        free=True,
    )
    features: str | None = option(
        None,
        "What evaluations compare images by: inception, classifier, pixels or module:function. "
        "Default: classifier where there are labels, else pixels.",
    )
    keep_best: str | None = option(
        None,
        "Keep the checkpoint that did best in evaluations, by kid (kernel distance), fid (Frechet "
        "distance) or coverage.",
        choices=("kid", "fid", "coverage"),
        free=True,
    )
    strategy: str = option(
        "auto",
        "auto (mirrored when there are several GPUs), default (one device), mirrored, multi_worker "
        "(several machines, by TF_CONFIG) or tpu (untested).",
        choices=("auto", "default", "mirrored", "multi_worker", "tpu"),
        free=True,
    )
    cpu_replicas: int = option(
        1,
        "Train on this many logical CPUs, to try mirrored training.",
        lower=1,
        upper=64,
        free=True,
    )
    precision: str = option(
        "float32",
        "What the networks compute in; losses, statistics, weights and exports stay float32. "
        "mixed_bfloat16 suits most hardware better than mixed_float16.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: bool = option(
        False, "Compile with XLA; over several devices only where batch norm does not synchronise."
    )
    steps_per_execution: str = option(
        "1",
        "Run up to this many steps in one call, which is faster for tiny networks; the largest "
        "number that fits the intervals is used. auto times a copy of the model first.",
        pattern=("[1-9][0-9]{0,5}|auto", "a whole number from 1 to 999999, or auto"),
        free=True,
    )
    profile_steps: str | None = option(
        None, "FIRST,LAST: profile these steps for TensorBoard.", free=True
    )

    def __post_init__(self):
        if self.strategy == "parameter_server":
            raise UserError(
                "--strategy=parameter_server cannot train here: Keras 3 does not support it, and "
                "workers that do not wait for each other make another run each time. Use "
                "--strategy=multi_worker for several machines."
            )
        check_options(self)

    @property
    def directory(self):
        """The run directory, with its default filled in."""
        return self.run_dir or f"runs/{self.model}"

    def hyperparameters(self):
        """Returns what decides the training: fields by name, and each `model_arg=key`."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if not field.metadata["free"] and field.name != "model_arg"
        }
        arguments = key_values(self.model_arg)
        return {**values, **{f"model_arg={key}": value for key, value in arguments.items()}}

    def differences(self, other):
        """Returns `[(flag, mine, other's)]` for hyperparameters that differ."""
        changed = changes(self.hyperparameters(), other.hyperparameters())
        return [(f"--{name}", mine, theirs) for name, mine, theirs in changed]

    def to_dict(self):
        """Returns the fields as plain JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values):
        """Builds a `Config` from `to_dict()`'s result."""
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise UserError(
                f"The configuration has unknown entries: {', '.join(unknown)}. It was written by "
                "another version of keras_gan; use that version or a new run directory."
            )
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})

    def to_flagfile(self):
        """Returns the text of a flagfile that parses to this configuration."""
        lines = []
        for key, value in self.to_dict().items():
            if isinstance(value, bool):
                lines.append(f"--{key}" if value else f"--no{key}")
            elif isinstance(value, list):
                lines.extend(f"--{key}={item}" for item in value)
            elif value is not None:
                lines.append(f"--{key}={value}")
        return "\n".join(lines) + "\n"


def changes(old, new):
    """Returns `[(key, old value, new value)]` where two dicts differ; `None` means no value."""
    return [
        (key, old.get(key), new.get(key)) for key in {**old, **new} if old.get(key) != new.get(key)
    ]


def key_values(items):
    """Turns `("a=1", "b=2", "a=3")` into `{"a": "3", "b": "2"}`."""
    pairs = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip():
            raise UserError(f"--model_arg must be key=value. Received: {item!r}.")
        pairs[key.strip()] = value.strip()
    return pairs
