"""The month's offers → what may be offered to whom at best, and which campaign an option belongs to."""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from finrec_spark.campaigns.params import Campaign

_EVERYONE = "all"
_DECIMALS = {"probability": 12, "value": 6}  # beyond them a mean depends on the order of the rows
_OFFER = ("customer_id", "product_id", "rank", "score", "personal")


def offers_of(personal: DataFrame, impersonal: DataFrame, popularity: DataFrame, popular: int) -> DataFrame:
    """One row: one product that may be offered to one customer.

    Whoever wants no offers of their own gets the bank's most popular products, the same as everyone like them.

    Args:
        personal: ``customer_id``, ``product_id``, ``rank``, ``score`` of all customers, as ``gold.offers`` has them.
        impersonal: ``customer_id`` of those customers.
        popularity: ``model.popularity`` of the month.
        popular: how many popular products.

    Returns:
        ``customer_id``, ``product_id``, ``rank`` (int), ``score`` and ``personal`` (boolean).
    """
    own = personal.join(impersonal, "customer_id", "left_anti").withColumn("personal", F.lit(True))
    everyones = popularity.where(F.col("segment") == _EVERYONE).select("product_id", "score")
    first = everyones.orderBy(F.desc("score"), "product_id").limit(popular)
    place = F.row_number().over(Window.orderBy(F.desc("score"), "product_id")).alias("rank")
    for_all = first.select("product_id", place, "score", F.lit(False).alias("personal"))
    listed = personal.select("customer_id").distinct().join(impersonal, "customer_id", "left_semi")
    return own.select(*_OFFER).unionByName(listed.crossJoin(F.broadcast(for_all)).select(*_OFFER))


def first_of_popular(options: DataFrame) -> DataFrame:
    """The options without those of impersonal customers behind the first product that is left to them.

    Args:
        options: ``customer_id``, ``rank``, ``personal`` and any other columns, what rules keep out being gone.
    """
    first = F.min("rank").over(Window.partitionBy("customer_id"))
    return options.withColumn("first", first).where(F.col("personal") | (F.col("rank") == F.col("first"))).drop("first")


def with_impersonal_values(valued: DataFrame) -> DataFrame:
    """The options, those that are not personal with the mean value of all personal ones of their product and channel.

    Args:
        valued: ``product_id``, ``channel``, ``personal``, ``probability``, ``value`` and any other columns; read twice.
    """
    averages = [F.round(F.avg(name), decimals).alias(f"mean_{name}") for name, decimals in _DECIMALS.items()]
    of_all = valued.where("personal").groupBy("product_id", "channel").agg(*averages)
    joined = valued.join(F.broadcast(of_all), ["product_id", "channel"], "left")
    means = {n: F.when(F.col("personal"), F.col(n)).otherwise(F.coalesce(f"mean_{n}", F.lit(0.0))) for n in _DECIMALS}
    return joined.withColumns(means).drop(*[f"mean_{n}" for n in _DECIMALS])


def with_campaign(options: DataFrame, campaigns: Sequence[Campaign], month: date) -> DataFrame:
    """The options with the ``campaign_id`` of what takes each: the month and the campaign's name; null where none does.

    Args:
        options: ``category``, ``channel``, the fields that audiences read, and any other columns.
        campaigns: in the order in which they take options.
    """
    taken = [F.when(_takes(campaign), F.lit(f"{month:%Y-%m}-{campaign.id}")) for campaign in campaigns]
    return options.withColumn("campaign_id", F.coalesce(*taken))


def _takes(campaign: Campaign) -> Column:
    named = (("category", campaign.categories), ("channel", campaign.channels))
    conditions = [F.col(column).isin(list(values)) for column, values in named if values]
    if campaign.audience is not None:
        conditions.append(F.coalesce(F.expr(campaign.audience), F.lit(False)))
    met = F.lit(True)
    for condition in conditions:
        met = met & condition
    return met
