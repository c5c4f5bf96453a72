"""Layers that let the discriminator compare the examples of a batch.

Against mode collapse: samples that are alike are easily told from real ones.
Both see the global batch, however many replicas share it, and so couple its
examples: a gradient penalty through them counts more than it should.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import all_gather, own_rows
from keras_gan.errors import UserError


@keras.saving.register_keras_serializable(package="keras_gan")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends to each example how near the others are: Salimans et al. 2016, section 3.2.

    o_b(x_i) = sum over j other than i of exp(-||M_ib - M_jb||_1), where M_i is a
    learnt linear map of the features of example i. As in the paper it is a sum,
    which grows with the batch. It takes memory for N * batch * kernels * size
    values.

    Args:
        kernels: Values that are appended, the paper's B.
        size: Dimension in which distances are taken, the paper's C.
        kernel_initializer: Initializer of the linear map.

    Call arguments:
        inputs: Tensor [N, D].

    Returns:
        Tensor [N, D + kernels].
    """

    synchronized = True

    def __init__(self, kernels=100, size=5, kernel_initializer="glorot_uniform", **kwargs):
        super().__init__(**kwargs)
        check_arguments(kernels=kernels, size=size)
        self.kernels = kernels
        self.size = size
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.kernels * self.size),
            initializer=self.kernel_initializer,
        )

    def call(self, inputs):
        maps = tf.matmul(inputs, tf.convert_to_tensor(self.kernel))
        if maps.dtype != tf.float64:
            maps = tf.cast(maps, tf.float32)  # Low precision would not tell near examples apart.
        own = tf.reshape(maps, [-1, self.kernels, self.size])
        everyone = all_gather(own)
        parts = zip(*(tf.unstack(maps, axis=-1) for maps in (own, everyone)), strict=True)
        # A sum along so short an axis would be twice as slow on a CPU.
        distances = tf.add_n([tf.abs(one[:, None] - other[None]) for one, other in parts])
        others = 1.0 - tf.one_hot(
            own_rows(tf.shape(own)[0]), tf.shape(everyone)[0], dtype=own.dtype
        )
        nearness = tf.reduce_sum(tf.exp(-distances) * others[:, :, None], axis=1)
        return tf.concat([inputs, tf.cast(nearness, inputs.dtype)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] + self.kernels)

    def get_config(self):
        initializer = keras.initializers.serialize(self.kernel_initializer)
        own = {"kernels": self.kernels, "size": self.size, "kernel_initializer": initializer}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="keras_gan")
class MinibatchStandardDeviation(keras.layers.Layer):
    """Appends a channel with the mean deviation within a group: Karras et al. 2018, section 3.

    The standard deviation over the group's examples (plus 1e-8 in the root) is
    taken for each feature and averaged over all features. A group is
    `group_size` neighbours in the global batch; the authors' code takes examples
    at a distance from each other, which is as good where examples are
    independent draws.

    Args:
        group_size: Examples in a group. If it does not divide the global batch, the largest
            number below it that does. `None`: all of the batch.

    Call arguments:
        inputs: Tensor [N, ..., C].

    Returns:
        Tensor [N, ..., C + 1].
    """

    synchronized = True

    def __init__(self, group_size=4, **kwargs):
        super().__init__(**kwargs)
        if group_size is not None:
            check_arguments(group_size=group_size)
        self.group_size = group_size

    def call(self, inputs):
        wide = inputs if inputs.dtype == tf.float64 else tf.cast(inputs, tf.float32)
        everyone = all_gather(wide)
        count = tf.shape(everyone)[0]
        members = self._members(count)
        groups = tf.reshape(everyone, [-1, members, tf.size(everyone[0])])
        variance = tf.math.reduce_variance(groups, axis=1)
        deviations = tf.reduce_mean(tf.sqrt(variance + 1e-8), axis=-1)
        own = tf.gather(deviations, own_rows(tf.shape(inputs)[0]) // members)
        own = tf.reshape(tf.cast(own, inputs.dtype), [-1, *[1] * (inputs.shape.rank - 1)])
        channel = tf.zeros_like(inputs[..., :1]) + own
        return tf.concat([inputs, channel], axis=-1)

    def _members(self, count):
        """Returns the size of the groups of a batch of `count`, an integer tensor."""
        if self.group_size is None:
            return count
        sizes = tf.range(1, self.group_size + 1)
        return tf.reduce_max(tf.where(count % sizes == 0, sizes, 1))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)

    def get_config(self):
        return {**super().get_config(), "group_size": self.group_size}


LAYERS = {
    "discrimination": MinibatchDiscrimination,
    "standard_deviation": MinibatchStandardDeviation,
}


def comparing(network, name):
    """Returns a discriminator that reads its logit from what `network` does and such a layer.

    The layer sees the features before the dense layer of the logits, which is made anew, as
    wide as needed; other answers stay. For image features the papers put it there (Salimans et
    al.), or two layers before (Karras et al.).

    Args:
        network: Functional model with a layer `logits` after a dense one.
        name: Of `LAYERS`; `""` returns `network` itself.

    Raises:
        UserError: If the logit comes from more than a dense layer.
    """
    if not name:
        return network
    read_out = read_out_of(network)
    if not isinstance(read_out, keras.layers.Dense):
        raise UserError(
            "minibatch needs a discriminator whose logit is read by a dense layer alone. Received: "
            f"minibatch={name} where {type(read_out).__name__} makes it; drop it."
        )
    x = LAYERS[name](name=f"minibatch_{name}")(read_out.input)
    x = type(read_out).from_config(read_out.get_config())(x)
    logits = keras.layers.Reshape((), name="logits")(x)
    others = network.output if isinstance(network.output, dict) else {}
    outputs = {**others, "logits": logits} if others else logits
    return keras.Model(network.input, outputs, name=network.name)


def read_out_of(network):
    """Returns the dense layer that makes a discriminator's logits."""
    (node,) = network.get_layer("logits")._inbound_nodes[:1]
    return node.input_tensors[0]._keras_history.operation
