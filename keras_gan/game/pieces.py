"""What any system can be changed by besides its networks: loss, penalty, augmentation, ...

Each field of `Pieces` is an argument of every system, with the system's own default
(`AdversarialModel.pieces`), and so a `--model_arg`.
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
    """The shared arguments of all systems.

    Attributes:
        objective: Losses of both players, one of `losses.OBJECTIVES`.
        label_smoothing: One-sided: real examples are labelled 1 minus this. For
            `"non_saturating"` and `"minimax"`.
        penalty: Of `PENALTIES`, separated by commas; `""` for none. See `penalties`.
        penalty_weight: The paper's lambda, or gamma of R1 and R2.
        penalty_every: Only in every so-many-th update of D, and as many times stronger
            (lazy regularisation, Karras et al. 2020, whose Adam is rescaled, too). On one
            device, or where nothing synchronises replicas.
        augment: What D sees of all images, real and generated, in both players' updates:
            DiffAugment's `"color"`, `"translation"`, `"cutout"`, separated by
            commas, or `"adaptive"` (ADA); `""` for the images as they are.
        minibatch: What D compares the examples of a batch by: `"discrimination"` (Salimans
            et al. 2016), `"standard_deviation"` (Karras et al. 2018), `""` for nothing.
        top_k: Share of the samples, those that D likes best, that G learns from in
            the end; 1 for all. It falls there from 1.
        top_k_images: Images over which that share falls, geometrically.
        lecam: Weight of the LeCam regularisation, 0 for none.
        consistency: Weight of balanced consistency (bCR), by translation; 0 for none.
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
                f"penalty is made of {', '.join(PENALTIES)}, each at most once, separated by "
                f"commas. Received: {self.penalty!r}."
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
        """The penalties as a tuple of names."""
        return tuple(name.strip() for name in self.penalty.split(",") if name.strip())

    @property
    def unused(self):
        """The arguments that do nothing, with what they would need."""
        found = {}
        if not self.penalties:
            found |= {"penalty_weight": "penalty", "penalty_every": "penalty"}
        if self.top_k == 1.0:
            found["top_k_images"] = "top_k"
        return found

    @property
    def is_adaptive(self):
        """Whether the augmentation adapts itself."""
        return self.augment == ADAPTIVE

    def check_examples(self, system, image_shape):
        """Raises `UserError` if a piece is not for examples of this shape."""
        asked = [name for name in ("augment", "consistency") if getattr(self, name)]
        if asked and (len(image_shape) != 3 or image_shape[2] not in (1, 3, 4)):
            raise UserError(
                f"{asked[0]} is for images of 1, 3 or 4 channels (any of "
                f"{', '.join((*POLICIES, ADAPTIVE))}). Received: examples {tuple(image_shape)} for "
                f"{system}; drop {asked[0]}."
            )


class TakesPieces:
    """Mixin of `LatentGAN`: what a system says of its pieces, and its whole signature.

    Attributes:
        pieces: Shared arguments whose defaults are not those of `Pieces`.
        fixed_pieces: Names of those of them that make the system what it is.
        bounded_critic: Whether the system itself bounds D's slope.
    """

    pieces = {}
    fixed_pieces = ()
    bounded_critic = False

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # All parameters by name: for `help`, for a run's record, for what it is compared with.
        cls.__signature__ = inspect.Signature(_parameters(cls, cls).values())


def defaults(system):
    """Returns the `Pieces` of a system when nothing else is asked for."""
    return Pieces(**system.pieces)


def _parameters(system, owner):
    """Returns the parameters of the constructor that `owner` has, by name.

    `**pieces` stands for the fields of `Pieces`, with the system's own defaults; any other
    `**name` for the parameters of the base, to which they are passed on.
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
    """Returns the `Pieces` of a system with some chosen by the user.

    Raises:
        UserError: For values that no system, or not this one, can take.
    """
    fixed = {name: system.pieces[name] for name in system.fixed_pieces}
    for name, value in fixed.items():
        if name in given and given[name] != value:
            raise UserError(
                f"{system.__name__} is defined by {name}={value!r}. Received: {given[name]!r}. Use "
                "another system, such as dcgan, to change it."
            )
    chosen = dataclasses.replace(defaults(system), **given)
    for name, without in chosen.unused.items():
        if getattr(chosen, name) != getattr(defaults(system), name):
            raise UserError(
                f"{name} does nothing without {without}. Received: {given[name]!r}. Add {without} "
                f"or leave {name} out."
            )
    return chosen
