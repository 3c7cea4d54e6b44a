"""The matrix, one row a customer: what models train on by customer and what the scoring rows are made from."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

_LISTS = ("product_index", "strength", "rating", "owned", "days")


def customer_histories(matrix: DataFrame) -> DataFrame:
    """One row: a customer's products before the month, as parallel lists ascending by product.

    Args:
        matrix: one month of ``gold.customer_product_matrix``.

    Returns:
        ``customer_id``, ``customer_index`` and the lists ``product_index`` (int), ``strength``,
        ``rating`` (double, null inside where there is none), ``owned`` (boolean) and ``days`` (int), from the newest
        interaction to the first day of the month: at least 1.
    """
    dated = matrix.withColumn("days", F.datediff("month", F.to_date("last_event")))
    entries = F.array_sort(F.collect_list(F.struct(*_LISTS)))
    rows = dated.groupBy("customer_id", "customer_index").agg(entries.alias("entries"))
    return rows.select("customer_id", "customer_index", *[F.col("entries")[name].alias(name) for name in _LISTS])


def history_values(histories: DataFrame, value: str) -> DataFrame:
    """One row a customer with at least one value: ``value`` is strength, rating, or 1: of what is owned, or was met.

    Args:
        histories: ``gold.scoring_rows`` of one month, or result of ``customer_histories``; lists may be empty.
        value: ``strength``, ``rating``, ``owned``, or ``met``: every product of which there is any strength.

    Returns:
        ``customer_id``, ``product_index`` and ``value`` (list of double); products without the value are left out
        of both lists.
    """
    if value == "met":
        histories = histories.withColumn("met", F.transform("strength", lambda strength: strength > 0))
    entries = F.arrays_zip("product_index", value)
    nothing = F.lit(None) if value == "rating" else F.lit(0.0)  # a rating of 0 is a word, a strength of 0 is none
    kept = F.filter(entries, lambda e: e[value].isNotNull() & ~e[value].cast("double").eqNullSafe(nothing))
    rows = histories.withColumn("entries", kept).where(F.size("entries") > 0)
    values = F.transform("entries", lambda e: e[value].cast("double"))
    return rows.select("customer_id", F.col("entries.product_index").alias("product_index"), values.alias("value"))
