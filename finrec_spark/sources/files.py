"""A bank's own data: the landing contract as CSV or Parquet files in one directory."""

from collections.abc import Mapping

from pydantic import Field, field_validator
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark import tables
from finrec_spark.params import Params
from finrec_spark.sources.delivery import Delivery, find_deliveries, require_tables
from finrec_spark.sources.encodings import java_charset
from finrec_spark.sources.landing import Landing
from finrec_spark.sources.text_table import filled_map, read_text_table
from finrec_spark.sources.time_formats import as_iso, require_format
from finrec_spark.sources.wanted import MALFORMED, Wanted, named
from finrec_spark.tables import Table
from finrec_spark.tables.bronze import bronze
from finrec_spark.transforms.ingest.parsing import clean
from finrec_spark.transforms.numerals import NUMBER_FORMS, as_plain_number

_CONTRACT = "README, 'Bring your own bank'"
_NEEDED = ("customers", "products", "interactions")
_DECLARED = {table.name.removeprefix("landing."): table for table in tables.LANDING}
TABLES = tuple(_DECLARED)


class FilesParams(Params):
    """How a bank's own files are read."""

    default_event_type: str = Field("purchase", min_length=1, description="Event type where interactions have none")
    multiline: tuple[str, ...] = Field(
        ("products",),
        description="Tables whose quoted CSV values may hold line breaks; each such file is read by one task",
    )
    encoding: Mapping[str, str] = Field(
        {}, description="Encoding of a table's text where it is not UTF-8, such as products: GB18030"
    )
    formats: Mapping[str, str] = Field(
        {},
        description="How a column's times are written where it is not ISO 8601, such as event_time: dd/MM/yyyy HH:mm "
        "or epoch_seconds, or its numbers, such as value: decimal_comma; TABLE.COLUMN for one table alone",
    )

    @field_validator("multiline")
    @classmethod
    def _known_tables(cls, multiline: tuple[str, ...]) -> tuple[str, ...]:
        for table in multiline:
            _require_table(table)
        return multiline

    @field_validator("encoding")
    @classmethod
    def _known_encodings(cls, encoding: Mapping[str, str]) -> Mapping[str, str]:
        for table, name in encoding.items():
            _require_table(table)
            try:
                java_charset(name)
            except LookupError:
                raise ValueError(f"{table}: there is no encoding {name}") from None
        return encoding

    @field_validator("formats")
    @classmethod
    def _readable_formats(cls, formats: Mapping[str, str]) -> Mapping[str, str]:
        lower = {name.strip().lower(): form for name, form in formats.items()}  # as columns are named
        if len(lower) < len(formats):
            raise ValueError("a column stands twice, in upper and lower case: keep one")
        for name in lower:
            _require_column(name)
        return {name: form if form in NUMBER_FORMS else require_format(form) for name, form in lower.items()}

    def formats_of(self, table: str) -> dict[str, str]:
        """How the values of a table's columns are written; what is said of this table alone is the last word."""
        general = {column: pattern for column, pattern in self.formats.items() if "." not in column}
        own = {
            column.partition(".")[2]: pattern
            for column, pattern in self.formats.items()
            if column.startswith(f"{table}.")
        }
        return general | own


def _require_table(name: str) -> None:
    if name not in _DECLARED:
        raise ValueError(f"{name} is no table; the tables are {', '.join(_DECLARED)}")


def _require_column(name: str) -> None:
    """Nothing, where the name is TABLE.COLUMN of a column that the table may have, or COLUMN alone."""
    table, dot, column = name.partition(".")
    if not dot:
        return
    _require_table(table)
    known = _DECLARED[table].column_names
    if column not in known and "extra" not in known:
        raise ValueError(f"{table} has no column {column}; its columns are {', '.join(known)}")


def read_landing(spark: SparkSession, directory: str, params: FilesParams) -> Landing:
    """The landing tables of ``directory``, every value as text.

    Each table has its declared columns and ``malformed``, the line as it came where it does not fit the header.
    What a file does not have is null; further columns of customers and products go to ``extra``, those of other
    tables are left.

    Raises:
        InputMissing: a needed file or column is missing, a file is empty, delivered twice or not what its name says.
    """
    found = find_deliveries(spark, directory, TABLES)
    require_tables(found, _NEEDED, directory, _CONTRACT)
    landed = {name: _landed(spark, delivery, params) for name, delivery in found.items()}
    return Landing(
        deliveries=found,
        customers=landed["customers"],
        products=landed["products"],
        interactions=landed["interactions"],
        consents=landed.get("consents"),
        contacts=landed.get("contacts"),
        campaign_responses=landed.get("campaign_responses"),
    )


def _landed(spark: SparkSession, delivery: Delivery, params: FilesParams) -> DataFrame:
    declared = _DECLARED[delivery.name]
    rows = read_text_table(spark, delivery, wanted_of(declared, delivery.name, params), _CONTRACT)
    return _declared_columns(rows, declared, params.formats_of(delivery.name), params.default_event_type)


def wanted_of(declared: Table, name: str, params: FilesParams) -> Wanted:
    """What is read of a table's files: other columns where it has ``extra``."""
    return Wanted(
        needed=tuple(column.name for column in declared.columns if not column.nullable),
        known=tuple(name for name in declared.column_names if name != "extra"),
        others="extra" in declared.column_names,
        keys=tuple(name for name in declared.column_names if name.endswith("_id")),
        multiline=name in params.multiline,
        encoding=params.encoding.get(name),
    )


def _declared_columns(
    rows: DataFrame, declared: Table, formats: Mapping[str, str], default_event_type: str
) -> DataFrame:
    given = {name: _value(name, formats) for name in rows.columns if name != MALFORMED}
    if declared is tables.LANDING_INTERACTIONS:
        is_event = F.coalesce(*given.values()).isNotNull()  # an empty row is none
        given = {"event_type": F.when(is_event, F.lit(default_event_type)), **given}
    further = {name: column for name, column in given.items() if name not in set(declared.column_names) - {"extra"}}
    kept = given | {"extra": filled_map(further), "malformed": F.col(MALFORMED)}
    return rows.select(
        *(
            kept.get(column.name, F.lit(None).cast(column.type)).alias(column.name)
            for column in bronze(declared).columns
        )
    )


def _value(name: str, formats: Mapping[str, str]) -> Column:
    """The delivered text, in ISO 8601 or as a plain number where it is of the form that was said."""
    if name not in formats:
        return named(name)
    read = as_plain_number if formats[name] in NUMBER_FORMS else as_iso
    return read(clean(named(name)), formats[name])
