"""Base classes of the systems that generate images of a given class."""

import numpy as np
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.drawing import pictures
from keras_gan.errors import UserError
from keras_gan.game.ports import Condition
from keras_gan.models._latent import LatentGAN
from keras_gan.networks import labelled

_COLUMNS = 8  # Fewest columns of a grid, if they fit. With few classes, more would be too wide.


class LabelledModel(LatentGAN):
    """Base class of conditional systems: both players see labels.

    In training, generated images take the labels of the real examples in the batch.

    Args:
        image_shape: As in `LatentGAN`.
        num_classes: Number of classes.
        **given: The other arguments of `LatentGAN`.
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
        """Chooses one row for each class, all with the same latents; see `Using.showcase`.

        It shows the first classes only if the grid cannot hold all of them.
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
        UserError: If there are no labels, or they are not integers of shape [N].
    """
    if "label" not in examples:
        raise UserError(
            f"{type(model).__name__} learns from labels. Expected batches with the keys 'image' "
            f"and 'label'. Received: {sorted(examples)}. Add the labels, or use another system."
        )
    labels = tf.convert_to_tensor(examples["label"])
    if labels.shape.rank != 1 or not labels.dtype.is_integer:
        raise UserError(
            "Expected 'label' to be whole numbers of shape (batch,), not one-hot. Received: "
            f"{tuple(labels.shape)} of {labels.dtype.name}. Give the number of the class."
        )
    return labels


def check_classes(system, num_classes):
    """Raises `UserError` if the dataset has fewer than two classes."""
    if num_classes is None or num_classes < 2:
        raise UserError(
            f"{system.__name__} learns from labels: expected a dataset with at least two classes. "
            f"Received: {'no classes' if num_classes is None else num_classes}. Use a folder with "
            "a folder for each class, a labelled dataset such as digits, or another system."
        )


class LabelledDCGAN(LabelledModel):
    """Base class of conditional systems with DCGAN's networks and optimizers.

    Args:
        image_shape: (height, width, channels); see `networks.dcgan.levels`.
        num_classes: Number of classes, at least 2.
        latent_dim: Dimension of the latents.
        latent_prior: `"normal"`, N(0, I), or `"uniform"`, U(-1, 1).
        embedding_dim: Dimension of the label embeddings in the generator.
        d_steps: Discriminator updates in a step.
        width: Channels of the layers next to the image.
        kernel_size: Side of the convolution kernels, in pixels.
        normalization: Normalization of the discriminator; see `networks.normalization`.
        **pieces: Shared options; see `pieces.Pieces`.

    Attributes:
        discriminator_class: Discriminator of the system, a class of `networks.labelled`.
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
        check_arguments(latent_dim=latent_dim, embedding_dim=embedding_dim, **sizes)
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
