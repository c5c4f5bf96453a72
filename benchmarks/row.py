"""What a row of the benchmark is made of, and where the rows are."""

import dataclasses
import difflib
import importlib
import pkgutil
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Subject:
    """Something that is measured.

    Attributes:
        name: What the table calls it.
        factory: `"module:function"`, see `worker.Worker`.
        arguments: Keyword arguments of the factory. `directory` becomes the one
            that the row's `prepare` has filled.
        needs: Modules of the `bench` extra that it imports.
    """

    name: str
    factory: str
    arguments: dict = dataclasses.field(default_factory=dict)
    needs: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A subject beside others, and what is aimed at.

    Attributes:
        subject: Name of the subject.
        peers: Names of those it is divided by: of several, the one with the
            largest median. Without peers the subject's own value is judged.
        at_least: The aim, if there is one.
        at_most: The same from above.
    """

    subject: str
    peers: tuple[str, ...] = ()
    at_least: float | None = None
    at_most: float | None = None


@dataclasses.dataclass(frozen=True)
class Row:
    """Subjects that are measured in turn.

    Attributes:
        name: What the command line calls it.
        title: What is measured.
        unit: Unit of the values.
        subjects: The subjects, in the order of their turns.
        comparisons: What is compared.
        prepare: A factory that fills a temporary directory, its only argument.
        in_turn: Whether all subjects' workers live at once; else each is
            measured to the end before the next starts.
        on_request: Left out unless it is named.
        table: A function from the results to lines of Markdown, in place of the
            usual table.
    """

    name: str
    title: str
    unit: str
    subjects: tuple[Subject, ...]
    comparisons: tuple[Comparison, ...] = ()
    prepare: str | None = None
    in_turn: bool = True
    on_request: bool = False
    table: Callable | None = None


def all_rows():
    """Returns the rows of the modules in `benchmarks.rows`, by name."""
    from benchmarks import rows

    modules = [
        importlib.import_module(f"{rows.__name__}.{module.name}")
        for module in pkgutil.iter_modules(rows.__path__)
    ]
    return {row.name: row for module in modules for row in module.ROWS}


def choose(names):
    """Returns the rows named, or all that are not on request.

    Raises:
        ValueError: For an unknown name.
    """
    known = all_rows()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise ValueError(
                f"There is no row {name!r}.{f' Did you mean {near[0]!r}?' if near else ''} "
                f"The rows are: {', '.join(known)}."
            )
    return [row for row in known.values() if row.name in names or not (names or row.on_request)]
