"""The cycle-consistent GAN.

Zhu, Park, Isola, Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
Networks, 2017.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments, check_same_size, check_weights
from keras_gan.game.contest import Contest
from keras_gan.game.functions import Function
from keras_gan.game.loss import Loss
from keras_gan.game.model import AdversarialModel
from keras_gan.game.pieces import TakesPieces, choose
from keras_gan.game.players import Player, same_for_both
from keras_gan.game.ports import Images
from keras_gan.layers.history import History
from keras_gan.networks import translation


@keras.saving.register_keras_serializable(package="keras_gan")
class CycleGAN(TakesPieces, AdversarialModel):
    """Translates images between two unpaired datasets A and B, in both directions.

    Two generators, A to B and B to A, learn from three losses: the least-squares GAN loss in
    each dataset; the cycle losses |F(G(a)) - a| and |G(F(b)) - b| (equation 2); and the identity
    losses, by which an image of the target dataset should stay the same (section 5.2; on by
    default in the authors' code). Each discriminator learns from a pool of past generated
    images (section 4).

    Where this differs from the authors' code: the discriminators are updated before the
    generators, with one optimizer for both generators and one for both discriminators, as in
    the PyTorch port; `layers.history.History` says how the pool differs; samples come from
    averaged generators. Not implemented: a constant learning rate before the decay (it falls
    over all of `decay_images`), and random crops.

    Args:
        image_shape: (height, width, channels) of the training images of A.
        target_shape: (height, width, channels) of the training images of B. Default: as A.
        width: Channels of the generators at full resolution.
        discriminator_width: Channels of the discriminators' first layer.
        blocks: Number of residual blocks in a generator.
        patch_layers: Number of stride-2 convolutions in a discriminator.
        cycle_weight: Weight of the cycle losses.
        identity_weight: Weight of the identity losses. The authors' code uses half of
            `cycle_weight`. It is 0 if A and B differ in their number of channels.
        adversarial_weight: Weight of the generators' GAN losses. The default 2 makes up for a
            factor 1/2 in our least-squares loss, which the authors' code does not have.
        pool: Number of past images in each discriminator's pool.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    data_keys = ("a", "b")
    tiny = {"width": 2, "discriminator_width": 2, "blocks": 1, "patch_layers": 1, "pool": 6}
    pieces = {"objective": "least_squares"}
    term_names = ("g_cycle", "g_identity")

    def __init__(
        self,
        image_shape,
        *,
        target_shape=None,
        width=64,
        discriminator_width=64,
        blocks=9,
        patch_layers=3,
        cycle_weight=10.0,
        identity_weight=5.0,
        adversarial_weight=2.0,
        pool=50,
        **pieces,
    ):
        shapes = {"a": tuple(image_shape), "b": tuple(target_shape or image_shape)}
        check_arguments(pool=pool)
        check_weights(cycle_weight=cycle_weight, identity_weight=identity_weight)
        check_weights(adversarial_weight=adversarial_weight)
        check_same_size("CycleGAN", *shapes.values())
        super().__init__({key: Images(shape, key) for key, shape in shapes.items()})
        self.cycle_weight, self.adversarial_weight = cycle_weight, adversarial_weight
        channels = {key: shape[2] for key, shape in shapes.items()}
        self.identity_weight = identity_weight if channels["a"] == channels["b"] else 0.0
        chosen = choose(type(self), pieces)
        sizes = {"width": width, "blocks": blocks}
        self.a_to_b, self.b_to_a = (
            translation.Generator(channels[x], channels[y], name=f"{x}_to_{y}", **sizes)
            for x, y in ("ab", "ba")
        )
        self.critics, self.pools, self.games = {}, {}, {}
        for key, shape in shapes.items():
            self.critics[key] = translation.PatchDiscriminator(
                shape, width=discriminator_width, layers=patch_layers, name=f"critic_{key}"
            )
            self.pools[key] = History(pool, shape)
            self.games[key] = Contest(chosen, key)
            self.games[key].check_discriminators("CycleGAN", [self.critics[key]])
        players = [
            Player("d", (*self.critics.values(), *self.pools.values()), self.discriminator_loss),
            Player("g", (self.a_to_b, self.b_to_a), self.generator_loss),
        ]
        a, b = (Images((None, None, channels[key]), key) for key in "ab")
        self.play(
            players,
            makers=[self.a_to_b, self.b_to_a],
            functions={
                "a_to_b": Function(self.a_to_b, (a,), b),
                "b_to_a": Function(self.b_to_a, (b,), a),
            },
            contests=self.games.values(),
        )

    @classmethod
    def tiny_data(cls):
        return {"image_shape": (8, 8, 1)}

    @classmethod
    def data_arguments(cls, source):
        return {"image_shape": source.shapes["a"], "target_shape": source.shapes["b"]}

    def default_optimizers(self):
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.5)

    def make(self, real):
        """Translates both images of a dict with the keys a and b, each to the other's key."""
        return {
            "a": self.b_to_a(real["b"], training=True),
            "b": self.a_to_b(real["a"], training=True),
        }

    def discriminator_loss(self, real, made):
        updates, losses = self.updates_done("d"), []
        for key, game in self.games.items():
            critic, seen = game.critic(self.critics[key]), {"image": self.pools[key](made[key])}
            losses.append(game.discriminator_loss(critic, {"image": real[key]}, seen, updates)[0])
        return losses[0] + losses[1]

    def generator_loss(self, real, made):
        batch_size, losses = self._global_size(real), []
        for key, game in self.games.items():
            critic, own, fake = game.critic(self.critics[key]), real[key], {"image": made[key]}
            judged = game.generator_loss(critic, {"image": own}, fake, self.step, batch_size)
            losses.append(judged[0])
        cycle = _distance(self.make(made), real)
        same = 0.0 * cycle
        if self.identity_weight:
            same = _distance(self.make({"a": real["b"], "b": real["a"]}), real)
        loss = self.adversarial_weight * (losses[0] + losses[1])
        loss += self.cycle_weight * Loss(cycle, g_cycle=cycle)
        return loss + self.identity_weight * Loss(same, g_identity=same)

    def check_replicas(self):
        for key, game in self.games.items():
            game.check_replicas([self.critics[key]])


def _distance(made, real):
    """Returns the mean absolute differences [N] of the images of A plus those of B."""
    cast = lambda images: tf.cast(images, keras.config.floatx())  # noqa: E731
    a, b = (tf.reduce_mean(tf.abs(cast(made[k]) - cast(real[k])), [1, 2, 3]) for k in "ab")
    return a + b
