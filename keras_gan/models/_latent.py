"""Base class of GANs with one generator from latents and one discriminator.

These systems all take the same shared options: objective, penalties, augmentation and so on
(`game.pieces`).
"""

import keras
import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments, check_choice, check_shape
from keras_gan.game.contest import Contest
from keras_gan.game.functions import Function
from keras_gan.game.model import AdversarialModel
from keras_gan.game.pieces import TakesPieces, choose
from keras_gan.game.players import Player, same_for_both
from keras_gan.game.ports import Images, Latents
from keras_gan.layers.minibatch import comparing


class LatentGAN(TakesPieces, AdversarialModel):
    """Base class: a generator maps latents to examples, a discriminator judges them.

    A system adds its two networks and its paper's defaults. It overrides the parts of the losses
    that its paper changes.

    Args:
        image_shape: Shape of an example, (height, width, channels) or (dimensions,).
        generator: Network from latents [N, latent_dim] to examples. With `conditions` it takes
            a dict of `latents` and the conditions by name.
        discriminator: Network from examples to logits [N].
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step, the paper's k.
        conditions: `ports.Condition`s of the generator, in the order of its inputs.
        pieces: Dict of the shared options given to the constructor; see `pieces.Pieces`.

    Attributes:
        tiny_shape: Shape of the images in tests.
        generator: The generator in training. `averaged_generator` is its moving average.
        discriminator: The discriminator.
    """

    tiny_shape = (16, 16, 1)

    def __init__(
        self,
        image_shape,
        *,
        generator,
        discriminator,
        latent_dim,
        latent_prior="normal",
        d_steps=1,
        conditions=(),
        pieces=None,
    ):
        check_shape(image_shape)
        check_choice("latent_prior", latent_prior, randomness.PRIORS)
        check_arguments(d_steps=d_steps)
        super().__init__({"image": Images(tuple(image_shape))})
        self.image_shape = tuple(image_shape)
        self.latent_dim, self.latent_prior, self.d_steps = latent_dim, latent_prior, d_steps
        self.conditions = tuple(conditions)
        name = type(self).__name__
        chosen = choose(type(self), pieces or {})
        chosen.check_examples(name, self.image_shape)
        self.game = Contest(chosen)
        self.game.check_discriminators(name, [discriminator], self.bounded_critic)
        self.generators = [generator]
        self.discriminators = [comparing(discriminator, chosen.minibatch)]
        self.generator, self.discriminator = self.generators[0], self.discriminators[0]
        self.play(
            [
                Player("d", tuple(self.discriminators), self.discriminator_loss, d_steps),
                Player("g", tuple(self.generators), self.generator_loss),
            ],
            makers=self.generators,
            functions={
                "sample": Function(
                    generator,
                    (Latents(latent_dim, latent_prior), *conditions),
                    Images(self.image_shape),
                )
            },
            contests=[self.game],
        )

    @property
    def averaged_generator(self):
        """The moving average of the generator."""
        return self.function("sample").averaged

    @classmethod
    def tiny_data(cls):
        return {"image_shape": cls.tiny_shape, "num_classes": 3}

    # Methods that a system may override: optimizers and losses.

    def default_optimizers(self):
        """Returns the optimizers by player, `{"g": ..., "d": ...}`. Default: DCGAN's."""
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.5)

    def make(self, real):
        count = tf.nest.flatten(real)[0].shape[0]
        latents = randomness.batch_latents(self.latent_prior, count, self.latent_dim)
        return self.generate(tf.cast(latents, self.compute_dtype), real)

    def generate(self, latents, batch):
        """Generates examples, a dict like `batch`, from latents [N, latent_dim]."""
        del batch
        return {"image": self.generator(latents, training=True)}

    def answer(self, examples):
        """Runs the discriminator on a dict of examples, which are already augmented.

        Returns:
            Logits [N], or a dict with `logits` and other outputs, such as class logits.
        """
        return self.discriminator(examples["image"], training=True)

    def penalty_weight(self, real):
        """Returns the weight of the penalties in this step; `real` is a dict of examples."""
        del real
        return self.game.pieces.penalty_weight

    def discriminator_loss(self, real, fake):
        """Computes the discriminator's `Loss`.

        Real and generated examples pass through the discriminator separately, so that batch
        norm uses separate statistics for each kind.

        Args:
            real: Dict of real examples.
            fake: Dict of generated examples.
        """
        weight = self.penalty_weight(real)
        loss, answers = self.game.discriminator_loss(
            self.discriminate, real, fake, self.updates_done("d"), weight
        )
        return _with_terms(loss, self.discriminator_terms(real, fake, *answers))

    def discriminator_terms(self, real, fake, real_answer, fake_answer):
        """Returns further terms [N] to add to the discriminator's loss, by name.

        List their names in `term_names`, since they are logged.

        Args:
            real: Dict of real examples.
            fake: Dict of generated examples.
            real_answer: Output of `discriminate` for the real examples.
            fake_answer: Output of `discriminate` for the generated examples.
        """
        del real, fake, real_answer, fake_answer
        return {}

    def generator_loss(self, real, fake):
        """Computes the generator's `Loss`; the arguments are those of `discriminator_loss`."""
        batch_size = self._global_size(real)
        loss, answer = self.game.generator_loss(
            self.discriminate, real, fake, self.step, batch_size
        )
        return _with_terms(loss, self.generator_terms(fake, answer))

    def generator_terms(self, fake, answer):
        """Returns further terms [N] to add to the generator's loss, by name.

        Args:
            fake: Dict of generated examples.
            answer: Output of `discriminate` for them.
        """
        del fake, answer
        return {}

    def discriminate(self, examples):
        """Augments examples if asked for, and runs the discriminator on them.

        Returns:
            Dict with `logits` [N] and other outputs of the discriminator, in full precision.
        """
        seen = {**examples, "image": self.game.augmented(examples["image"])}
        return self._in_full_precision(self.answer(seen))

    def _in_full_precision(self, answer):
        answers = answer if isinstance(answer, dict) else {"logits": answer}
        return {name: tf.cast(value, self.compute_dtype) for name, value in answers.items()}

    # Keras methods with an argument for each of the two players.

    def compile(self, generator_optimizer=None, discriminator_optimizer=None, **settings):
        """Configures training.

        Args:
            generator_optimizer: Optimizer of the generator. Default: the system's. Its
                `iterations` count steps.
            discriminator_optimizer: Optimizer of the discriminator. Default: the system's. Its
                `iterations` grow by `d_steps` in each step.
            **settings: `seed`, `ema_images`, `jit_compile` and others of `Fitting.compile`.
        """
        given = {"g": generator_optimizer, "d": discriminator_optimizer}
        super().compile(settings.pop("optimizers", None) or given, **settings)

    def get_compile_config(self):
        config = super().get_compile_config()
        if config:
            optimizers = config.pop("optimizers")
            config["generator_optimizer"] = optimizers["g"]
            config["discriminator_optimizer"] = optimizers["d"]
        return config

    @property
    def generator_optimizer(self):
        """The generator's optimizer."""
        return self.optimizers["g"]

    @property
    def discriminator_optimizer(self):
        """The discriminator's optimizer."""
        return self.optimizers["d"]

    def check_replicas(self):
        self.game.check_replicas(self.discriminators)

    # Latents, for interpolation and arithmetic.

    def seeded_latents(self, seeds):
        """Draws latents, float32 [N, latent_dim], for an array [N, 2] of (seed, index)."""
        return self.function("sample").rows(seeds)["latents"]


def _with_terms(loss, terms):
    """Adds terms [N] to a `Loss` and logs them under their names."""
    total = sum(terms.values(), loss.total)
    return type(loss)(total, **loss.logged, **terms)
