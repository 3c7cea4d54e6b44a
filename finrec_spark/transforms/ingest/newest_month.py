"""How many events each month holds: what the month to decide is found by."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def collect_month_counts(events: DataFrame) -> dict[date, int]:
    """Month → events in it; as many as there are months.

    Args:
        events: ``event_time``; null where nothing can be read.
    """
    months = events.select(F.trunc("event_time", "month").alias("month")).where("month is not null")
    return {row["month"]: row["count"] for row in months.groupBy("month").count().collect()}
