"""Extra discriminator training before some steps, as in the WGAN authors' code."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LongRuns:
    """Schedules calls that train the discriminator alone before some steps.

    Each call makes `d_steps` updates.

    Attributes:
        calls: Calls before each scheduled step. 0 turns the extra training off.
        first: The steps 0 to `first` - 1 are scheduled.
        every: Every multiple of `every` is scheduled too.
    """

    calls: int = 0
    first: int = 25
    every: int = 500

    def due(self, step):
        """Returns the number of calls right before a step, counted from 0."""
        return self.calls if step < self.first or step % self.every == 0 else 0

    def until(self, step):
        """Returns the total number of calls before the steps 0 to `step` - 1."""
        multiples = [-(-number // self.every) for number in (min(step, self.first), step)]
        return self.calls * (min(step, self.first) + multiples[1] - multiples[0])
