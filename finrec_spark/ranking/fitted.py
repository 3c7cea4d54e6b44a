"""Fitted models → the ensemble's scorers: the one place that knows which model lies in which table."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from pyspark.sql import DataFrame

from finrec_spark.models import als, content, gru, naive_bayes, popularity
from finrec_spark.models.als import AlsParams
from finrec_spark.models.content import ContentParams
from finrec_spark.models.gru import GruParams
from finrec_spark.models.naive_bayes import NaiveBayesParams
from finrec_spark.models.neighbours import euclidean, pearson_item, pearson_user
from finrec_spark.models.neighbours.euclidean import EuclideanParams
from finrec_spark.models.neighbours.pearson_item import PearsonItemParams
from finrec_spark.models.neighbours.pearson_user import PearsonUserParams
from finrec_spark.models.popularity import PopularityParams
from finrec_spark.models.scorer import Scorer
from finrec_spark.params import Params
from finrec_spark.tables import (
    CUSTOMER_NEIGHBOURS,
    NAIVE_BAYES,
    POPULARITY,
    PRODUCT_FACTORS,
    PRODUCT_NEIGHBOURS,
    PRODUCT_STATES,
    Table,
)
from finrec_spark.transforms.profiles.vector import ProfileFeature

ModelName = Literal["popularity", "als", "pearson_item", "pearson_user", "euclidean", "content", "naive_bayes", "gru"]

TABLES: Mapping[str, Table] = {
    "popularity": POPULARITY,
    "als": PRODUCT_FACTORS,
    "pearson_item": PRODUCT_NEIGHBOURS,
    "euclidean": PRODUCT_NEIGHBOURS,
    "pearson_user": CUSTOMER_NEIGHBOURS,
    "content": PRODUCT_NEIGHBOURS,
    "naive_bayes": NAIVE_BAYES,
    "gru": PRODUCT_STATES,
}
"""Where each model's fitted rows lie."""


class ModelParams(Params):
    """Each model's parameters."""

    popularity: PopularityParams = PopularityParams()
    als: AlsParams = AlsParams()
    pearson_item: PearsonItemParams = PearsonItemParams()
    pearson_user: PearsonUserParams = PearsonUserParams()
    euclidean: EuclideanParams = EuclideanParams()
    content: ContentParams = ContentParams()
    naive_bayes: NaiveBayesParams = NaiveBayesParams()
    gru: GruParams = GruParams()


def fitted_scorers(
    fitted: Mapping[str, DataFrame],
    product_ids: Sequence[str],
    profile: Sequence[ProfileFeature],
    sensitive: frozenset[str],
    params: ModelParams,
) -> dict[str, Scorer]:
    """A scorer for every fitted model.

    Args:
        fitted: model's name → its rows of one month.
        product_ids: product IDs by position.
        profile: the places of the customers' profile vector.
        sensitive: profile features that no reason may name.
        params: the parameters that the models were fitted with.
    """
    makers: Mapping[str, Callable[[DataFrame], Scorer]] = {
        "popularity": lambda rows: popularity.scorer(rows, product_ids),
        "als": lambda rows: als.scorer(rows, product_ids, params.als),
        "pearson_item": lambda rows: pearson_item.scorer(rows, product_ids, params.pearson_item),
        "pearson_user": lambda rows: pearson_user.scorer(),
        "euclidean": lambda rows: euclidean.scorer(rows, product_ids, params.euclidean),
        "content": lambda rows: content.scorer(rows, product_ids, params.content),
        "naive_bayes": lambda rows: naive_bayes.scorer(rows, product_ids, profile, sensitive),
        "gru": lambda rows: gru.scorer(rows, product_ids),
    }
    return {name: makers[name](rows) for name, rows in fitted.items()}
