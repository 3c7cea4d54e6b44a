"""Kernel: the rows of a fitted naive Bayes → scores in one matrix product, and the feature that speaks most."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from scipy.special import expit

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.transforms.profiles.bins import MISSING, OTHER, FeatureBins, ProfileBins
from finrec_spark.transforms.profiles.token_counts import one_hot
from finrec_spark.transforms.profiles.vector import ProfileFeature

REASON = "fits_profile"
PRIOR = "prior"
"""Stands in ``feature`` where a row tells the odds before any feature is known."""

LARGEST_ODDS = 36.0  # the sigmoid of more is 1 in a double


@dataclass(frozen=True)
class NaiveBayesScorer:
    """The probability that a customer likes each product, were the features independent.

    Attributes:
        bins: how profiles become tokens.
        ratio: log p(token | like) − log p(token | dislike), T × P; 0 for a token that says nothing.
        prior: log p(like) − log p(dislike), P.
        fitted: whether the product has rows; the others score 0.
        nameable: whether a reason may name each feature of ``bins``.
    """

    bins: ProfileBins
    ratio: Floats
    prior: Floats
    fitted: NDArray[np.bool_]
    nameable: NDArray[np.bool_]

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores in (0, 1), B × P; 0 without profiles."""
        if batch.profile is None or not self.bins.features:
            return np.zeros((batch.size, batch.n_products))
        odds = one_hot(self.bins.tokens(batch.profile), self.bins.n_tokens) @ self.ratio + self.prior
        return np.where(self.fitted, expit(np.clip(odds, -LARGEST_ODDS, LARGEST_ODDS)), 0.0)

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """The profile as a whole, with the feature that speaks most for each product."""
        nothing = np.zeros(products.shape, np.int64)
        feature = self.leading_feature(batch, products)
        return Explanation(REASON, nothing - 1, np.ones(products.shape), nothing, feature)

    def leading_feature(self, batch: CustomerBatch, products: Ints) -> Ints:
        """Place in the profile of the feature with the largest log ratio above 0, B × N; -1 where there is none.

        Sensitive features are passed over; ties (to 1e-9) go to the first place.
        """
        if batch.profile is None or not self.bins.features:
            return np.full(products.shape, -1, np.int64)
        tokens = self.bins.tokens(batch.profile)
        ratio = self.ratio[tokens[:, None, :], products[:, :, None]].round(9)
        ratio = np.where(self.nameable, ratio, 0.0)
        places = np.array([feature.place for feature in self.bins.features])
        return np.where(ratio.max(axis=2) > 0, places[ratio.argmax(axis=2)], -1)


def naive_bayes_scorer(
    rows: DataFrame,
    product_ids: Sequence[str],
    features: Sequence[ProfileFeature],
    sensitive: frozenset[str],
) -> NaiveBayesScorer:
    """The scorer of one month's and model's rows of ``model.naive_bayes``.

    Args:
        rows: the fitted rows; a product or feature that is not known here is left out.
        product_ids: product IDs by position.
        features: the places of the profile that will be scored; more than at the fit are no harm.
        sensitive: names of features that no reason may name.
    """
    table = collect_rows(rows)
    product = pd.Index(product_ids).get_indexer(table["product_id"])
    table, product = table[product >= 0], product[product >= 0]
    bins = _saved_bins(table, features)
    log_odds = (table["log_like"] - table["log_dislike"]).to_numpy(np.float64)
    prior, fitted = np.zeros(len(product_ids)), np.zeros(len(product_ids), bool)
    is_prior = (table["feature"] == PRIOR).to_numpy()
    prior[product[is_prior]], fitted[product[is_prior]] = log_odds[is_prior], True
    feature = pd.Index([of.name for of in bins.features], dtype=object).get_indexer(table["feature"])
    token = bins.first[feature] + table["bin"].to_numpy(np.int64) - MISSING
    ratio, kept = np.zeros((bins.n_tokens, len(product_ids))), feature >= 0
    ratio[token[kept], product[kept]] = log_odds[kept]
    _give_absent_codes_the_others(ratio, bins, np.unique(token[kept]))
    nameable = np.array([of.name not in sensitive for of in bins.features], bool)
    return NaiveBayesScorer(bins, ratio, prior, fitted, nameable)


def collect_rows(rows: DataFrame) -> pd.DataFrame:
    """What scoring needs of the rows, in no order: products × tokens of them."""
    table: pd.DataFrame = rows.select("product_id", "feature", "bin", "low", "log_like", "log_dislike").toPandas()
    return table


def _saved_bins(table: pd.DataFrame, features: Sequence[ProfileFeature]) -> ProfileBins:
    of_feature = dict(list(table.drop_duplicates(["feature", "bin"]).groupby("feature")))
    saved = [
        FeatureBins(feature.name, place, tuple(sorted(of_feature[feature.name]["low"].dropna())))
        if feature.kind == "number"
        else FeatureBins(feature.name, place, None, max(OTHER, int(of_feature[feature.name]["bin"].max())))
        for place, feature in enumerate(features)
        if feature.name in of_feature
    ]
    return ProfileBins(tuple(saved))


def _give_absent_codes_the_others(ratio: Floats, bins: ProfileBins, known: Ints) -> None:
    """In place: a category's codes without rows get what bin 0 has."""
    for first, feature in zip(bins.first, bins.features, strict=False):
        if feature.edges is None:
            other = first + OTHER - MISSING
            absent = np.setdiff1d(np.arange(other + 1, first + feature.count), known)
            ratio[absent] = ratio[other]
