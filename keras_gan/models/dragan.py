"""The GAN with a gradient penalty around the data.

Kodali, Abernethy, Hays, Kira: On Convergence and Stability of GANs, 2017.
"""

import keras

from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class DRAGAN(PlainModel):
    """GAN with a gradient penalty around the real examples.

    Algorithm 1 adds lambda E[(||grad D(x + delta)|| - 1)^2] to the discriminator's loss, with
    lambda = 10. A discriminator that is very sharp around the data goes along with mode
    collapse; the penalty avoids it (section 2.3). delta is uniform noise of up to half the
    batch's standard deviation, times a uniform random factor, as in the authors' code; see
    `penalties.dragan`.

    As in the authors' code, the gradient is of the logit, and the discriminator may have batch
    norm. With batch norm an example's gradient includes its effect on the other logits of the
    batch.

    Where this differs from the authors' code: samples come from an averaged generator.

    The arguments are those of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "normalization": "none"}
    pieces = {"penalty": "dragan"}
    fixed_pieces = ("penalty",)
