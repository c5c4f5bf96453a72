"""The loss of a player: one value for each example, with values to log."""


class Loss:
    """Holds per-example losses and named values to log.

    Add losses and scale them with numbers: `adversarial + 10.0 * Loss(cycle, g_cycle=cycle)`.
    Scaling does not change the logged values. The base model takes the mean over the global
    batch, so a system never reduces a loss over examples itself.

    Args:
        total: Tensor [N]: the values that the player minimises.
        **logged: Tensors [N] or scalars, by metric name.
    """

    def __init__(self, total, **logged):
        self.total, self.logged = total, logged

    def __add__(self, other):
        return Loss(self.total + other.total, **self.logged, **other.logged)

    def __mul__(self, weight):
        return Loss(weight * self.total, **self.logged)

    __rmul__ = __mul__
