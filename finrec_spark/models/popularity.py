"""Popularity by segment: the baseline, and what cold customers are offered.

Cold start: a customer without history is scored like everyone in the segment; a product that nobody was drawn to
scores 0.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.params import Between, Params
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, CUSTOMERS, POPULARITY
from finrec_spark.transforms.ingest.customers import customers_as_of

EVERYONE = "all"
EXACT = "decimal(28,12)"  # sums of decimals do not depend on the order of the rows


class PopularityParams(Params):
    """How far a segment's own taste is trusted."""

    smoothing: Annotated[float, Between(1.0, 100_000.0, log=True)] = Field(
        100.0, gt=0, description="Strength that everyone's taste counts in a segment, beside the segment's own"
    )


def fit(inputs: FitInputs, params: PopularityParams) -> DataFrame:
    """Popularity of every product by segment, as ``segment_popularity``."""
    segments = customers_as_of(inputs.read(CUSTOMERS), inputs.month).select("customer_id", "segment")
    matrix = inputs.read(CUSTOMER_PRODUCT_MATRIX).join(segments, "customer_id", "left")
    return segment_popularity(matrix, params)


def segment_popularity(matrix: DataFrame, params: PopularityParams) -> DataFrame:
    """One row: how popular one product is in one segment; the scores of a segment sum to 1.

    With strength s and m = ``smoothing``:

        score(all, p)     = s(p) / Σ s
        score(segment, p) = (s(segment, p) + m · score(all, p)) / (Σ s(segment) + m)

    Strength decays with time, and so does popularity. Every segment has every product with a strength
    above 0, none of them with score 0. Exact: no partitioning changes a bit.

    Args:
        matrix: ``customer_id``, ``product_id``, ``segment`` (a customer without one counts in ``all``
            alone), ``strength`` (double, not negative).

    Returns:
        ``segment`` (``all`` is everyone), ``product_id``, ``score`` (double).

    >>> rows = [("ann", "card", "young", 3.0), ("ann", "loan", "young", 1.0), ("bob", "loan", "old", 4.0)]
    >>> matrix = spark.createDataFrame(rows, "customer_id string, product_id string, segment string, strength double")
    >>> segment_popularity(matrix, PopularityParams(smoothing=4)).orderBy("segment", "product_id").show()
    +-------+----------+------+
    |segment|product_id| score|
    +-------+----------+------+
    |    all|      card| 0.375|
    |    all|      loan| 0.625|
    |    old|      card|0.1875|
    |    old|      loan|0.8125|
    |  young|      card|0.5625|
    |  young|      loan|0.4375|
    +-------+----------+------+
    <BLANKLINE>
    """
    scores = smoothed_shares(collect_strengths(matrix), params.smoothing)
    rows = scores.stack().rename("score").reset_index()
    return matrix.sparkSession.createDataFrame(rows, "segment string, product_id string, score double")


def smoothed_shares(strengths: pd.DataFrame, smoothing: float) -> pd.DataFrame:
    """Shares of the products, a row a segment (``all`` first) and a column a product.

    Args:
        strengths: a row a segment, a column a product; ``all``, if there, is whoever has no segment.
        smoothing: m, above 0.
    """
    everyone = strengths.sum() / strengths.to_numpy().sum()
    own = strengths.drop(index=EVERYONE, errors="ignore")
    by_segment = (own + smoothing * everyone).div(own.sum(axis=1) + smoothing, axis=0)
    return pd.concat([everyone.to_frame(EVERYONE).T, by_segment]).rename_axis(index="segment", columns="product_id")


def collect_strengths(matrix: DataFrame) -> pd.DataFrame:
    """Strengths, a row a segment and a column a product, exactly summed. Bounded by segments × products."""
    segment = F.coalesce("segment", F.lit(EVERYONE)).alias("segment")
    entries = matrix.select(segment, "product_id", F.col("strength").cast(EXACT).alias("strength"))
    sums = entries.groupBy("segment", "product_id").agg(F.sum("strength").cast("double").alias("strength"))
    return _collect_table(sums.where("strength > 0"), "strength").fillna(0.0)


def _collect_table(rows: DataFrame, values: str) -> pd.DataFrame:
    table = pd.DataFrame(rows.toPandas())
    return table.pivot(index="segment", columns="product_id", values=values)


@dataclass(frozen=True)
class PopularityScorer:
    """Scores every customer with the popularity in the customer's segment.

    Attributes:
        segments: ``all`` first.
        scores: segments × P.
    """

    segments: tuple[str, ...]
    scores: Floats

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores, B × P; a segment that was not fitted has everyone's."""
        place = pd.Index(self.segments).get_indexer(pd.Index(batch.segment, dtype=object))
        return np.asarray(self.scores[np.maximum(place, 0)])

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """The segment's taste alone."""
        nothing = np.zeros(products.shape, dtype=np.int64)
        return Explanation("popular_in_segment", nothing - 1, np.ones(products.shape), nothing)


def scorer(popularity: DataFrame, inputs: ScorerInputs, params: PopularityParams) -> PopularityScorer:
    """The scorer of one month's popularity; products without a row score 0.

    Args:
        popularity: result of ``fit``.
        inputs: ``product_ids`` is read.
        params: not read.
    """
    table = collect_popularity(popularity)
    segments = (EVERYONE, *sorted(set(table.index) - {EVERYONE}))
    scores = table.reindex(index=segments, columns=inputs.product_ids).fillna(0.0)
    return PopularityScorer(segments, scores.to_numpy(dtype=np.float64))


def collect_popularity(popularity: DataFrame) -> pd.DataFrame:
    """Scores, a row a segment and a column a product. Bounded by segments × products."""
    return _collect_table(popularity.select("segment", "product_id", "score"), "score")


SPEC = ModelSpec(
    name="popularity",
    table=POPULARITY,
    params=PopularityParams,
    step="train_popularity",
    reads=(CUSTOMER_PRODUCT_MATRIX, CUSTOMERS),
    scorer=scorer,
    fit=fit,
)
