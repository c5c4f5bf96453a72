"""Shared options of the systems: objective, penalties, augmentation and so on.

Each field of `Pieces` is a constructor argument of every system that takes them, and so a
`--model_arg`. A system may set its own default in `pieces`.
"""

import dataclasses
import inspect

from keras_gan.augment import POLICIES, parse_policy
from keras_gan.checks import check_choice, check_weights
from keras_gan.errors import UserError
from keras_gan.layers.minibatch import LAYERS
from keras_gan.losses import OBJECTIVES

PENALTIES = ("gradient_penalty", "one_sided_gradient_penalty", "dragan", "r1", "r2")
ADAPTIVE = "adaptive"


@dataclasses.dataclass(frozen=True)
class Pieces:
    """Holds the shared options of a system.

    Attributes:
        objective: Losses of both players, one of `losses.OBJECTIVES`.
        label_smoothing: One-sided label smoothing: real examples have the label 1 minus this.
            Only for `"non_saturating"` and `"minimax"`.
        penalty: Names from `PENALTIES`, separated by commas. `""` for none. See `penalties`.
        penalty_weight: The paper's lambda, or gamma for R1 and R2.
        penalty_every: n computes the penalty in every n-th discriminator update and makes it n
            times stronger (lazy regularisation, Karras et al. 2020, who also rescale Adam).
            Above 1 it needs one device, or a discriminator that does not synchronise replicas.
        augment: Augmentation of all images that the discriminator sees, real and generated, in
            both players' updates. DiffAugment's `"color"`, `"translation"` and `"cutout"`,
            separated by commas, or `"adaptive"` (ADA). `""` for none.
        minibatch: Layer that lets the discriminator compare the examples of a batch:
            `"discrimination"` (Salimans et al. 2016) or `"standard_deviation"` (Karras et al.
            2018). `""` for none.
        top_k: Share of the samples that the generator learns from, those with the highest
            logits. The share falls from 1 to this value. 1 uses all samples throughout.
        top_k_images: Images over which that share falls, geometrically.
        lecam: Weight of the LeCam regularisation. 0 for none.
        consistency: Weight of balanced consistency regularisation (bCR) under translation. 0
            for none.
    """

    objective: str = "non_saturating"
    label_smoothing: float = 0.0
    penalty: str = ""
    penalty_weight: float = 10.0
    penalty_every: int = 1
    augment: str = ""
    minibatch: str = ""
    top_k: float = 1.0
    top_k_images: int = 1_000_000
    lecam: float = 0.0
    consistency: float = 0.0

    def __post_init__(self):
        check_choice("objective", self.objective, OBJECTIVES)
        unknown = set(self.penalties) - set(PENALTIES)
        if unknown or len(set(self.penalties)) < len(self.penalties):
            raise UserError(
                f"penalty must be names among {', '.join(PENALTIES)}, each at most once, separated "
                f"by commas. Received: {self.penalty!r}."
            )
        check_choice("minibatch", self.minibatch, ("", *LAYERS))
        if not self.is_adaptive:
            parse_policy(self.augment)
        check_weights(
            penalty_weight=self.penalty_weight, lecam=self.lecam, consistency=self.consistency
        )
        for name in ("penalty_every", "top_k_images"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1. Received: {getattr(self, name)}.")
        if not 0.0 < self.top_k <= 1.0:
            raise UserError(f"top_k must be in (0, 1]. Received: {self.top_k}.")

    @property
    def penalties(self):
        """The names of the penalties, a tuple."""
        return tuple(name.strip() for name in self.penalty.split(",") if name.strip())

    @property
    def unused(self):
        """Options that have no effect, each with the option that it depends on."""
        found = {}
        if not self.penalties:
            found |= {"penalty_weight": "penalty", "penalty_every": "penalty"}
        if self.top_k == 1.0:
            found["top_k_images"] = "top_k"
        return found

    @property
    def is_adaptive(self):
        """Whether the augmentation probability adapts during training."""
        return self.augment == ADAPTIVE

    def check_examples(self, system, image_shape):
        """Raises `UserError` if an option does not support examples of this shape."""
        asked = [name for name in ("augment", "consistency") if getattr(self, name)]
        if asked and (len(image_shape) != 3 or image_shape[2] not in (1, 3, 4)):
            raise UserError(
                f"{asked[0]} needs images of 1, 3 or 4 channels (for any of "
                f"{', '.join((*POLICIES, ADAPTIVE))}). Received: examples {tuple(image_shape)} for "
                f"{system}. Leave {asked[0]} out."
            )


class TakesPieces:
    """Mixin of systems with shared options. It adds them to the constructor's signature.

    Attributes:
        pieces: The system's own defaults of shared options, by name.
        fixed_pieces: Names in `pieces` that define the system and cannot be changed.
        bounded_critic: Whether the system itself bounds the discriminator's slope.
    """

    pieces = {}
    fixed_pieces = ()
    bounded_critic = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # All parameters by name: for `help`, run records and checks of arguments.
        cls.__signature__ = inspect.Signature(_parameters(cls, cls).values())


def defaults(system):
    """Returns the default `Pieces` of a system."""
    return Pieces(**system.pieces)


def _parameters(system, owner):
    """Returns the parameters of a class's constructor, by name, with `**` parameters expanded.

    `**pieces` becomes the fields of `Pieces`, with the defaults of `system`. Any other `**name`
    becomes the parameters of the base class's constructor.
    """
    definer = next(base for base in owner.__mro__ if "__init__" in vars(base))
    _, *given = inspect.signature(definer.__init__).parameters.values()
    found = {p.name: p for p in given if p.kind != inspect.Parameter.VAR_KEYWORD}
    if len(found) == len(given):
        return found
    if "pieces" in {p.name for p in given}:
        values = dataclasses.asdict(defaults(system)).items()
        kind = inspect.Parameter.KEYWORD_ONLY
        further = {name: inspect.Parameter(name, kind, default=v) for name, v in values}
    else:
        further = _parameters(system, definer.__mro__[1])
    return found | {name: p for name, p in further.items() if name not in found}


def choose(system, given):
    """Returns the `Pieces` of a system: its defaults, changed by the options in `given`.

    Raises:
        UserError: If a value is invalid, changes a fixed option, or has no effect.
    """
    fixed = {name: system.pieces[name] for name in system.fixed_pieces}
    for name, value in fixed.items():
        if name in given and given[name] != value:
            raise UserError(
                f"{system.__name__} always uses {name}={value!r}. Received: {given[name]!r}. Use "
                "another system, such as dcgan, to change it."
            )
    chosen = dataclasses.replace(defaults(system), **given)
    for name, without in chosen.unused.items():
        if getattr(chosen, name) != getattr(defaults(system), name):
            raise UserError(
                f"{name} has no effect without {without}. Received: {given[name]!r}. Add {without} "
                f"or leave {name} out."
            )
    return chosen
