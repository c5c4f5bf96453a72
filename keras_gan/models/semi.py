"""The semi-supervised GAN.

Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen: Improved Techniques for Training GANs, 2016,
sections 3.1 and 5.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments, check_weights
from keras_gan.distribution.replicas import global_mean
from keras_gan.errors import UserError
from keras_gan.game.loss import Loss
from keras_gan.losses import class_cross_entropy
from keras_gan.models._labelled import check_classes, labels_of
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import dcgan, semi


@keras.saving.register_keras_serializable(package="keras_gan")
class Semi(LatentGAN):
    """Semi-supervised GAN: the discriminator is a classifier that learns from few labels.

    The label -1 marks examples without a label (`--labels_per_class`). The classifier has the K
    classes and one more, "generated". The discriminator's loss has two parts (section 5): the
    class cross-entropy, averaged over the examples with a label; and the GAN loss on all real
    and generated examples, where D(x) is the sum of the class probabilities. The generator
    minimises ||E f(x) - E f(G(z))||^2, with f the discriminator's features before its last
    layer (feature matching, section 3.1). The paper found that this gives the better
    classifier.

    Where this differs from the paper: the networks are DCGAN's; the discriminator has dropout
    only before its last layer, and no weight norm; labelled and unlabelled examples are in one
    batch, so few examples of a batch have a label, where the paper has separate batches. The
    authors' code takes half of the GAN loss (`game_weight=0.5`) and, in feature matching, the
    mean over the features in place of the sum.
    Samples come from an averaged generator.

    The mean features and the mean cross-entropy are taken over the batch, or over each part of
    an update with `accumulate_steps`.

    Args:
        image_shape: (height, width, channels); see `networks.dcgan.levels`.
        num_classes: Number of classes, K, at least 2.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        feature_matching: Whether the generator matches features. `False` uses the GAN loss.
        class_weight: Weight of the class cross-entropy.
        game_weight: Weight of all other terms of the discriminator's loss. With 0 the
            discriminator is an ordinary classifier that learns from the labels alone.
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image.
        kernel_size: Side of the convolution kernels, in pixels.
        normalization: Normalization of the discriminator; see `networks.normalization`.
        dropout: Dropout rate in [0, 1) before the discriminator's last layer.
        **pieces: Shared options; see `pieces.Pieces`.
    """

    tiny = {"latent_dim": 4, "width": 2, "kernel_size": 3}
    term_names = ("d_class_loss",)
    pieces = {"objective": "non_saturating"}
    fixed_pieces = ("objective",)  # D(x) is defined by class probabilities.
    takes_unlabelled = True

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        feature_matching=True,
        class_weight=1.0,
        game_weight=1.0,
        d_steps=1,
        width=64,
        kernel_size=5,
        normalization="none",
        dropout=0.5,
        **pieces,
    ):
        check_classes(type(self), num_classes)
        sizes = {"width": width, "kernel_size": kernel_size}
        check_arguments(latent_dim=latent_dim, **sizes)
        check_weights(class_weight=class_weight, game_weight=game_weight)
        if not 0.0 <= dropout < 1.0:
            raise UserError(f"dropout must be in [0, 1). Received: {dropout}.")
        if feature_matching and pieces.get("top_k", 1.0) < 1.0:
            raise UserError(
                "top_k has no effect with feature_matching. Received: "
                f"{pieces['top_k']}. Give feature_matching=false or leave top_k out."
            )
        discriminator = semi.Discriminator(
            image_shape,
            num_classes=num_classes,
            normalization=normalization,
            dropout=dropout,
            **sizes,
        )
        super().__init__(
            image_shape,
            generator=dcgan.Generator(image_shape, latent_dim=latent_dim, **sizes),
            discriminator=discriminator,
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )
        self.feature_matching, self.num_classes = feature_matching, num_classes
        self.class_weight, self.game_weight = class_weight, game_weight

    def discriminator_loss(self, real, fake):
        loss = super().discriminator_loss(real, fake)
        of_classes = loss.logged["d_class_loss"]
        total = of_classes + self.game_weight * (loss.total - of_classes)
        return Loss(total, **loss.logged)

    def discriminator_terms(self, real, fake, real_answer, fake_answer):
        labels, logits = labels_of(self, real), real_answer["classes"]
        known = tf.cast(labels >= 0, logits.dtype)
        losses = known * class_cross_entropy(tf.maximum(labels, 0), logits)
        share = global_mean(tf.reduce_mean(known))
        return {"d_class_loss": self.class_weight * tf.math.divide_no_nan(losses, share)}

    def generator_loss(self, real, fake):
        if not self.feature_matching:
            return super().generator_loss(real, fake)
        of_real, of_fake = (
            global_mean(tf.reduce_mean(self.discriminate(examples)["features"], axis=0))
            for examples in (real, fake)
        )
        distance = tf.reduce_sum((tf.stop_gradient(of_real) - of_fake) ** 2)
        return Loss(distance + tf.zeros(fake["image"].shape[:1], distance.dtype))
