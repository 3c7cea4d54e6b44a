"""A check of the backtest itself: at a date, everything made anew without the future must be what it was with it."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError
from finrec_spark.evaluation.backtest.dates import as_date
from finrec_spark.evaluation.backtest.histories import until
from finrec_spark.evaluation.backtest.pieces import BacktestState
from finrec_spark.evaluation.backtest.scoring import signal_digests
from finrec_spark.evaluation.backtest.sums import collect_sums


def require_no_leak(histories: DataFrame, customers: DataFrame, state: BacktestState, day: int) -> int:
    """How many customers of a date were compared; none of them differs.

    All sums, signals and features of the date are made twice, from all that is known today and from what was known on
    the date alone, and compared bit by bit.

    Args:
        histories: ``customer_id``, ``events``.
        customers: ``customer_id`` of those to compare.
        state: with the sums of whole histories.
        day: the date.

    Raises:
        DataQualityError: something differs: the future was read.
    """
    chosen = histories.join(customers, "customer_id", "left_semi").withColumn("day", F.lit(day))
    dates = state.dates[state.dates <= day]
    sums_then = collect_sums(until(histories, day), state.catalogue, dates)
    alone = BacktestState(dates, sums_then, state.catalogue, state.params)
    with_future = signal_digests(chosen, state)
    without = signal_digests(until(chosen, day), alone).withColumnRenamed("digest", "alone")
    same = F.col("digest").eqNullSafe(F.col("alone"))
    compared, wrong = collect_counts(
        with_future.join(without, ["day", "customer_id"], "full").select(same.alias("same"))
    )
    if wrong:
        raise DataQualityError(
            f"backtest: at {as_date(day)} the signals of {wrong:,} of {compared:,} customers change when"
            " what came after it is taken away: the future leaks into them"
        )
    return compared


def collect_counts(compared: DataFrame) -> tuple[int, int]:
    """How many rows there are, and how many are not the ``same``: two numbers."""
    row = compared.agg(F.count("*").alias("all"), F.count_if(~F.col("same")).alias("wrong")).collect()[0]
    return row["all"], row["wrong"]
