"""Explicit ratings predicted from the factors that ``als`` learns, and by means where it learned none."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.factorisation import (
    AlsParams,
    estimator,
    has_preference,
    nothing_to_learn,
    require_checkpoint,
)


def predict_ratings(
    train: DataFrame, test: DataFrame, params: AlsParams, scale: tuple[float, float] | None = None
) -> DataFrame:
    """One row of ``test`` with ``prediction``: its explicit rating, within the scale.

    A pair whose customer or product has no rating in ``train`` gets the product's mean rating, else the
    customer's, else the mean of all.

    Args:
        train: ``customer_index``, ``product_index`` (int), ``rating`` (double); a pair at most once.
        test: ``customer_index``, ``product_index`` (int), any further columns.
        params: ``implicit`` is not read.
        scale: lowest and highest rating; the range of ``train`` where it is None.

    Returns:
        ``test`` with ``prediction`` (double).

    Raises:
        InputMissing: ``train`` has no rating.
        ConfigError: as ``product_factors``.
    """
    explicit = params.model_copy(update={"implicit": False})
    entries = train.select("customer_index", "product_index", "rating").where(has_preference("rating"))
    if entries.isEmpty():
        raise nothing_to_learn(explicit)
    require_checkpoint(explicit, train.sparkSession.sparkContext.getCheckpointDir())
    model = estimator(explicit, "rating").fit(arranged(entries, explicit))
    predicted = _with_means(model.setPredictionCol("learned").transform(test), entries)
    low, high = (F.lit(float(end)) for end in scale) if scale else (F.col("lowest"), F.col("highest"))
    learned = F.when(~F.isnan("learned"), F.col("learned").cast("double"))
    prediction = F.coalesce(learned, "product_mean", "customer_mean", "global_mean")
    clipped = F.least(F.greatest(prediction, low), high)
    return predicted.select(*[F.col(c) for c in test.columns], clipped.alias("prediction"))


def _with_means(pairs: DataFrame, ratings: DataFrame) -> DataFrame:
    of_all = ratings.agg(_mean("global_mean"), F.min("rating").alias("lowest"), F.max("rating").alias("highest"))
    of_products = ratings.groupBy("product_index").agg(_mean("product_mean"))
    of_customers = ratings.groupBy("customer_index").agg(_mean("customer_mean"))
    joined = pairs.join(F.broadcast(of_products), "product_index", "left").join(of_customers, "customer_index", "left")
    return joined.crossJoin(F.broadcast(of_all))  # one row


def _mean(name: str) -> Column:
    return F.avg("rating").alias(name)


def arranged(entries: DataFrame, params: AlsParams) -> DataFrame:
    """The same ratings in partitions and an order that only their values decide."""
    spread = entries.repartition(params.customer_blocks, "customer_index")
    return spread.sortWithinPartitions("customer_index", "product_index")
