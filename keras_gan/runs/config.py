"""The configuration of a run: all settings of training, which are the flags of train.py."""

import dataclasses

from keras_gan.errors import UserError
from keras_gan.options import BIT_DEPTH, IMAGE_KEY, LABEL_KEY, check_options, option


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings of a training run; each field is a flag of the same name."""

    model: str = option("dcgan", "System to train: a module of keras_gan.models.")
    model_arg: tuple[str, ...] = option(
        (),
        "An argument of the system, as key=value. Repeat the flag for more arguments; the last "
        "value of a key counts.",
    )
    dataset: str = option(
        "digits",
        "A folder of images, an .npz file (images or tokens), a built-in (digits, strokes, edges, "
        "grid, ring, arithmetic) or a TensorFlow Datasets name, tried in that order.",
        path=True,
    )
    target: str | None = option(
        None,
        "Second dataset, named as --dataset is, for systems that translate between two, such as "
        "cyclegan.",
        path=True,
    )
    data_dir: str | None = option(
        None, "Directory of TensorFlow Datasets' data. Default: its usual one.", free=True,
        path=True,
    )  # fmt: skip
    split: str = option("train", "Split of the dataset (for digits: train, test or all).")
    image_key: str | None = option(None, IMAGE_KEY)
    label_key: str | None = option(None, LABEL_KEY)
    channels: int | None = option(
        None,
        "Channels of the images: 1, 3 or 4. Default: those of the dataset; 3 for a folder.",
        lower=1,
    )
    image_size: str | None = option(
        None, "Resize images to this size, N or HEIGHTxWIDTH. Default: the size in the dataset."
    )
    crop: str = option(
        "center",
        "Crop before resizing: center (the largest part with the right aspect ratio), none "
        "(stretch the image), or N or HEIGHTxWIDTH pixels from the middle.",
    )
    bit_depth: int | None = option(None, BIT_DEPTH, lower=8, upper=16)
    on_bad_image: str = option(
        "fail",
        "What to do if a file of a folder cannot be used: fail, or skip it (at most 1 % of all).",
        choices=("fail", "skip"),
        free=True,
    )
    allow_changed_data: bool = option(
        False,
        "Continue a run even though its data changed since it began. The run then records the "
        "data of now.",
        once=True,
    )
    labels_per_class: int | None = option(
        None,
        "Use only this many labels per class, chosen by --seed; for --model=semi.",
        lower=1,
    )
    flip: bool = option(False, "Flip half of the real images from left to right.")
    seed: int = option(
        0, "Seed of weights, latents, data order and flips.", lower=0, upper=2**32 - 1
    )
    run_dir: str | None = option(
        None, "Directory of the run. Default: runs/<model>.", free=True, path=True
    )
    steps: int = option(2000, "Total number of generator steps.", lower=1, free=True)
    batch_size: int = option(64, "Images per update, over all replicas together.", lower=1)
    accumulate_steps: int = option(
        1,
        "Process each update in this many parts, to save memory. Batch norm then uses the "
        "statistics of one part at a time.",
        lower=1,
        upper=100,
    )
    g_learning_rate: float | None = option(
        None, "The generator's learning rate. Default: the paper's.", lower=0.0
    )
    d_learning_rate: float | None = option(
        None, "The discriminator's learning rate. Default: the paper's.", lower=0.0
    )
    decay_images: int | str | None = option(
        None,
        "Decay both learning rates linearly to zero over this many images, or over the whole run: "
        "run. A run that has a decay may continue with another value.",
        lower=1,
        words=("run",),
    )
    ema_images: int | None = option(
        None,
        "Half-life of the averaged generator, in images. 0 switches averaging off. "
        "Default: set by the system.",
        lower=0,
    )
    log_every: int = option(
        50, "Steps between log entries, which are means over these steps.", lower=1, free=True
    )
    sample_every: int = option(200, "Steps between sample grids.", lower=1, free=True)
    checkpoint_every: int = option(500, "Steps between checkpoints.", lower=1, free=True)
    keep_last: int = option(2, "Number of newest checkpoints to keep.", lower=1, free=True)
    keep_every: int | None = option(
        None, "Also keep checkpoints whose step is a multiple of this.", lower=1, free=True
    )
    evaluate_every: int | None = option(
        None,
        "Steps between evaluations of the averaged generator. Must be a multiple of --log_every.",
        lower=1,
        free=True,
    )
    features: str | None = option(
        None,
        "Features for evaluation: inception, classifier, pixels or module:function. "
        "Default: classifier if there are labels, otherwise pixels.",
    )
    keep_best: str | None = option(
        None,
        "Keep the checkpoint with the best evaluation by this measure: kid (kernel distance), fid "
        "(Frechet distance) or coverage.",
        choices=("kid", "fid", "coverage"),
        free=True,
    )
    strategy: str = option(
        "auto",
        "Devices to train on: auto (mirrored if there are several GPUs), default (one device), "
        "mirrored, multi_worker (several machines, see TF_CONFIG) or tpu (untested).",
        choices=("auto", "default", "mirrored", "multi_worker", "tpu"),
        free=True,
    )
    cpu_replicas: int = option(
        1,
        "Train on this many logical CPUs, to try mirrored training without GPUs.",
        lower=1,
        upper=64,
        free=True,
    )
    precision: str = option(
        "float32",
        "Precision of the networks. Losses, statistics, weights and exports stay float32. "
        "mixed_bfloat16 suits most hardware better than mixed_float16.",
        choices=("float32", "mixed_bfloat16", "mixed_float16"),
    )
    jit_compile: bool = option(
        False,
        "Compile with XLA. On several devices this works only without layers that synchronise "
        "them, such as batch norm.",
    )
    steps_per_execution: str = option(
        "1",
        "Run up to this many steps per call, which is faster for tiny networks. The largest number "
        "that divides the intervals is used. auto measures a copy of the model first.",
        pattern=("[1-9][0-9]{0,5}|auto", "a whole number from 1 to 999999, or auto"),
        free=True,
    )
    profile_steps: str | None = option(
        None, "Profile the steps FIRST,LAST for TensorBoard.", free=True
    )

    def __post_init__(self):
        if self.strategy == "parameter_server":
            raise UserError(
                "--strategy=parameter_server is not supported: Keras 3 does not support it, and a "
                "run could not be repeated, since its workers do not wait for each other. Use "
                "--strategy=multi_worker for several machines."
            )
        check_options(self)

    @property
    def directory(self):
        """The run directory, or its default."""
        return self.run_dir or f"runs/{self.model}"

    def hyperparameters(self):
        """Returns the settings that may not change on resuming, by field or `model_arg=key`."""
        values = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if not field.metadata["free"] and field.name != "model_arg"
        }
        arguments = key_values(self.model_arg)
        return {**values, **{f"model_arg={key}": value for key, value in arguments.items()}}

    def kept(self):
        """Returns the configuration without what counts for one call only."""
        once = [f for f in dataclasses.fields(self) if f.metadata["once"]]
        return dataclasses.replace(self, **{field.name: field.default for field in once})

    def differences(self, other):
        """Returns `[(flag, own value, other's value)]` for hyperparameters that differ.

        Another `--decay_images` is no difference. Adding or dropping a decay is one: optimizers
        with and without it have other variables, so a checkpoint fits only one kind.
        """
        changed = changes(self.hyperparameters(), other.hyperparameters())
        return [
            (f"--{name}", mine, theirs)
            for name, mine, theirs in changed
            if name != "decay_images" or None in (mine, theirs)
        ]

    @property
    def decay_steps(self):
        """The number of steps over which the learning rates fall to 0, or `None`."""
        if self.decay_images is None:
            return None
        return (
            self.steps if self.decay_images == "run" else -(-self.decay_images // self.batch_size)
        )

    def to_dict(self):
        """Returns the fields as plain JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values):
        """Returns the `Config` for the result of `to_dict()`."""
        names = {field.name for field in dataclasses.fields(cls)}
        unknown = sorted(set(values) - names)
        if unknown:
            raise UserError(
                f"The configuration has unknown entries: {', '.join(unknown)}. It was written by "
                "another version of keras_gan; use that version or a new run directory."
            )
        return cls(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})

    def to_flagfile(self):
        """Returns the text of a flagfile with all settings of this configuration."""
        lines, once = [], {f.name for f in dataclasses.fields(self) if f.metadata["once"]}
        for key, value in self.to_dict().items():
            if key in once:
                continue
            if isinstance(value, bool):
                lines.append(f"--{key}" if value else f"--no{key}")
            elif isinstance(value, list):
                lines.extend(f"--{key}={item}" for item in value)
            elif value is not None:
                lines.append(f"--{key}={value}")
        return "\n".join(lines) + "\n"


def changes(old, new):
    """Returns `[(key, old value, new value)]` where two dicts differ; `None` if it is missing."""
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
