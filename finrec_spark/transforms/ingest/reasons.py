"""Why rows were refused, as a person needs to know it to mend the delivery, without what the rows say."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.transforms.forms import form_of
from finrec_spark.transforms.ingest.faults import Screened

_MOST_VALUES = 1000
NOT_A_DATE, NOT_A_NUMBER = " is not a date", " is not a number"


@dataclass(frozen=True)
class Reason:
    """Rows that were refused for the same faults.

    Attributes:
        faults: as ``bronze.quarantine`` has them.
        rows: how many.
        form: that of the faulty value in one of the rows; None: there is none.
    """

    faults: str
    rows: int
    form: str | None

    def __str__(self) -> str:
        """The reason in words."""
        like = "" if self.form is None else f", such as {self.form}"
        return f"{self.faults} ({self.rows:,}{like})"


def collect_reasons(screened: Screened, most: int) -> list[Reason]:
    """The commonest reasons, those of equal counts by name; one query."""
    rejected = screened.rejected.groupBy("reason").agg(F.count("*").alias("rows"), F.min("row").alias("row"))
    commonest = rejected.orderBy(F.desc("rows"), "reason").limit(most).collect()
    return [Reason(row["reason"], row["rows"], _faulty_form(row["reason"], row["row"])) for row in commonest]


def unread_columns(reasons: Sequence[Reason], fault: str) -> list[str]:
    """The columns of which one of the reasons says the fault, such as ``NOT_A_DATE``."""
    faults = [told for reason in reasons for told in reason.faults.split("; ")]
    return list(dict.fromkeys(told.removesuffix(fault) for told in faults if told.endswith(fault)))


def collect_unread(screened: Screened, column: str, fault: str) -> list[str]:
    """Some of the different values of a column that have the fault, at most 1,000."""
    faulty = screened.rejected.where(F.contains("reason", F.lit(f"{column}{fault}")))
    return collect_some(faulty.select(F.get_json_object("row", f"$.{column}").alias(column)), column)


def collect_some(rows: DataFrame, column: str) -> list[str]:
    """Some of the different values of a text column, at most 1,000, without blanks around them."""
    values = rows.select(F.trim(column).alias("value")).where("value <> ''").distinct().limit(_MOST_VALUES)
    return [row["value"] for row in values.collect()]


def _faulty_form(reason: str, row: str) -> str | None:
    """The form of the value that the first fault is about."""
    values = json.loads(row)
    first = reason.split("; ")[0].split()
    for name in (first[0], f"{first[-1]}_id", first[-1]):
        if isinstance(values.get(name), str):
            return form_of(values[name])
    return None
