"""A contest: one discriminator compares real examples with generated ones.

It computes the losses of both players, with penalties, augmentation and monitors. A GAN has
one contest; a CycleGAN has two.
"""

import keras
import tensorflow as tf

from keras_gan import augment, losses, penalties
from keras_gan.errors import UserError
from keras_gan.game import schedules
from keras_gan.game.loss import Loss
from keras_gan.game.players import synchronizing

_ADAPTED_EVERY = 4  # Discriminator updates between changes of the augmentation probability.
_CONSISTENCY_POLICY = "translation"
_PENALTIES_BETWEEN = ("gradient_penalty", "one_sided_gradient_penalty")


class Contest(keras.layers.Layer):
    """Computes losses, penalties and augmentation of one contest.

    It is a layer because adaptive augmentation and LeCam regularisation keep variables.
    Examples are dicts with the key `image`, and others such as `label` if the discriminator
    takes them.

    Args:
        pieces: The `Pieces`: objective, penalties, augmentation and so on.
        name: Suffix of the logged values, as in `d_logits_real_<name>`. Needed only where a
            system has several contests.

    Attributes:
        names: Names of all values that the losses log.
        examples_in_one: Examples that the discriminator judges together, such as in a pack.
    """

    examples_in_one = 1

    def __init__(self, pieces, name=""):
        super().__init__(name=f"contest_{name}" if name else "game", dtype=keras.config.floatx())
        self.pieces, self.suffix = pieces, f"_{name}" if name else ""
        self.objective = losses.objective(pieces.objective, label_smoothing=pieces.label_smoothing)
        monitored = tuple(self.objective.monitors(tf.zeros(1), tf.zeros(1)))
        self._check_adaptive(monitored)
        used = {
            "penalty": pieces.penalties,
            "lecam": pieces.lecam,
            "consistency": pieces.consistency,
            "d_sign_real": pieces.is_adaptive,
            "augment_probability": pieces.is_adaptive,
        }
        names = (*monitored, *(name for name, is_used in used.items() if is_used))
        self.names = [name + self.suffix for name in names]
        states = []
        if pieces.is_adaptive:
            states += ["probability", "signs", "updates"]
        if pieces.lecam:
            states += ["real_mean", "fake_mean", "mean_weight"]
        for name in states:
            variable = self.add_weight(
                name=name, shape=(), initializer="zeros", trainable=False,
                aggregation="only_first_replica",
            )  # fmt: skip
            setattr(self, name, variable)
        self.built = True

    def augmented(self, images):
        """Augments real or generated images before the discriminator sees them."""
        if self.pieces.is_adaptive:
            return augment.adaptive_augment(images, self.probability.value)
        return augment.diff_augment(images, self.pieces.augment)

    def critic(self, network):
        """Returns a function that augments images and computes their logits with a network.

        It takes a dict with `image` [N, H, W, C]. It returns a dict with `logits` in full
        precision: [N], or [N, h, w] for a network that judges patches.
        """

        def discriminate(examples):
            logits = network(self.augmented(examples["image"]), training=True)
            return {"logits": tf.cast(logits, keras.config.floatx())}

        return discriminate

    def discriminator_loss(self, discriminate, real, fake, updates, weight=None):
        """Computes the discriminator's loss.

        Args:
            discriminate: Function that augments a dict of examples and returns a dict with
                `logits`.
            real: Dict of real examples.
            fake: Dict of generated examples.
            updates: Number of discriminator updates so far.
            weight: Weight of the penalties. Default: `penalty_weight` of the pieces.

        Returns:
            (the `Loss`, (output of `discriminate` for real, and for generated examples)).
        """
        pieces = self.pieces
        weight = pieces.penalty_weight if weight is None else weight
        at_once = pieces.penalty_every == 1
        real_answer, r1 = _with_gradient(discriminate, real, at_once and "r1" in pieces.penalties)
        fake_answer, r2 = _with_gradient(discriminate, fake, at_once and "r2" in pieces.penalties)
        real_logits, fake_logits = real_answer["logits"], fake_answer["logits"]
        total = per_example(self.objective.discriminator(real_logits, fake_logits))
        values = dict(self.objective.monitors(real_logits, fake_logits))
        terms = [penalty for penalty in (r1, r2) if penalty is not None]
        for name in pieces.penalties:
            if not (at_once and name in ("r1", "r2")):
                terms.append(self._penalty(name, discriminate, real, fake, updates))
        if terms:
            values["penalty"] = tf.add_n([tf.cast(term, total.dtype) for term in terms])
            total += tf.cast(weight, total.dtype) * values["penalty"]
        if pieces.lecam:
            values["lecam"] = self._lecam(real_logits, fake_logits)
            total += pieces.lecam * values["lecam"]
        if pieces.consistency:
            values["consistency"] = tf.add_n(
                [
                    per_example(
                        penalties.consistency(logits, discriminate(_translated(examples))["logits"])
                    )
                    for logits, examples in ((real_logits, real), (fake_logits, fake))
                ]
            )
            total += pieces.consistency * values["consistency"]
        if pieces.is_adaptive:
            values["d_sign_real"] = 2.0 * values["d_accuracy_real"] - 1.0
            values["augment_probability"] = self.probability + 0.0 * real_logits
        named = {name + self.suffix: value for name, value in values.items()}
        return Loss(total, **named), (real_answer, fake_answer)

    def _lecam(self, real_logits, fake_logits):
        """Divides the running means by their weight, since they start at zero."""
        weight = self.mean_weight.value
        means = (tf.math.divide_no_nan(x.value, weight) for x in (self.real_mean, self.fake_mean))
        lecam = penalties.lecam(real_logits, fake_logits, *means, rectified=True)
        lecam = per_example(lecam)
        return tf.where(weight > 0.0, lecam, tf.zeros_like(lecam))  # No means yet: no penalty.

    def generator_loss(self, discriminate, real, fake, step=0, batch_size=1):
        """Computes the generator's loss.

        Args:
            discriminate: As in `discriminator_loss`.
            real: As in `discriminator_loss`.
            fake: As in `discriminator_loss`.
            step: Number of training steps so far, which sets the share of `top_k`.
            batch_size: Examples in an update over all replicas.

        Returns:
            (the `Loss`, output of `discriminate` for the generated examples).
        """
        answer = discriminate(fake)
        logits = answer["logits"]
        if self.objective.relativistic:
            real_logits = tf.stop_gradient(discriminate(real)["logits"])
            found = per_example(self.objective.generator(logits, real_logits))
        else:
            found = per_example(self.objective.generator(logits))
        if self.pieces.top_k < 1.0:
            done = tf.cast(step * batch_size, tf.float32) / self.pieces.top_k_images
            share = self.pieces.top_k ** tf.minimum(done, 1.0)
            found = losses.top_k(found, per_example(logits), share)
        return Loss(found), answer

    def after_update(self, means, batch_size):
        """Updates the variables of LeCam regularisation and adaptive augmentation.

        Args:
            means: Values that the discriminator's loss logged, by name, as means over the
                global batch. Others are ignored.
            batch_size: Examples in an update over all replicas.
        """
        means = {
            name: means[name + self.suffix]
            for name in ("d_logits_real", "d_logits_fake", "d_sign_real")
            if name + self.suffix in means
        }
        if self.pieces.lecam and "d_logits_real" in means:
            for mean, value in (
                (self.real_mean, means["d_logits_real"]),
                (self.fake_mean, means["d_logits_fake"]),
                (self.mean_weight, 1.0),
            ):
                mean.assign(0.99 * mean + 0.01 * tf.cast(value, mean.dtype))
        if self.pieces.is_adaptive and "d_sign_real" in means:
            signs = self.signs.value + tf.cast(means["d_sign_real"], self.signs.dtype)
            updates = self.updates.value + 1.0
            due = updates >= _ADAPTED_EVERY
            probability = augment.adapted_probability(
                self.probability.value, signs / updates, batch_size=batch_size, every=_ADAPTED_EVERY
            )
            self.probability.assign(tf.where(due, probability, self.probability.value))
            for variable, value in ((self.signs, signs), (self.updates, updates)):
                variable.assign(tf.where(due, tf.zeros_like(value), value))

    def schedules(self, batch_size):
        """Returns the `schedules.Schedule`s of a run with so many examples in an update."""
        if self.pieces.top_k == 1.0:
            return []
        name = "top_k" + self.suffix.replace("_", " of ", 1)
        images = self.pieces.top_k_images * self.examples_in_one
        return [schedules.over_images(name, images, self.pieces.top_k, batch_size)]

    def check_discriminators(self, system, networks, bounded=False):
        """Raises `UserError` if the objective or a penalty does not fit the discriminators.

        Args:
            system: Name of the system, for the message.
            networks: The discriminators.
            bounded: Whether the system itself bounds the discriminator's slope.
        """
        outputs = [network.output for network in networks]
        if self.pieces.minibatch and any(len(getattr(x, "shape", ())) > 1 for x in outputs):
            raise UserError(
                "minibatch compares whole examples, and this discriminator judges patches. "
                f"Received: minibatch={self.pieces.minibatch} for {system}; drop it."
            )
        layers = [layer for network in networks for layer in network._flatten_layers()]
        normed = [x.name for x in layers if isinstance(x, keras.layers.BatchNormalization)]
        refused = [name for name in self.pieces.penalties if name in _PENALTIES_BETWEEN]
        if normed and refused:
            raise UserError(
                f"{refused[0]} needs a gradient for each example, so the discriminator must not "
                f"have batch norm. Received: {system} with {normed[0]}. Use "
                "normalization=none or layer."
            )
        spectral = any(hasattr(layer, "direction") for layer in layers)
        if self.pieces.objective == "wasserstein" and not (
            bounded or spectral or set(self.pieces.penalties) & {*_PENALTIES_BETWEEN, "dragan"}
        ):
            raise UserError(
                "objective=wasserstein needs a critic of bounded slope. Received: "
                f"{system} without one. Add penalty=gradient_penalty"
                + (", with normalization=layer or none" if normed else "")
                + ", or train wgan or wgan_gp."
            )

    def check_replicas(self, discriminators):
        """Raises `UserError` if a lazy penalty would have to synchronise replicas.

        Replicas cannot exchange values inside a branch that only some updates take.
        """
        if self.pieces.penalty_every == 1 or not self.pieces.penalties:
            return
        found = synchronizing(discriminators)
        if "dragan" in self.pieces.penalties:
            found = ["dragan, which uses the standard deviation of the batch", *found]
        if found:
            raise UserError(
                "penalty_every above 1 works on several replicas only if the discriminator does "
                f"not synchronise them. Received: {found[0]}. Leave penalty_every at 1, use "
                "normalization=none or layer, or train on one device."
            )

    def _check_adaptive(self, monitored):
        if self.pieces.is_adaptive and "d_accuracy_real" not in monitored:
            raise UserError(
                "augment=adaptive adapts to the discriminator's accuracy on real examples, and "
                "this objective only compares real with generated ones. Received: "
                f"objective={self.pieces.objective}. Use "
                "augment=color,translation,cutout, or another objective."
            )

    def _penalty(self, name, discriminate, real, fake, updates):
        """Returns a penalty [N].

        With `penalty_every` = n it is 0 except in every n-th update, where it is n times
        stronger.
        """

        def critic(images):
            return discriminate({**real, "image": images})["logits"]

        functions = {
            "gradient_penalty": lambda: penalties.gradient_penalty(
                critic, real["image"], fake["image"]
            ),
            "one_sided_gradient_penalty": lambda: penalties.gradient_penalty(
                critic, real["image"], fake["image"], one_sided=True
            ),
            "dragan": lambda: penalties.dragan(critic, real["image"]),
            "r1": lambda: penalties.r1(critic, real["image"]),
            "r2": lambda: penalties.r2(
                lambda x: discriminate({**fake, "image": x})["logits"], fake["image"]
            ),
        }
        every = self.pieces.penalty_every
        if every == 1:
            return functions[name]()
        shape = real["image"].shape[:1]
        return tf.cond(
            updates % every == 0,
            lambda: every * functions[name](),
            lambda: tf.zeros(shape, keras.config.floatx()),
        )


def per_example(values):
    """Averages values over all axes except the first, such as over patches; returns [N]."""
    axes = list(range(1, values.shape.rank))
    return tf.reduce_mean(values, axes) if axes else values


def _translated(examples):
    """Shifts the images of the examples at random, for the consistency penalty."""
    return {**examples, "image": augment.diff_augment(examples["image"], _CONSISTENCY_POLICY)}


def _with_gradient(discriminate, examples, penalised):
    """Runs the discriminator; if `penalised`, also returns 1/2 ||gradient by the images||^2 [N].

    One forward pass serves both.
    """
    if not penalised:
        return discriminate(examples), None
    images = tf.convert_to_tensor(examples["image"])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(images)
        answer = discriminate({**examples, "image": images})
        total = tf.reduce_sum(answer["logits"])
    gradients = tape.gradient(total, images, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return answer, penalties.half_squared_norm(gradients)
