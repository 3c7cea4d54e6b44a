"""The month that is decided where none is named."""

from collections.abc import Mapping
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.months import last_real_month, month_after
from finrec_spark.pipeline.context import RunContext
from finrec_spark.sources.time_formats import format_hint, likely_formats
from finrec_spark.tables import EVENT_MONTHS
from finrec_spark.transforms.forms import form_of
from finrec_spark.transforms.ingest.reasons import collect_some
from finrec_spark.warehouse import Lake


def month_after_last(counts: Mapping[date, int], context: RunContext) -> date:
    """The month after the last real one; a word where that is not the newest.

    Args:
        counts: month → interactions in it; not empty.
        context: the job, which says the word.
    """
    last, newest = last_real_month(counts), max(counts)
    if newest != last:
        beyond = sum(rows for month, rows in counts.items() if month > last)
        context.log(
            f"interactions: {beyond:,} of {sum(counts.values()):,} are of later months than {last:%Y-%m} (up to"
            f" {newest:%Y-%m}), next to nothing, so {month_after(last):%Y-%m} is decided; --month decides another"
        )
    return month_after(last)


def collect_known_counts(lake: Lake) -> dict[date, int]:
    """Month → interactions in it, of all that the lake knows; a row a month.

    Raises:
        InputMissing: nothing was ever taken in.
    """
    return {row["event_month"]: row["events"] for row in lake.collect(EVENT_MONTHS)}


def why_no_month(interactions: DataFrame) -> str:
    """Why no event of a delivery has a readable time: the form of one value, and the key that reads it."""
    values = collect_some(interactions, "event_time")
    if not values:
        return "no event_time; say which --month"
    formats = likely_formats(values) or ["PATTERN"]
    return f"no readable event_time, they look like {form_of(values[0])}; {format_hint('event_time', formats)}"
