"""Layers that let the discriminator compare the examples of a batch, against mode collapse.

If all samples look alike, the discriminator can tell them from real examples. Both
layers use the global batch, on any number of replicas. They couple the examples of
a batch, so a gradient penalty through them also counts the effect of each example
on the others.
"""

import keras
import tensorflow as tf

from keras_gan.checks import check_arguments
from keras_gan.distribution.replicas import all_gather, own_rows
from keras_gan.errors import UserError


@keras.saving.register_keras_serializable(package="keras_gan")
class MinibatchDiscrimination(keras.layers.Layer):
    """Appends similarities to the other examples of the batch: Salimans et al. 2016, section 3.2.

    o_b(x_i) = sum over j other than i of exp(-||M_ib - M_jb||_1), where M_i is a
    learnt linear map of the features of example i. As in the paper it is a sum, so it
    grows with the batch size. It needs memory for N * batch * kernels * size values.

    Args:
        kernels: Number of values to append, the paper's B.
        size: Dimension of the vectors that are compared, the paper's C.
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
            maps = tf.cast(maps, tf.float32)  # Low precision cannot resolve small distances.
        own = tf.reshape(maps, [-1, self.kernels, self.size])
        everyone = all_gather(own)
        parts = zip(*(tf.unstack(maps, axis=-1) for maps in (own, everyone)), strict=True)
        # add_n is twice as fast on a CPU as a sum along such a short axis.
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
    """Appends a channel with the mean standard deviation of a group: Karras et al. 2018, section 3.

    The standard deviation over the examples of a group (with 1e-8 added to the
    variance) is computed for each feature, then averaged over features. A group is
    `group_size` consecutive examples of the global batch. The authors' code takes
    examples that are apart in the batch, which is equivalent for independent examples.

    Args:
        group_size: Number of examples in a group. If it does not divide the global
            batch, the largest smaller number that does is used. `None`: one group, the
            whole batch.

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
        """Returns the group size for a batch of `count` examples, an integer tensor."""
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
    """Returns a discriminator with one of these layers inserted before its last dense layer.

    The dense layer of the logits is replaced by a new one that takes the wider features. Other
    outputs stay the same. Salimans et al. put the layer here, Karras et al. two layers earlier.

    Args:
        network: Functional model with a layer `logits` after a dense layer.
        name: A key of `LAYERS`; `""` returns `network` itself.

    Raises:
        UserError: If the logits do not come from a single dense layer.
    """
    if not name:
        return network
    read_out = read_out_of(network)
    if not isinstance(read_out, keras.layers.Dense):
        raise UserError(
            "minibatch needs a discriminator whose logits come from one dense layer. Received: "
            f"minibatch={name} with logits from {type(read_out).__name__}. Leave minibatch empty."
        )
    x = LAYERS[name](name=f"minibatch_{name}")(read_out.input)
    x = type(read_out).from_config(read_out.get_config())(x)
    logits = keras.layers.Reshape((), name="logits")(x)
    others = network.output if isinstance(network.output, dict) else {}
    outputs = {**others, "logits": logits} if others else logits
    return keras.Model(network.input, outputs, name=network.name)


def read_out_of(network):
    """Returns the layer that computes a discriminator's logits, usually a dense one."""
    (node,) = network.get_layer("logits")._inbound_nodes[:1]
    return node.input_tensors[0]._keras_history.operation
