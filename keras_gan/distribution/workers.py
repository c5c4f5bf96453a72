"""Exchange of values between worker processes, besides gradients and statistics."""

import contextlib

import numpy as np
import tensorflow as tf

from keras_gan.distribution.cluster import ALONE
from keras_gan.errors import UserError, first_line

_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)


class Workers:
    """The worker processes of a run; one of them is the chief.

    All methods except `report_lost_workers` exchange values, so all processes must
    call them, in the same order.

    Args:
        strategy: The strategy from `make_strategy`; a single process needs none.
        cluster: The `Cluster` of this process.
    """

    def __init__(self, strategy=None, cluster=ALONE):
        self.strategy, self.cluster = strategy, cluster

    def from_chief(self, value):
        """Returns the chief's value, an array of the same shape and type in all processes."""
        return self._sum(value if self.cluster.is_chief else _neutral(value))

    def text_from_chief(self, text):
        """Returns the chief's text."""
        own = np.frombuffer(text.encode(), np.uint8).astype(np.int32)
        length = int(self.from_chief(np.int64(len(own))))
        return bytes(self.from_chief(np.resize(own, length)).astype(np.uint8)).decode()

    def count(self, flag):
        """Returns the number of processes whose flag is true."""
        return int(self._sum(np.int64(flag)))

    def wait(self):
        """Waits until all processes have called this."""
        self.count(True)

    def share(self, variables):
        """Assigns the chief's values of the variables in all processes, exactly."""
        if self.cluster.size > 1:
            for variable in variables:
                variable.assign(self.from_chief(variable.numpy()))

    def _sum(self, value):
        """Returns the sum of the values of the processes."""
        if self.cluster.size == 1:
            return value
        # Only the first replica of each process contributes the value.
        first = self.cluster.index * len(self.strategy.extended.worker_devices)
        values = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                value if context.replica_id_in_sync_group == first else _neutral(value)
            )
        )
        return self.strategy.reduce("SUM", values, axis=None).numpy()

    @contextlib.contextmanager
    def report_lost_workers(self):
        """Turns TensorFlow's errors about a lost worker, raised in the block, into a `UserError`.

        Keras would print them in the middle of a long traceback.
        """
        try:
            yield
        except _LOST as error:
            if self.cluster.size == 1:
                raise
            raise UserError(
                "Another worker has ended or cannot be reached; look at its own message. Start "
                "all workers again with the same commands to resume from the last checkpoint. "
                f"({first_line(error)})"
            ) from None


def _neutral(value):
    """Returns the neutral element of addition; for floats it is -0, because -0 + 0 is 0."""
    value = np.asarray(value)
    return np.full_like(value, -0.0 if value.dtype.kind == "f" else 0)
