"""What makes a protocol: data, rows, a judge, and what others have published."""

import dataclasses
import pathlib
from collections.abc import Callable

NAMES = ("ring", "grid", "stacked", "digits")
RECIPE = " (recipe)"  # At the end of the names of rows that are flagfiles.
DATASETS = ("digits", "mnist")  # Whose digits are stacked.


@dataclasses.dataclass(frozen=True)
class Row:
    """A line of a protocol's table.

    Attributes:
        name: In the table, the results and file names.
        system: Name of the system that is trained.
        arguments: Of its constructor, where they are not its defaults.
        optimizers: Returns those of G and of D; `None` for the system's own.
        recipe: A flagfile to train by in place of `system`.
        sampler: Returns, for a seed, what is judged without any training.
    """

    name: str
    system: str = ""
    arguments: dict = dataclasses.field(default_factory=dict)
    optimizers: Callable | None = None
    recipe: str = ""
    sampler: Callable | None = None

    @classmethod
    def by_recipe(cls, path):
        """Returns the row of a flagfile."""
        return cls(f"{pathlib.Path(path).stem}{RECIPE}", recipe=path)


@dataclasses.dataclass(frozen=True)
class Protocol:
    """Everything about a protocol that the command and the document ask for.

    Attributes:
        name: Of its section and its files.
        rows: Returns its rows.
        source: Returns the `Source` that systems train on.
        judge: Returns, for a trained model, numbers by name and a picture.
        columns: Those of the numbers that the table shows.
        note: What the document says of data and measure; in braces, numbers of the judge's.
        published: Numbers of others, and how far they compare.
        batch: Examples in an update.
        seeds: Runs of a row, unless the command says otherwise.
        seconds: Processor time of a run's training, likewise.
    """

    name: str
    rows: Callable
    source: Callable
    judge: Callable
    columns: tuple[str, ...]
    note: str
    published: str
    batch: int
    seeds: int
    seconds: float
