"""The truth about a synthetic bank: what drives its customers. Only evaluation may read it."""

from functools import partial

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.generator.batches import (
    EFFECT_SCHEMA,
    SPENDING_SCHEMA,
    effect_batch,
    in_chunks,
    spending_batch,
)
from finrec_spark.sources.generator.catalogue import catalogue
from finrec_spark.sources.generator.columns import customer_id, customer_numbers, label
from finrec_spark.sources.generator.contacts import CHANNELS
from finrec_spark.sources.generator.market import market
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.words import CATEGORIES


def true_propensities(histories: DataFrame, params: GeneratorParams) -> DataFrame:
    """One row: how likely one customer truly was to open each product in one month. Only evaluation may read it.

    The month is one of the ``truth_months`` newest, the month to decide included. The probability is that of
    opening in the month if no campaign contacts the customer, given the state at its start: products held,
    life events, earlier views; 0 where the product is held or not on sale, or the customer not yet one.

    Returns:
        ``customer_id``, ``month`` (date), ``propensities`` (array<float>, in ascending order of product_id).
    """
    first = params.month(params.known + 1 - params.truth_months)
    return histories.select("number", F.posexplode("propensities").alias("position", "propensities")).select(
        customer_id(), F.add_months(F.lit(first), F.col("position")).alias("month"), "propensities"
    )


def true_effects(spark: SparkSession, params: GeneratorParams, partitions: int | None = None) -> DataFrame:
    """One row: what a contact on one channel truly does to one customer. Only evaluation may read it.

    It is the same in every month.

    Returns:
        ``customer_id``, ``channel``, ``log_odds`` (map<string,double>: category → what a contact adds to the
        log-odds of opening the offered product in its month; see ``contacted_propensity``).
    """
    numbers = customer_numbers(spark, params, partitions)
    effects = numbers.mapInArrow(in_chunks(partial(effect_batch, params=params)), EFFECT_SCHEMA)
    categories = F.array(*map(F.lit, CATEGORIES))
    by_category = F.map_from_arrays(categories, F.col("log_odds"))
    return effects.select(customer_id(), label(CHANNELS, "channel"), by_category.alias("log_odds"))


def true_amounts(spark: SparkSession, params: GeneratorParams) -> DataFrame:
    """One row: the yuan that a product is typically taken with, by whoever earns 100,000. Only evaluation may read it.

    Returns:
        ``product_id``, ``amount_yuan``.
    """
    made = catalogue(params)
    typical = market(made, params).amount_yuan
    rows = [(product.product_id, float(amount)) for product, amount in zip(made, typical, strict=True)]
    return spark.createDataFrame(rows, "product_id string, amount_yuan double")


def true_spending(spark: SparkSession, params: GeneratorParams, partitions: int | None = None) -> DataFrame:
    """One row: by which factor one customer takes products with more than their typical amounts, on average.

    Returns:
        ``customer_id``, ``factor``.
    """
    factors = customer_numbers(spark, params, partitions).mapInArrow(
        in_chunks(partial(spending_batch, params=params)), SPENDING_SCHEMA
    )
    return factors.select(customer_id(), "factor")


def contacted_propensity(propensity: Column, log_odds: Column) -> Column:
    """Probability of opening with a contact, from that without: p·eᵟ / (1 − p + p·eᵟ).

    >>> rows = spark.createDataFrame([(0.5, 0.0), (0.1, 1.0), (0.0, 1.0)], "p double, effect double")
    >>> rows.select(F.round(contacted_propensity(F.col("p"), F.col("effect")), 3).alias("contacted")).show()
    +---------+
    |contacted|
    +---------+
    |      0.5|
    |    0.232|
    |      0.0|
    +---------+
    <BLANKLINE>
    """
    raised = propensity * F.exp(log_odds)
    return raised / (1 - propensity + raised)
