"""The distribution strategy of a run, and means over its replicas."""

import signal
import threading

import keras
import tensorflow as tf

from keras_gan.distribution.signals import interrupts_at_once
from keras_gan.errors import UserError, first_line


def make_strategy(name="auto", cpu_replicas=1):
    """Returns the `tf.distribute.Strategy` to build and train a model under.

    Args:
        name: `"default"` for one device, `"mirrored"` for all GPUs of this
            machine, `"auto"` for mirrored when there is more than one,
            `"multi_worker"` for the devices of all machines in TF_CONFIG (it
            waits for the other processes), `"tpu"` for the cores of a TPU, which
            was never tried.
        cpu_replicas: With more than 1, mirror over that many logical CPUs
            instead. This shows how mirrored training behaves without GPUs; it
            is not faster.

    Raises:
        UserError: If TensorFlow has already started with fewer logical CPUs,
            `cpu_replicas` does not go with the strategy, or there is no TPU.
    """
    if cpu_replicas > 1:
        if name not in ("auto", "mirrored"):
            raise UserError(
                f"--cpu_replicas mirrors over this machine's CPUs, not with --strategy={name}. "
                f"Received: --cpu_replicas={cpu_replicas}; drop one of them."
            )
        _make_logical_cpus(cpu_replicas)
        # Collectives of two sizes in one process abort; reducing to one device does not.
        return tf.distribute.MirroredStrategy(
            [f"CPU:{i}" for i in range(cpu_replicas)],
            cross_device_ops=tf.distribute.ReductionToOneDevice(),
        )
    if name == "multi_worker":
        with interrupts_at_once():
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
        if threading.current_thread() is threading.main_thread():
            # TensorFlow has begun to catch this one, and does nothing with it.
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
    except RuntimeError:  # TensorFlow has started: what there is must do.
        present = len(tf.config.list_logical_devices("CPU"))
        if present < count:
            raise UserError(
                f"--cpu_replicas={count} needs {count} logical CPUs, but TensorFlow has already "
                f"started with {present}. Set them before the first tensor is made."
            ) from None


def is_multi_worker(strategy):
    """Tells whether the strategy trains in several processes."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


def steps_of_workers(strategy, step, count):
    """Returns the function that `fit` calls with an endless iterator, for several workers.

    Keras' own fails: it reduces what a step returns along its first axis, which
    scalars do not have, and puts several steps into a conditional, where the
    workers cannot meet.

    Args:
        strategy: A multi-worker strategy.
        step: `train_step`; what it returns is the same on all replicas.
        count: Steps in a call.
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

    Its gradient is right where each replica differentiates its share of a loss
    and the gradients are summed, as `sum_over_replicas` does.
    """
    replica = tf.distribute.get_replica_context()
    if replica.num_replicas_in_sync == 1:
        return values
    return replica.all_reduce(tf.distribute.ReduceOp.MEAN, values)


def all_gather(values):
    """Returns the rows of all replicas, in order; call it in replica context.

    Differentiable any number of times, under the same rule as `global_mean`.

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
    # A sum of rows among zeros: TensorFlow differentiates it, and every strategy has it.
    paddings = [[before, after], *[[0, 0]] * (values.shape.rank - 1)]
    gathered = replica.all_reduce(tf.distribute.ReduceOp.SUM, tf.pad(values, paddings))
    rows = None if values.shape[0] is None else values.shape[0] * replicas
    return tf.ensure_shape(gathered, [rows, *values.shape[1:]])


def own_rows(count):
    """Returns the index [count] of each of this replica's rows in what `all_gather` returns."""
    replica = tf.distribute.get_replica_context()
    number = 0 if replica is None else replica.replica_id_in_sync_group
    return number * count + tf.range(count)


def sum_over_replicas(gradients):
    """Returns a player's gradients summed over the replicas; call it in replica context.

    Args:
        gradients: Tensors, and `None` where a variable has no gradient.
    """
    replica = tf.distribute.get_replica_context()
    if replica.num_replicas_in_sync == 1:
        return gradients
    present = [gradient for gradient in gradients if gradient is not None]
    summed = iter(replica.all_reduce(tf.distribute.ReduceOp.SUM, present))
    return [None if gradient is None else next(summed) for gradient in gradients]


def together(values):
    """Returns a structure of tensors, and `None`, of which none is there before all are.

    Over replicas an update does not wait for every read of a variable: a bias,
    which gets no gradient from a gradient penalty, was seen to move while the
    penalty still read it.
    """
    with tf.control_dependencies([x for x in tf.nest.flatten(values) if x is not None]):
        return tf.nest.map_structure(lambda x: x if x is None else tf.identity(x), values)


def takes_summed_gradients(optimizer):
    """Makes an optimizer apply gradients of `sum_over_replicas` as they are.

    Keras' optimizers would sum them once more, and would otherwise clip the
    gradients of each replica alone, before they are summed. Keras has no public
    switch for this.
    """
    if not hasattr(optimizer, "_all_reduce_sum_gradients"):
        raise TypeError(f"{type(optimizer).__name__} is no optimizer of Keras on TensorFlow.")
    optimizer._all_reduce_sum_gradients = lambda pairs: pairs


@keras.saving.register_keras_serializable(package="keras_gan")
class ReplicaMean(keras.metrics.Metric):
    """The mean of values that are the same on every replica.

    Unlike `keras.metrics.Mean`, whose sum is split over the replicas when it is
    restored, a checkpoint of it continues exactly on any number of replicas.
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
