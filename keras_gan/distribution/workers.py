"""What the processes of a run tell each other besides gradients and statistics."""

import contextlib

import numpy as np
import tensorflow as tf

from keras_gan.distribution.cluster import ALONE
from keras_gan.errors import UserError, first_line

_LOST = (tf.errors.UnavailableError, tf.errors.AbortedError, tf.errors.CancelledError)


class Workers:
    """The processes that train together under a strategy; one of them is the chief.

    Every method but `losses_named` exchanges values, so that all processes have
    to call it, in the same order.

    Args:
        strategy: What `make_strategy` returned; one process needs none.
        cluster: The `Cluster` of this process.
    """

    def __init__(self, strategy=None, cluster=ALONE):
        self.strategy, self.cluster = strategy, cluster

    def from_chief(self, value):
        """Returns the chief's value: an array that has the same shape and type everywhere."""
        return self._sum(value if self.cluster.is_chief else _nothing(value))

    def text_from_chief(self, text):
        """Returns the chief's text."""
        own = np.frombuffer(text.encode(), np.uint8).astype(np.int32)
        length = int(self.from_chief(np.int64(len(own))))
        return bytes(self.from_chief(np.resize(own, length)).astype(np.uint8)).decode()

    def count(self, flag):
        """Returns the number of processes whose flag is true."""
        return int(self._sum(np.int64(flag)))

    def wait(self):
        """Returns when all processes have come here."""
        self.count(True)

    def share(self, variables):
        """Gives all processes the chief's values of variables, to the last bit."""
        if self.cluster.size > 1:
            for variable in variables:
                variable.assign(self.from_chief(variable.numpy()))

    def _sum(self, value):
        """Returns the sum of the values of the processes."""
        if self.cluster.size == 1:
            return value
        # The first replica of each process speaks for it.
        first = self.cluster.index * len(self.strategy.extended.worker_devices)
        values = self.strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                value if context.replica_id_in_sync_group == first else _nothing(value)
            )
        )
        return self.strategy.reduce("SUM", values, axis=None).numpy()

    @contextlib.contextmanager
    def losses_named(self):
        """Turns what TensorFlow raises in the block when another process is lost into a UserError.

        Keras wraps such an error within its own traceback.
        """
        try:
            yield
        except _LOST as error:
            if self.cluster.size == 1:
                raise
            raise UserError(
                "Another worker has ended or cannot be reached; look for its own message. Start "
                "all workers again with the same commands: they go on from the last checkpoint. "
                f"({first_line(error)})"
            ) from None


def _nothing(value):
    """Returns what leaves any value as it is when added: of floats that is -0, not 0."""
    value = np.asarray(value)
    return np.full_like(value, -0.0 if value.dtype.kind == "f" else 0)
