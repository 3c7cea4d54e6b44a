"""Small steps that need no bank."""

from datetime import date

import pytest

from finrec_spark.columns import MONTH, Column
from finrec_spark.pipeline.step import Read, Step, Writes
from finrec_spark.tables import Table

LETTERS = Table("gold.letters", "One letter", (MONTH, Column("letter", "string", "It")), ("month",), ("month",))
WORDS = Table("gold.words", "One word", (MONTH, Column("word", "string", "It")), ("month",), ("month",))
EVENTS = Table(
    "silver.events", "One event", (Column("name", "string", "It"), Column("day", "date", "When")), known_from="day"
)


def write_rows(table, values):
    def run(step_run):
        column = table.column_names[-1]
        return step_run.write(table, step_run.spark.createDataFrame([(v,) for v in values], f"{column} string"))

    return run


@pytest.fixture
def letters():
    """A step that reads nothing and writes the month's letters."""
    return Step("letters", write_rows(LETTERS, ["a", "b"]), writes=(Writes(LETTERS),))


@pytest.fixture
def words():
    """A step that reads the month's letters and writes words."""
    reads = lambda context, month: (Read(LETTERS),)  # noqa: E731
    return Step("words", write_rows(WORDS, ["ab"]), reads=reads, writes=(Writes(WORDS),))


@pytest.fixture
def take_events():
    """A step that appends events to a table that grows."""

    def build(*rows):
        def run(step_run):
            step_run.context.lake.append(EVENTS, [(name, date.fromisoformat(day)) for name, day in rows])
            step_run.note_known(EVENTS)
            return len(rows)

        return Step("take", run, writes=(Writes(EVENTS),), delivery=lambda context: str(rows), monthly=False)

    return build
