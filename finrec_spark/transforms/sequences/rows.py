"""The lists of a sequence, from what is known of a customer at a cut."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.transforms.sequences.codes import gap_bucket


def made_rows(rows: DataFrame, layout: SequenceLayout) -> DataFrame:
    """One row: one customer at one cut, every list cut to its length and padded.

    Args:
        rows: ``customer_id``, ``customer_index``, ``cut``, ``at`` (place of the cut), ``history`` (events before the
            cut, oldest first), ``pairs`` (products with their states at each cut), ``taken`` (those of them that
            were taken in the cut's window) and ``profile`` (null: not known).

    Returns:
        The columns of ``gold.sequences`` without ``month``.
    """
    at = F.col("at")
    held = F.filter("pairs", lambda pair: is_held(pair["held"][at]))
    parts = rows.withColumns(
        {
            "oldest": F.greatest(F.size("history") - layout.events, F.lit(0)),
            "next": _ordered(F.col("taken"), lambda pair: pair["taken"][at]),
            "holding": _ordered(held, lambda pair: -pair["held"][at]),
        }
    ).withColumn("kept", F.slice("history", F.col("oldest") + 1, layout.events))
    return parts.select(
        "cut",
        "customer_id",
        "customer_index",
        *[_padded(F.col("kept")[name], layout.events).alias(name) for name in ("product", "event_type", "amount")],
        _padded(_gaps(layout.gaps), layout.events).alias("gap"),
        _padded(_months_of_year(), layout.events).alias("event_month"),
        F.size("kept").alias("length"),
        _padded(F.col("next")["product"], layout.targets).alias("target"),
        _padded(F.col("holding")["product"], layout.owned).alias("owned"),
        F.coalesce("profile", F.array_repeat(_float(0), layout.profile)).alias("profile"),
        _ratings(layout).alias("rating"),
    )


def is_held(state: Column) -> Column:
    """Whether a product's state (twice the time, plus 1 where it was opened) is that of one who holds it."""
    return F.coalesce(F.pmod(state, F.lit(2)) == 1, F.lit(False))


def _ordered(pairs: Column, order: Callable[[Column], Column]) -> Column:
    """Product and ratings of the pairs, by ``order``, then by product."""
    return F.array_sort(
        F.transform(
            pairs,
            lambda pair: F.struct(
                order(pair).alias("order"), pair["product"].alias("product"), pair["rating"].alias("rating")
            ),
        )
    )


def _gaps(most: int) -> Column:
    """Bucket of the days between each event kept and the one before it, which may itself not be kept."""
    history, oldest = F.col("history"), F.col("oldest")

    def gap(event: Column, place: Column) -> Column:
        return gap_bucket(event["day"], F.get(history, oldest + place - 1)["day"], most)

    return F.transform("kept", gap)


def _months_of_year() -> Column:
    return F.transform("kept", lambda event: F.month(F.date_from_unix_date(event["day"])))


def _ratings(layout: SequenceLayout) -> Column:
    """The rating of each target in the cut's window, NaN where there is none; null where none are learned."""
    if not layout.ratings:
        return F.lit(None).cast("array<float>")
    at, missing = F.col("at"), _float(float("nan"))
    given = F.transform("next", lambda pair: F.coalesce(pair["rating"][at], missing))
    return _padded(given, layout.targets, missing)


def _padded(values: Column, size: int, padding: Column | None = None) -> Column:
    filling = F.array_repeat(F.lit(0) if padding is None else padding, size)
    return F.slice(F.concat(values, filling), 1, size)


def _float(value: float) -> Column:
    return F.lit(value).cast("float")
