"""The Wasserstein GAN with a gradient penalty.

Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville: Improved Training of Wasserstein GANs, 2017.
"""

import keras

from keras_gan.game.players import same_for_both
from keras_gan.models._plain import PlainModel


@keras.saving.register_keras_serializable(package="keras_gan")
class WGANGP(PlainModel):
    """Wasserstein GAN with a gradient penalty.

    The critic f minimises E[f(G(z))] - E[f(x)] + lambda E[(||grad f(x')|| - 1)^2] with lambda =
    10 (equation 3). x' is a uniformly random point on the line between a real and a generated
    example. The critic makes five updates in a step. Adam has learning rate 1e-4, beta1 0 and
    beta2 0.9 (algorithm 1).

    Where this differs from the authors' code: the generator learns from as many samples as the
    critic, not twice as many; images get no uniform noise of one grey level; the critic is
    DCGAN's without batch norm, for any image size, not a residual network. Samples come from an
    averaged generator.

    Args:
        d_steps: Discriminator updates in a step.
        normalization: Normalization of the critic: `"none"`, `"layer"` or `"spectral"`; see
            `networks.normalization`. Batch norm is not possible, because the penalty needs the
            gradient of each example by itself (section 4).
        **others: Arguments of `PlainModel`.
    """

    tiny = {**PlainModel.tiny, "d_steps": 2}
    pieces = {"objective": "wasserstein", "penalty": "gradient_penalty"}
    fixed_pieces = ("objective", "penalty")

    def __init__(self, image_shape, *, d_steps=5, normalization="none", **others):
        super().__init__(image_shape, d_steps=d_steps, normalization=normalization, **others)

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 1e-4, beta_1=0.0, beta_2=0.9)
