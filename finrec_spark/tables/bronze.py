"""What was delivered, row by row as it came, and what could not be used of it."""

from dataclasses import replace

from finrec_spark.columns import RUN_ID, Column
from finrec_spark.tables.declaration import Table
from finrec_spark.tables.landing import LANDING

MALFORMED = Column("malformed", "string", "The line as it came, where it does not fit the file's header", nullable=True)


def bronze(landing: Table) -> Table:
    """The landing table as it is kept: every value may be missing, and a line may be malformed."""
    columns = (*(column.optional() for column in landing.columns), MALFORMED)
    return Table(landing.name.replace("landing.", "bronze."), landing.grain + ", as it was delivered", columns)


BRONZE = tuple(bronze(landing) for landing in LANDING)

QUARANTINE = Table(
    name="bronze.quarantine",
    grain="One delivered row that could not be used",
    columns=(
        Column("source", "string", "Landing table that the row came in, such as customers"),
        Column("row", "string", "The row as JSON, as it was delivered"),
        replace(RUN_ID, comment="Ingest run that refused it; key of mart.runs"),
        Column("reason", "string", "Why it was refused: every fault, separated by ;"),
    ),
    partition_by=("source",),
)
