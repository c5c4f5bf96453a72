"""Games from latents to examples: one generator against one discriminator.

Base of the systems that map latents to one example, which all take the same pieces: objective,
penalties, augmentation and so on (`game.pieces`).
"""

import abc

import tensorflow as tf

from keras_gan import randomness
from keras_gan.checks import check_arguments, check_choice, check_shape
from keras_gan.game.contest import Contest
from keras_gan.game.functions import Function
from keras_gan.game.model import AdversarialModel
from keras_gan.game.pieces import TakesPieces, choose
from keras_gan.game.players import Player
from keras_gan.game.ports import Images, Latents
from keras_gan.layers.minibatch import comparing


class LatentGAN(TakesPieces, AdversarialModel):
    """A generator from latents to examples against a discriminator; base class.

    A system supplies the two networks, the paper's optimizers and defaults, and overrides what
    its paper changes of the losses.

    Args:
        image_shape: Shape of an example, (height, width, channels) or (dimensions,).
        generator: Network from latents [N, latent_dim], or a dict of them and `conditions`, to
            examples.
        discriminator: Network from examples to logits [N].
        pieces: The shared arguments that the constructor was given, by name; see
            `pieces.Pieces`.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        d_steps: Discriminator updates in a step, the paper's k.
        conditions: `ports.Condition`s of the generator, in the order of its inputs.

    Attributes:
        tiny_shape: Shape of the images for which tests build the system.
        needs_labels: Whether each example needs a label.
        takes_unlabelled: Whether it learns from examples of the label -1, which have none.
        generator: The generator that trains; `averaged_generator` is its average.
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
        """The average of the generator over training."""
        return self.function("sample").averaged

    @classmethod
    def tiny_data(cls):
        return {"image_shape": cls.tiny_shape, "num_classes": 3}

    # What a system may override of the losses.

    @abc.abstractmethod
    def default_optimizers(self):
        """Returns the paper's optimizers by player: `{"g": ..., "d": ...}`."""

    def make(self, real):
        count = tf.nest.flatten(real)[0].shape[0]
        latents = randomness.batch_latents(self.latent_prior, count, self.latent_dim)
        return self.generate(tf.cast(latents, self.compute_dtype), real)

    def generate(self, latents, batch):
        """Returns fake examples, a dict like `batch`, from latents [N, latent_dim]."""
        del batch
        return {"image": self.generator(latents, training=True)}

    def answer(self, examples):
        """Returns what the discriminator says of a dict of examples as it sees them.

        Logits [N], or a dict of them as `logits` and of what else it answers, such as
        logits of classes.
        """
        return self.discriminator(examples["image"], training=True)

    def penalty_weight(self, real):
        """Returns the weight of the penalties in this step, for a dict of real examples."""
        del real
        return self.game.pieces.penalty_weight

    def discriminator_loss(self, real, fake):
        """Returns D's `Loss`.

        Real and generated examples pass through D separately, so that batch norm sees the
        statistics of each kind.

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
        """Returns terms [N] of D's loss beside the game's, by name; see `term_names`.

        Args:
            real: Dict of real examples.
            fake: Dict of generated examples.
            real_answer: What `discriminate` says of the real ones.
            fake_answer: What it says of the generated ones.
        """
        del real, fake, real_answer, fake_answer
        return {}

    def generator_loss(self, real, fake):
        """Returns G's `Loss`; see above."""
        batch_size = self._global_size(real)
        loss, answer = self.game.generator_loss(
            self.discriminate, real, fake, self.step, batch_size
        )
        return _with_terms(loss, self.generator_terms(fake, answer))

    def generator_terms(self, fake, answer):
        """Returns terms [N] of G's loss beside the game's, by name; see above."""
        del fake, answer
        return {}

    def discriminate(self, examples):
        """Returns a dict of what D answers to examples as they are, in full precision.

        Augments the examples first, if the pieces say so.
        """
        seen = {**examples, "image": self.game.augmented(examples["image"])}
        return self._in_full_precision(self.answer(seen))

    def _in_full_precision(self, answer):
        answers = answer if isinstance(answer, dict) else {"logits": answer}
        return {name: tf.cast(value, self.compute_dtype) for name, value in answers.items()}

    # For users of Keras, by the names of the two players.

    def compile(self, generator_optimizer=None, discriminator_optimizer=None, **settings):
        """Configures training; see `Fitting.compile` for the settings.

        Args:
            generator_optimizer: Optimizer of the generator. Default: the paper's. Its
                iterations count steps.
            discriminator_optimizer: Optimizer of the discriminator. Default: the paper's. Its
                iterations count d_steps a step.
            **settings: `seed`, `ema_images`, `jit_compile` and so on.
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

    # Latents, for walks and arithmetic.

    def seeded_latents(self, seeds):
        """Returns the latents [N, latent_dim] of pairs (seed, index), a float32 array."""
        return self.function("sample").rows(seeds)["latents"]


def _with_terms(loss, terms):
    """Returns a `Loss` with terms [N] added, which are logged by their names."""
    total = sum(terms.values(), loss.total)
    return type(loss)(total, **loss.logged, **terms)
