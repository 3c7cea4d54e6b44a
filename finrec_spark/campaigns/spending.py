"""By which factor a customer takes products with more, or with less, than others do.

What a product is taken with depends on who takes it: those who earn more pay in more. Boosted trees learn from the
customer's profile the mean of amount ÷ the product's expected amount, over purchases of earlier months, each beside
the profile as it was before its month. The likelihood is that of a gamma distribution with a logarithmic link, whose
variance grows with the mean as amounts' does (McCullagh and Nelder, "Generalized Linear Models", chapter 8, 1989).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.special import logit

from finrec_spark.arrays import Floats
from finrec_spark.campaigns.expected_amounts import AmountParams
from finrec_spark.campaigns.measurement.outcomes import purchases
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.models.trees.boosting import fit_boosted
from finrec_spark.models.trees.kernel import Trees, collect_trees, probabilities
from finrec_spark.tables import TREES
from finrec_spark.transforms.profiles.vector import ProfileFeature
from finrec_spark.transforms.splits import between, event_month

NAME = "spending"
_EXTREME = 20.0  # a purchase of more, or less, than so many times the usual amount counts as this


@dataclass(frozen=True)
class Spending:
    """What was learned.

    Attributes:
        trees: None where there were too few purchases to learn from: everyone spends alike.
    """

    trees: Trees | None = None

    def factor(self, profile: Floats) -> Floats:
        """What each customer's amounts are multiplied with, B; equal profiles in a row are looked at once.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
        """
        if self.trees is None or not len(profile):
            return np.ones(len(profile))
        bits = np.ascontiguousarray(profile, np.float64).view(np.int64)  # NaN is then equal to itself
        another = np.concatenate([[True], (bits[1:] != bits[:-1]).any(axis=1)])
        factors = np.exp(logit(probabilities(self.trees, profile[another])))
        return np.asarray(factors[np.cumsum(another) - 1])


def spending_rows(
    interactions: DataFrame, amounts: DataFrame, profiles: DataFrame, month: date, measure: MeasureParams, days: int
) -> DataFrame:
    """One row: one purchase before ``month`` in a month that has profiles; what ``fit_spending`` learns from.

    Args:
        interactions: silver interactions.
        amounts: ``product_id``, ``amount``, as ``expected_amounts`` gives them; small, it is broadcast.
        profiles: ``month``, ``customer_id``, ``profile``: as known before that month.
        month: first day of the month that is decided; nothing of it is read.
        measure: which interactions bring money, and in what currency.
        days: days before ``month`` whose purchases count.

    Returns:
        ``key`` (bigint), ``features`` (array<double>), ``label`` (amount ÷ the product's expected amount), ``weight``.
    """
    bought = between(purchases(interactions, measure), month - timedelta(days=days), month).where("amount > 0")
    usual = amounts.where("amount > 0").select("product_id", F.col("amount").alias("usual"))
    ratio = F.col("amount").cast("double") / F.col("usual")
    told = (
        bought.withColumn("month", event_month(bought))
        .join(profiles, ["month", "customer_id"])
        .join(F.broadcast(usual), "product_id")
    )
    return told.select(
        F.xxhash64("event_id").alias("key"),
        F.col("profile").alias("features"),
        F.least(F.greatest(ratio, F.lit(1 / _EXTREME)), F.lit(_EXTREME)).alias("label"),
        F.lit(1.0).alias("weight"),
    )


def fit_spending(rows: DataFrame, names: Sequence[str], params: AmountParams, scratch: str) -> DataFrame:
    """Rows of ``model.trees`` without month and model; none where there are fewer than ``params.least`` purchases.

    Args:
        rows: ``spending_rows``; read twice.
        names: of the profile's features, by place.
        params: how many purchases it takes, and how the trees are learned.
        scratch: folder or URI that the nodes are written to.
    """
    if rows.limit(params.least).count() < params.least:
        return rows.sparkSession.createDataFrame([], TREES.ddl_without("month", "model"))
    return fit_boosted(rows, names, params.boosting, scratch, objective="gamma")


def spending_of(nodes: DataFrame | None, profile: Sequence[ProfileFeature]) -> Spending:
    """What stands in ``model.trees``: one month's rows of this model; None or no row: everyone spends alike."""
    if nodes is None or nodes.isEmpty():
        return Spending()
    return Spending(collect_trees(nodes, [feature.name for feature in profile], additive=True))
