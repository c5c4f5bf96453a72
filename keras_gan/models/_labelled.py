"""What the systems that make images of a class have in common."""

import keras
import numpy as np
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.game.players import same_for_both
from keras_gan.game.ports import Condition
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import labelled

_COLUMNS = 8  # At least, where there is room: more would make a ribbon of few classes.


class LabelledModel(LatentGAN):
    """A conditional game: both players see labels; a sample has that of a real example.

    Base class.

    Args:
        image_shape: As of `LatentGAN`.
        num_classes: Number of classes.
        **given: The others of `LatentGAN`.
    """

    needs_labels = True

    def __init__(self, image_shape, *, num_classes, **given):
        labels = Condition("labels", "int64", count=num_classes)
        super().__init__(image_shape, conditions=[labels], **given)
        self.num_classes = num_classes

    def generate(self, latents, batch):
        labels = labels_of(self, batch)
        image = self.generator({"latents": latents, "labels": labels}, training=True)
        return {"image": image, "label": labels}

    def answer(self, examples):
        given = {"images": examples["image"], "labels": labels_of(self, examples)}
        return self.discriminator(given, training=True)

    def showcase(self, count, function=None):
        """Returns a row of the same latents for each class; see `Using.showcase`.

        For the first classes, where there are more than a picture has room for.
        """
        del function
        most_rows, most_columns = pictures.grid_capacity(self.image_shape)
        classes = min(self.num_classes, most_rows, count)
        columns = min(count // classes, most_columns, max(classes, _COLUMNS))
        pairs = [(seed, 0) for seed in range(columns)] * classes
        return pairs, {"labels": np.repeat(np.arange(classes), columns)}, columns


def labels_of(model, examples):
    """Returns the labels [N] of a dict of examples.

    Raises:
        UserError: If there are none, or they are no whole numbers [N].
    """
    if "label" not in examples:
        raise UserError(
            f"{type(model).__name__} learns from labels. Expected batches that are dicts with "
            f"the keys 'image' and 'label'. Received: {sorted(examples)}."
        )
    labels = tf.convert_to_tensor(examples["label"])
    if labels.shape.rank != 1 or not labels.dtype.is_integer:
        raise UserError(
            "Expected 'label' of shape (batch,) of whole numbers, not one-hot. Received: "
            f"{tuple(labels.shape)} of {labels.dtype.name}."
        )
    return labels


def check_classes(system, num_classes):
    """Raises `UserError` unless there are classes for a system to learn."""
    if num_classes is None or num_classes < 2:
        raise UserError(
            f"{system.__name__} learns from labels: expected a dataset of at least two classes. "
            f"Received: {'no classes' if num_classes is None else num_classes}. Use a folder with "
            "a folder for each class, a labelled dataset such as digits, or another system."
        )


class LabelledDCGAN(LabelledModel):
    """A conditional game between DCGAN's networks; base class.

    Args:
        image_shape: (height, width, channels), see `networks.dcgan.levels`.
        num_classes: Number of classes, at least 2.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        embedding_dim: Dimension of the labels' embeddings in G.
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image.
        kernel_size: Side of the convolution kernels.
        normalization: Of D, see `networks.normalization`.
        **pieces: See `pieces.Pieces`.

    Attributes:
        discriminator_class: Of `networks.labelled`.
    """

    tiny = {"latent_dim": 4, "embedding_dim": 3, "width": 2, "kernel_size": 3}
    discriminator_class = None

    def __init__(
        self,
        image_shape,
        *,
        num_classes=None,
        latent_dim=100,
        latent_prior="normal",
        embedding_dim=50,
        d_steps=1,
        width=64,
        kernel_size=5,
        normalization="batch",
        **pieces,
    ):
        check_classes(type(self), num_classes)
        sizes = {"width": width, "kernel_size": kernel_size}
        check_arguments(
            latent_dim=latent_dim, embedding_dim=embedding_dim, d_steps=d_steps, **sizes
        )
        sizes["num_classes"] = num_classes
        generator = labelled.Generator(
            image_shape, latent_dim=latent_dim, embedding_dim=embedding_dim, **sizes
        )
        super().__init__(
            image_shape,
            num_classes=num_classes,
            generator=generator,
            discriminator=self.discriminator_class(
                image_shape, normalization=normalization, **sizes
            ),
            latent_dim=latent_dim,
            latent_prior=latent_prior,
            d_steps=d_steps,
            pieces=pieces,
        )

    def default_optimizers(self):
        """Returns DCGAN's."""
        return same_for_both(keras.optimizers.Adam, 2e-4, beta_1=0.5)
