"""A loss as a value: what each example costs, and what to log of it."""


class Loss:
    """Per-example losses with named per-example values to log.

    Losses add up, and a number scales them: `adversarial + 10.0 * Loss(cycle, g_cycle=cycle)`.
    What is logged stays as it is when a loss is scaled. The base takes the mean over the
    global batch; a system never reduces a loss itself.

    Args:
        total: Tensor [N], what the player descends.
        **logged: Tensors [N] or scalars by the name of a metric.
    """

    def __init__(self, total, **logged):
        self.total, self.logged = total, logged

    def __add__(self, other):
        return Loss(self.total + other.total, **self.logged, **other.logged)

    def __mul__(self, weight):
        return Loss(weight * self.total, **self.logged)

    __rmul__ = __mul__
