"""The information maximising GAN.

Chen, Duan, Houthooft, Schulman, Sutskever, Abbeel: InfoGAN: Interpretable Representation Learning
by Information Maximizing Generative Adversarial Nets, 2016.
"""

import keras
import numpy as np
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments, check_weights
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.game.ports import Condition
from keras_gan.losses import class_cross_entropy
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import infogan

_MOST_CODES = 1000


@keras.saving.register_keras_serializable(package="keras_gan")
class InfoGAN(LatentGAN):
    """GAN that learns interpretable codes without labels.

    The generator takes codes beside the latents. A network Q on top of the discriminator's
    features predicts the codes of generated samples. Both players add -lambda L_I to their
    loss. L_I = E[log Q(c | G(z, c))], up to a constant, is a lower bound of the mutual
    information between codes and samples (equations 5 and 6). For categorical codes Q is a
    softmax. Continuous codes come from U(-1, 1); for them Q is a normal distribution with
    variance 1, so the term is half the squared error, as in the authors' code. Q shares all
    layers of the discriminator except the last and is trained with it.

    Where this differs from the paper: the networks are DCGAN's, and Q has one more layer of 128
    units, as the paper's has for MNIST. The latents are N(0, I) unless
    `latent_prior="uniform"`, the paper's. Samples come from an averaged generator.

    Args:
        image_shape: (height, width, channels); see `networks.dcgan.levels`.
        num_classes: Ignored; the system learns without labels.
        latent_dim: Dimension of the latents, without the codes.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        categories: Number of values of each categorical code. The paper has one code of 10
            values for digits.
        codes: Number of continuous codes, 0 or more.
        category_weight: lambda of the categorical codes.
        code_weight: lambda of the continuous codes.
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image.
        kernel_size: Side of the convolution kernels, in pixels.
        normalization: Normalization of the discriminator; see `networks.normalization`.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {"latent_dim": 4, "width": 2, "kernel_size": 3, "categories": (3,), "codes": 2}
    term_names = ("d_information_loss", "g_information_loss")

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=62,
        latent_prior="normal",
        categories=(10,),
        codes=2,
        category_weight=1.0,
        code_weight=1.0,
        d_steps=1,
        width=64,
        kernel_size=4,
        normalization="batch",
        **pieces,
    ):
        del num_classes
        sizes = {"width": width, "kernel_size": kernel_size}
        check_arguments(latent_dim=latent_dim, **sizes)
        check_weights(category_weight=category_weight, code_weight=code_weight)
        _check_codes(categories, codes)
        sizes |= {"categories": tuple(categories), "codes": codes}
        super().__init__(
            image_shape,
            generator=infogan.Generator(image_shape, latent_dim=latent_dim, **sizes),
            discriminator=infogan.Discriminator(image_shape, normalization=normalization, **sizes),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            conditions=_conditions(categories, codes),
            pieces=pieces,
        )
        self.categories, self.codes = tuple(categories), codes
        self.category_weight, self.code_weight = category_weight, code_weight

    def default_optimizers(self):
        adam = keras.optimizers.Adam
        return {"g": adam(1e-3, beta_1=0.5), "d": adam(2e-4, beta_1=0.5)}

    def generate(self, latents, batch):
        count = latents.shape[0]
        codes = {
            condition.name: condition.from_uniform(
                randomness.batch_uniform([count, *condition.shape])
            )
            for condition in self.conditions
        }
        image = self.generator({"latents": latents, **codes}, training=True)
        return {"image": image, **codes}

    def discriminator_terms(self, real, fake, real_answer, fake_answer):
        return {"d_information_loss": self._information_loss(fake, fake_answer)}

    def generator_terms(self, fake, answer):
        return {"g_information_loss": self._information_loss(fake, answer)}

    def _information_loss(self, fake, answer):
        """Returns -lambda log Q(c | x) [N], up to a constant."""
        losses = [
            self.category_weight * class_cross_entropy(fake[c.name], answer[c.name])
            for c in self.conditions
            if c.count is not None
        ]
        if self.codes:
            errors = tf.cast(fake["codes"], self.compute_dtype) - answer["codes"]
            losses.append(self.code_weight * 0.5 * tf.reduce_sum(errors**2, axis=1))
        return tf.add_n(losses)

    def showcase(self, count, function=None):
        """Chooses rows in which one code varies and a seed fixes all other inputs.

        A categorical code takes its values in order, a continuous one goes from -1 to 1. See
        `Using.showcase`.
        """
        del function
        most_rows, most_columns = pictures.grid_capacity(self.image_shape)
        factors = [(infogan.category_name(i), k) for i, k in enumerate(self.categories)]
        factors += [(number, None) for number in range(self.codes)]
        factors = factors[:most_rows]
        columns = min(max([8, *(min(k, 16) for k in self.categories)]), most_columns)
        seeds = max(1, min(count // columns, most_rows) // len(factors))
        pairs, rows = [], {condition.name: [] for condition in self.conditions}
        for name, values in factors:
            for seed in range(seeds):
                own = self.function().rows([(seed, 0)] * columns)
                del own["latents"]
                if values:
                    own[name] = np.arange(columns) % values
                else:
                    own["codes"][:, name] = np.linspace(-1.0, 1.0, columns)
                pairs += [(seed, 0)] * columns
                for key, value in own.items():
                    rows[key].append(value)
        return pairs, {key: np.concatenate(value) for key, value in rows.items()}, columns


def _conditions(categories, codes):
    """Returns a `Condition` for each categorical code, then one for all continuous codes."""
    found = [
        Condition(infogan.category_name(number), "int64", count=count)
        for number, count in enumerate(categories)
    ]
    return (*found, *([Condition("codes", "float32", (codes,))] if codes else []))


def _check_codes(categories, codes):
    """Raises `UserError` if `categories` or `codes` is invalid, or there are no codes."""
    numbers = [*categories, codes] if isinstance(categories, tuple | list) else [None]
    whole = all(isinstance(n, int) and not isinstance(n, bool) for n in numbers)
    if not (whole and all(n >= 2 for n in numbers[:-1]) and 0 <= numbers[-1] <= _MOST_CODES) or (
        numbers == [0]
    ):
        raise UserError(
            "InfoGAN needs codes: categories must be numbers of values, each at least 2, and "
            f"codes a whole number from 0 to {_MOST_CODES}; at least one of the two. Received: "
            f"categories={categories!r}, codes={codes!r}."
        )
