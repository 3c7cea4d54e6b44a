"""What a step of the month is: what it reads, what it writes, and what its result depends on beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from finrec_spark.pipeline.config import Config
from finrec_spark.tables import Table

if TYPE_CHECKING:
    from finrec_spark.pipeline.context import RunContext
    from finrec_spark.pipeline.step_run import StepRun

Slice = tuple[tuple[str, str], ...]
"""Rows of a table by the values of some of its columns, sorted by column; all rows where there are none."""


def slice_of(**values: str | date | None) -> Slice:
    """The rows with these values; a column with None is left open.

    >>> slice_of(month=date(2022, 6, 1), model="als", part=None)
    (('model', 'als'), ('month', '2022-06-01'))
    """
    return tuple(sorted((name, str(value)) for name, value in values.items() if value is not None))


@dataclass(frozen=True)
class Read:
    """Rows that a step reads.

    Attributes:
        table: the table.
        month: of a monthly table, which; None: the month of the step run.
        model: rows of one model alone; None: of every model.
        optional: whether the step can do without them.
    """

    table: Table
    month: date | None = None
    model: str | None = None
    optional: bool = False

    def slice_in(self, month: date) -> Slice:
        """The rows that a step run of ``month`` reads."""
        of_month = (self.month or month) if self.table.monthly else None
        return slice_of(month=of_month, model=self.model)


@dataclass(frozen=True)
class Writes:
    """Rows that a step writes: of a monthly table those of its month."""

    table: Table
    model: str | None = None


Reads = Callable[["RunContext", date], Sequence[Read]]


def _nothing(context: "RunContext", month: date) -> Sequence[Read]:
    return ()


@dataclass(frozen=True)
class Step:
    """One job of the month.

    Attributes:
        name: the job's name.
        run: does the work and returns the rows written.
        reads: what it reads in a month; nothing else can be read.
        writes: what it leaves.
        params: the parts of the configuration that its result depends on, by name.
        delivery: digest of what it reads from outside the lake.
        monthly: whether each month has a result of its own; else one result serves every month.
        code: modules that hold what it computes, beside the one of ``run``.
    """

    name: str
    run: Callable[["StepRun"], int]
    reads: Reads = _nothing
    writes: tuple[Writes, ...] = ()
    params: Callable[[Config], dict[str, object]] = field(default=lambda config: {})
    delivery: Callable[["RunContext"], str] = field(default=lambda context: "")
    monthly: bool = True
    code: Callable[[Config], Sequence[str]] = field(default=lambda config: ())

    def modules(self, config: Config) -> tuple[str, ...]:
        """Where the closure of its code starts."""
        home = self.run.__module__
        return (f"jobs.{self.name}" if home == "__main__" else home, *self.code(config))

    def labelled(self, month: date) -> str:
        """The step with its month, where it has one."""
        return f"{self.name} {month:%Y-%m}" if self.monthly else self.name
