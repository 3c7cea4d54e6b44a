"""A bank's own data: the landing contract as CSV or Parquet files in one directory."""

from pydantic import Field
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark import tables
from finrec_spark.params import Params
from finrec_spark.sources.delivery import (
    MALFORMED,
    Delivery,
    filled_map,
    find_deliveries,
    landing_fingerprint,
    quoted,
    read_text_table,
    require_columns,
    require_tables,
)
from finrec_spark.sources.landing import Landing
from finrec_spark.tables import Table
from finrec_spark.tables.bronze import bronze

__all__ = ["FilesParams", "landing_fingerprint", "read_landing"]

_CONTRACT = "README, 'Bring your own bank'"
_NEEDED = ("customers", "products", "interactions")
_DECLARED = {table.name.removeprefix("landing."): table for table in tables.LANDING}


class FilesParams(Params):
    """How a bank's own files are read."""

    default_event_type: str = Field("purchase", min_length=1, description="Event type where interactions have none")
    multiline: tuple[str, ...] = Field(
        ("products",),
        description="Tables whose quoted CSV values may hold line breaks; each such file is read by one task",
    )


def read_landing(spark: SparkSession, directory: str, params: FilesParams) -> Landing:
    """The landing tables of ``directory``, every value as text.

    Each table has its declared columns and ``malformed``, the line as it came where it does not fit the header.
    What a file does not have is null; further columns of customers and products go to ``extra``, those of other
    tables are left.

    Raises:
        InputMissing: a needed file or column is missing, a file is empty or delivered twice.
    """
    found = find_deliveries(spark, directory, tuple(_DECLARED))
    require_tables(found, _NEEDED, directory, _CONTRACT)
    landed = {name: _landed(spark, delivery, params) for name, delivery in found.items()}
    return Landing(
        customers=landed["customers"],
        products=landed["products"],
        interactions=landed["interactions"],
        consents=landed.get("consents"),
        contacts=landed.get("contacts"),
        campaign_responses=landed.get("campaign_responses"),
    )


def _landed(spark: SparkSession, delivery: Delivery, params: FilesParams) -> DataFrame:
    declared = _DECLARED[delivery.name]
    rows = read_text_table(spark, delivery, multiline=delivery.name in params.multiline)
    require_columns(rows, [column.name for column in declared.columns if not column.nullable], delivery, _CONTRACT)
    return _declared_columns(_with_event_type(rows, declared, params), declared)


def _with_event_type(rows: DataFrame, declared: Table, params: FilesParams) -> DataFrame:
    if declared is not tables.LANDING_INTERACTIONS or "event_type" in rows.columns:
        return rows
    return rows.withColumn("event_type", F.lit(params.default_event_type))


def _declared_columns(rows: DataFrame, declared: Table) -> DataFrame:
    given = {name: F.col(quoted(name)) for name in rows.columns if name != MALFORMED}
    further = {name: column for name, column in given.items() if name not in set(declared.column_names) - {"extra"}}
    kept = given | {"extra": filled_map(further), "malformed": F.col(MALFORMED)}
    return rows.select(
        *(
            kept.get(column.name, F.lit(None).cast(column.type)).alias(column.name)
            for column in bronze(declared).columns
        )
    )
