"""What a system may change of the training step."""

import abc

import tensorflow as tf

from keras_gan.game import averages as ema


class Hooks:
    """Mixin of `AdversarialModel`: its losses, and what else a system may override."""

    @abc.abstractmethod
    def default_optimizers(self):
        """Returns the paper's (generator_optimizer, discriminator_optimizer)."""

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

    def ema_decay(self, batch_size):
        """Returns the share of the averaged weights that this step keeps; see `ema.decay`."""
        return ema.decay(self.ema_images, batch_size, self.step * batch_size)

    def discriminator_loss(self, real, fake):
        """Returns D's losses [N] and a dict of per-example values to log.

        Real and fake examples pass through D separately, so that batch norm
        sees the statistics of each kind.

        Args:
            real: Dict of real examples.
            fake: Dict of generated examples.
        """
        weight = self.penalty_weight(real)
        updates = self.discriminator_optimizer.iterations if self.compiled else 0
        losses, values, answers = self.game.discriminator_losses(
            self.discriminate, real, fake, updates, weight
        )
        terms = self.discriminator_terms(real, fake, *answers)
        return sum(terms.values(), losses), {**values, **terms}

    def discriminator_terms(self, real, fake, real_answer, fake_answer):
        """Returns terms [N] of D's loss beside the game's, by name; see `term_names`.

        Args:
            real: Dict of real examples.
            fake: Dict of generated examples.
            real_answer: What `discriminate` says of the real ones.
            fake_answer: And of the generated ones.
        """
        del real, fake, real_answer, fake_answer
        return {}

    def generator_loss(self, real, fake):
        """Returns G's losses [N] and a dict of per-example values to log; see above."""
        batch_size = self._in_all(real)
        losses, answer = self.game.generator_losses(
            self.discriminate, real, fake, self.step, batch_size
        )
        terms = self.generator_terms(fake, answer)
        return sum(terms.values(), losses), terms

    def generator_terms(self, fake, answer):
        """Returns terms [N] of G's loss beside the game's, by name; see above."""
        del fake, answer
        return {}

    def after_discriminator_update(self, means):
        """Called after each update of D, for instance to clip its weights.

        Args:
            means: D's loss and monitors of this update by name, scalars, the
                same on every replica.
        """

    def discriminate(self, examples):
        """Returns a dict of `answer`'s for examples as they are, in full precision.

        They are augmented here, if at all.
        """
        seen = {**examples, "image": self.game.augmented(examples["image"])}
        return self._in_full_precision(self.answer(seen))

    def _in_full_precision(self, answer):
        answers = answer if isinstance(answer, dict) else {"logits": answer}
        return {name: tf.cast(value, self.compute_dtype) for name, value in answers.items()}
