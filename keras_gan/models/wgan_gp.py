"""The Wasserstein GAN with a gradient penalty.

Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville: Improved Training of Wasserstein GANs, 2017.
"""

import keras

from keras_gan.game.players import same_for_both
from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class WGANGP(PlainModel):
    """A critic whose gradient is held near length 1 between real and generated examples.

    Equation 3: E[f(G(z))] - E[f(x)] + lambda E[(||grad f(x')|| - 1)^2] with x' on
    the line between a real and a generated example, each at its own uniform
    place; lambda is 10. Algorithm 1: five critic updates for one of G, Adam 1e-4
    with beta 0 and 0.9.

    Where this differs from the authors' code: G learns from as many samples as
    the critic, not twice as many, the images get no uniform noise of a grey
    level, and the critic is DCGAN's without batch norm, for any image size, in place of the
    residual network. Samples come from an averaged generator.

    Args:
        d_steps: Discriminator updates in a step.
        normalization: Of the critic, see `networks.normalization`: `"none"`,
            `"layer"` or `"spectral"`. Batch norm is refused: the penalty is on each
            example's own gradient (section 4).
        **others: Those of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "d_steps": 2}
    pieces = {"objective": "wasserstein", "penalty": "gradient_penalty"}
    fixed_pieces = ("objective", "penalty")

    def __init__(self, image_shape, *, d_steps=5, normalization="none", **others):
        super().__init__(image_shape, d_steps=d_steps, normalization=normalization, **others)

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 1e-4, beta_1=0.0, beta_2=0.9)
