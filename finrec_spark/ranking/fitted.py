"""The models' names, tables and parameters as the configuration has them; to be replaced by ``models.spec``."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pyspark.sql import DataFrame

from finrec_spark.models import spec
from finrec_spark.models.als import AlsParams
from finrec_spark.models.content import ContentParams
from finrec_spark.models.gru import GruParams
from finrec_spark.models.naive_bayes import NaiveBayesParams
from finrec_spark.models.neighbours.euclidean import EuclideanParams
from finrec_spark.models.neighbours.pearson_item import PearsonItemParams
from finrec_spark.models.neighbours.pearson_user import PearsonUserParams
from finrec_spark.models.popularity import PopularityParams
from finrec_spark.models.scorer import Scorer
from finrec_spark.models.spec import ScorerInputs, specs
from finrec_spark.params import Params
from finrec_spark.tables import Table
from finrec_spark.transforms.profiles.vector import ProfileFeature

ModelName = Literal["popularity", "als", "pearson_item", "pearson_user", "euclidean", "content", "naive_bayes", "gru"]

TABLES: Mapping[str, Table] = {model.name: model.table for model in specs()}
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
    return spec.fitted_scorers(
        fitted,
        ScorerInputs(tuple(product_ids), tuple(profile), sensitive),
        lambda model: getattr(params, model.name),
    )
