"""The month's customers as the scoring pass reads them."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.tables import SCORING_ROWS

_LISTS = ("product_index", "strength", "rating", "owned", "days")


def scoring_rows(customers: DataFrame, histories: DataFrame) -> DataFrame:
    """One row: a customer known before the month, with or without a history; one without has empty lists.

    Args:
        customers: ``customer_id``, ``segment``, ``risk_level`` (null: unknown) and ``profile``
            (``profiles.vector.profile_vector``).
        histories: result of ``transforms.histories.customer_histories``.

    Returns:
        The columns of ``gold.scoring_rows`` without ``month``.
    """
    types = {column.name: column.type for column in SCORING_ROWS.columns}
    lists = {name: F.coalesce(name, F.array().cast(types[name])) for name in _LISTS}
    made = {"key": F.xxhash64("customer_id"), "risk_level": F.coalesce("risk_level", F.lit(0)), **lists}
    rows = customers.join(histories.select("customer_id", *_LISTS), "customer_id", "left").withColumns(made)
    return rows.select(*[name for name in SCORING_ROWS.column_names if name != "month"])
