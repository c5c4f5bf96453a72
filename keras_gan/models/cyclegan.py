"""The cycle-consistent GAN.

Zhu, Park, Isola, Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
Networks, 2017.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments, check_weights
from keras_gan.errors import UserError
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
    """Two translators between unpaired sets of images, A and B, each judged in its target set.

    Both generators learn from both cycles, |F(G(a)) - a| and |G(F(b)) - b| (equation 2), from
    the least-squares game in each set, and from the identity of images that already are of the
    target set (section 5.2; the authors' code has it on by default). A discriminator sees
    generated images from a pool of past ones (section 4).

    Where this differs from the authors' code: D's update comes before G's, with one optimizer
    for both generators and one for both discriminators, as in the port to PyTorch; `History`
    says how the pool differs; samples come from averaged generators. Minimal so far: the learning
    rate falls over the whole of `decay_images`; images are not cropped at random.

    Args:
        image_shape: (height, width, channels) of the images of A in training.
        target_shape: The same of B. Default: as A.
        width: Channels of the generators at full size.
        discriminator_width: Channels of the discriminators' first layer.
        blocks: Residual blocks of a generator.
        patch_layers: Convolutions of stride 2 in a discriminator.
        cycle_weight: Weight of the cycles.
        identity_weight: Weight of the identities: half of the cycles' in the authors' code. 0
            where A and B differ in channels.
        adversarial_weight: Weight of G's game. 2, since the least-squares loss here has a 1/2
            that the authors' code does not have.
        pool: Past images that a discriminator learns from.
        **pieces: See `pieces.Pieces`.
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
        if any(len(shape) != 3 for shape in shapes.values()):
            raise UserError(f"CycleGAN translates images. Received: vectors {shapes['a']}.")
        if shapes["a"][:2] != shapes["b"][:2]:
            raise UserError(
                "CycleGAN trains on images of one size. Received: "
                f"{' and '.join('x'.join(map(str, x[:2])) for x in shapes.values())}. Give "
                "--image_size; trained translators take images of any size."
            )
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
        return {
            "a": self.b_to_a(real["b"], training=True),
            "b": self.a_to_b(real["a"], training=True),
        }

    def discriminator_loss(self, real, made):
        updates, losses = self.updates_done("d"), []
        for key, game in self.games.items():
            seen = {"image": self.pools[key](made[key])}
            critic = game.critic(self.critics[key])
            losses.append(game.discriminator_loss(critic, {"image": real[key]}, seen, updates)[0])
        return losses[0] + losses[1]

    def generator_loss(self, real, made):
        batch_size, losses = self._global_size(real), []
        for key, game in self.games.items():
            critic, fake, own = game.critic(self.critics[key]), made[key], {"image": real[key]}
            losses.append(
                game.generator_loss(critic, own, {"image": fake}, self.step, batch_size)[0]
            )
        cycle = self._distances({"a": made["b"], "b": made["a"]}, real)
        loss = self.adversarial_weight * (losses[0] + losses[1])
        loss += self.cycle_weight * Loss(cycle, g_cycle=cycle)
        same = self._distances(real, real) if self.identity_weight else tf.zeros_like(cycle)
        return loss + self.identity_weight * Loss(same, g_identity=same)

    def _distances(self, images, targets):
        """Returns mean absolute differences [N], of both sets, of images brought to each set.

        Args:
            images: Images to translate, by the set that they are brought to.
            targets: What they should become.
        """
        total = 0.0
        for key, network in (("a", self.b_to_a), ("b", self.a_to_b)):
            became = tf.cast(network(images[key], training=True), self.compute_dtype)
            target = tf.cast(targets[key], self.compute_dtype)
            total += tf.reduce_mean(tf.abs(became - target), [1, 2, 3])
        return total

    def check_replicas(self):
        for key, game in self.games.items():
            game.check_replicas([self.critics[key]])
