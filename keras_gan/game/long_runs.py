"""Before which steps the discriminator is trained for longer, and how much."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class LongRuns:
    """Calls that train the discriminator alone, each with `d_steps` updates, before some steps.

    Attributes:
        calls: Calls before a step that is due; 0 for none.
        first: The first so many steps are due,
        every: and every so-many-th, counted from step 0.
    """

    calls: int = 0
    first: int = 25
    every: int = 500

    def due(self, step):
        """Returns the calls that come right before a step; step 0 is the first."""
        return self.calls if step < self.first or step % self.every == 0 else 0

    def until(self, step):
        """Returns the calls that come before all steps below `step` together."""
        multiples = [-(-number // self.every) for number in (min(step, self.first), step)]
        return self.calls * (min(step, self.first) + multiples[1] - multiples[0])
