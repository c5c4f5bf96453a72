"""The distribution strategy of a run, and means, sums and gathering over its replicas."""

import signal
import threading

import keras
import tensorflow as tf

from keras_gan.distribution.signals import interrupts_at_once
from keras_gan.errors import UserError, first_line


def make_strategy(name="auto", cpu_replicas=1):
    """Returns the `tf.distribute.Strategy` for building and training a model.

    Args:
        name: `"default"`: one device. `"mirrored"`: all GPUs of this machine.
            `"auto"`: mirrored if there is more than one GPU, else default.
            `"multi_worker"`: the devices of all machines in TF_CONFIG; waits for the
            other processes. `"tpu"`: the cores of a TPU; never tested.
        cpu_replicas: If above 1, mirror over this many logical CPUs. It shows how
            mirrored training behaves without GPUs, and is not faster.

    Raises:
        UserError: If TensorFlow has already started with fewer logical CPUs, the
            strategy does not allow `cpu_replicas`, or there is no TPU.
    """
    if cpu_replicas > 1:
        if name not in ("auto", "mirrored"):
            raise UserError(
                "--cpu_replicas needs --strategy=auto or mirrored. Received: "
                f"--cpu_replicas={cpu_replicas} with --strategy={name}. Leave out one of them."
            )
        _make_logical_cpus(cpu_replicas)
        # TensorFlow's collectives abort if one process uses two group sizes.
        return tf.distribute.MirroredStrategy(
            [f"CPU:{i}" for i in range(cpu_replicas)],
            cross_device_ops=tf.distribute.ReductionToOneDevice(),
        )
    if name == "multi_worker":
        with interrupts_at_once():
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        if threading.current_thread() is threading.main_thread():
            # TensorFlow now catches SIGTERM and ignores it.
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
        return strategy
    if name == "tpu":
        return _tpu()
    gpus = tf.config.list_logical_devices("GPU")
    if name == "mirrored" or (name == "auto" and len(gpus) > 1):
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def _tpu():
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
    except (ValueError, RuntimeError, tf.errors.OpError) as error:
        raise UserError(f"--strategy=tpu finds no TPU: {first_line(error)}") from None
    return tf.distribute.TPUStrategy(resolver)


def _make_logical_cpus(count):
    cpu = tf.config.list_physical_devices("CPU")[0]
    try:
        tf.config.set_logical_device_configuration(
            cpu, [tf.config.LogicalDeviceConfiguration()] * count
        )
    except RuntimeError:  # TensorFlow has already started.
        present = len(tf.config.list_logical_devices("CPU"))
        if present < count:
            raise UserError(
                f"--cpu_replicas={count} needs {count} logical CPUs, but TensorFlow has already "
                f"started with {present}. Call make_strategy before creating any tensor."
            ) from None


def is_multi_worker(strategy):
    """Returns whether the strategy trains in several processes."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def steps_of_workers(strategy, step, count):
    """Returns the training function that `fit` calls with an endless iterator.

    It replaces Keras' function, which fails with several workers: Keras reduces the
    logs along their first axis, which scalars do not have, and puts several steps
    into a conditional, in which workers cannot synchronise.

    Args:
        strategy: A multi-worker strategy.
        step: `train_step`; its logs are the same on all replicas.
        count: Number of steps per call.
    """

    def one(iterator):
        logs = strategy.run(step, args=(next(iterator),))
        return {key: strategy.experimental_local_results(x)[0] for key, x in logs.items()}

    @tf.function
    @tf.autograph.experimental.do_not_convert
    def steps(iterator):
        def body(number):
            one(iterator)
            return (number + 1,)

        tf.while_loop(lambda number: number < count - 1, body, (0,), parallel_iterations=1)
        return one(iterator)

    return steps


def global_mean(values):
    """Returns the mean of `values` over the replicas; call it in replica context.

    The gradient is correct if each replica differentiates its share of the loss and
    the gradients are summed, as by `sum_over_replicas`.
    """
    replica = tf.distribute.get_replica_context()
    if replica.num_replicas_in_sync == 1:
        return values
    return replica.all_reduce(tf.distribute.ReduceOp.MEAN, values)


def all_gather(values):
    """Returns the rows of all replicas, in order; call it in replica context.

    It has derivatives of any order, under the same condition as `global_mean`.

    Args:
        values: Float tensor [N, ...], of the same shape on every replica.

    Returns:
        A tensor [replicas * N, ...]; `values` itself outside of replicas.
    """
    replica = tf.distribute.get_replica_context()
    if replica is None or replica.num_replicas_in_sync == 1:
        return values
    count, replicas = tf.shape(values)[0], replica.num_replicas_in_sync
    before = replica.replica_id_in_sync_group * count
    after = (replicas - 1) * count - before
    # Pad with zeros and sum: unlike a gather, this has a gradient with every strategy.
    paddings = [[before, after], *[[0, 0]] * (values.shape.rank - 1)]
    gathered = replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.pad(values, paddings))
    rows = None if values.shape[0] is None else values.shape[0] * replicas
    return tf.ensure_shape(gathered, [rows, *values.shape[1:]])


def own_rows(count):
    """Returns the indices [count] of this replica's rows in the result of `all_gather`."""
    replica = tf.distribute.get_replica_context()
    number = 0 if replica is None else replica.replica_id_in_sync_group
    return number * count + tf.range(count)


def sum_over_replicas(gradients):
    """Returns gradients summed over the replicas; call it in replica context.

    Args:
        gradients: List of tensors, with `None` for variables without gradient.
    """
    replica = tf.distribute.get_replica_context()
    if replica.num_replicas_in_sync == 1:
        return gradients
    present = [gradient for gradient in gradients if gradient is not None]
    summed = iter(replica.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if gradient is None else next(summed) for gradient in gradients]


def together(values):
    """Returns the same structure of tensors, none of which is available before all are computed.

    With several replicas an update does not wait until a variable was read everywhere.
    Without this, a bias (which gets no gradient from a gradient penalty) changed
    while the penalty was still reading it. The structure may contain `None`.
    """
    with tf.control_dependencies([x for x in tf.nest.flatten(values) if x is not None]):
        return tf.nest.map_structure(lambda x: x if x is None else tf.identity(x), values)


def takes_summed_gradients(optimizer):
    """Makes an optimizer apply gradients that `sum_over_replicas` has already summed.

    A Keras optimizer sums gradients over replicas itself, after clipping those of each
    replica separately. Here clipping must see the sum, and summing twice would be
    wrong. Keras has no public switch for this.
    """
    if not hasattr(optimizer, "_all_reduce_sum_gradients"):
        raise TypeError(
            "Expected a Keras optimizer with the TensorFlow backend. Received: "
            f"{type(optimizer).__name__}."
        )
    optimizer._all_reduce_sum_gradients = lambda pairs: pairs


@keras.saving.register_keras_serializable(package="keras_gan")
class ReplicaMean(keras.metrics.Metric):
    """Mean of values that are the same on every replica.

    Its checkpoint can be restored exactly on any number of replicas.
    `keras.metrics.Mean` splits its sum over the replicas when it is restored.
    """

    def __init__(self, name="mean", **kwargs):
        super().__init__(name=name, **kwargs)
        kind = {"shape": (), "initializer": "zeros", "aggregation": "only_first_replica"}
        self.total = self.add_variable(name="total", **kind)
        self.count = self.add_variable(name="count", **kind)

    def update_state(self, value):
        self.total.assign(self.total + value)
        self.count.assign(self.count + 1)

    def result(self):
        return tf.math.divide_no_nan(self.total.value, self.count.value)
