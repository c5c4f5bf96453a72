"""The GAN with a gradient penalty around the data.

Kodali, Abernethy, Hays, Kira: On Convergence and Stability of GANs, 2017.
"""

import keras

from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class DRAGAN(PlainModel):
    """The original game with D's gradient held near length 1 around real examples.

    Algorithm 1: lambda E[(||grad D(x + delta)|| - 1)^2] is added to D's loss, lambda
    being 10, to avoid the sharp D around the data that mode collapse goes with
    (section 2.3). delta is uniform noise of up to half the batch's standard
    deviation, times a uniform share, as in the authors' code; see
    `penalties.dragan`. The gradient is that of the logit, as in the code, and D
    may have batch norm, as there: it then counts what each example does to the
    others' logits.

    Where this differs: samples come from an averaged generator.

    The arguments are those of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "normalization": "none"}
    pieces = {"penalty": "dragan"}
    fixed_pieces = ("penalty",)
