"""Kernels: products × products sums → weights, so that a customer's scores are the sum of the rows of what is held.

The weights are made from one dense matrix: as many products as fit it several times, some thousands.
"""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer, neighbour_scorer
from finrec_spark.models.neighbours.similar_products import product_sums
from finrec_spark.models.neighbours.similarity import SimilarityParams, Value
from finrec_spark.models.spec import FitInputs
from finrec_spark.params import Between, OneOf, Params
from finrec_spark.tables import SCORING_ROWS
from finrec_spark.transforms.histories import history_values

_DECIMALS = 9  # a sum in another order is the same weight


class LinearParams(Params):
    """What a history is, and what is kept of the weights."""

    value: Annotated[Value, OneOf(("owned", "met"))] = Field(
        "met", description="Products of a history: owned, or met: all that the customer took, looked at or asked about"
    )
    neighbours: Annotated[int, Between(10, 1_000, log=True)] = Field(
        200, ge=1, description="Weights of one product that are kept, the largest by amount"
    )


def walk_weights(walk: Floats, holders: Floats) -> Floats:
    """Three steps of a random walk, customer → product → customer → product, P × P; 0 where nobody holds the product.

    Args:
        walk: X' D⁻¹ X, D being how many products each customer holds, P × P.
        holders: customers who hold each product, P.

    >>> walk_weights(np.array([[1.5, 0.5], [0.5, 0.5]]), np.array([2.0, 1.0])).tolist()
    [[0.75, 0.25], [0.5, 0.5]]
    """
    return np.divide(walk, holders[:, None], out=np.zeros_like(walk), where=holders[:, None] > 0)


def ease_weights(support: Floats, ridge: float) -> Floats:
    """EASE (Steck, "Embarrassingly shallow autoencoders for sparse data", 2019): −P ÷ diag P, 0 on the diagonal, P × P.

    With P = (X'X + λ)⁻¹ it is the ridge regression of every product on all others.

    Args:
        support: X'X, customers who hold both products, P × P.
        ridge: λ, above 0.

    >>> ease_weights(np.array([[3.0, 1.0], [1.0, 1.0]]), 1.0).round(2).tolist()
    [[0.0, 0.25], [0.5, 0.0]]
    """
    inverse = np.linalg.inv(support + ridge * np.eye(len(support)))
    weights: Floats = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def next_weights(held: Floats, bought_next: Floats, ridge: float) -> Floats:
    """Ridge regression from what was held to what was bought next: (H + λ)⁻¹ N, P × P.

    Args:
        held: H, weighted purchases before which both products were held, P × P.
        bought_next: N, weighted purchases of the second product before which the first was held, P × P.
        ridge: λ, above 0.

    >>> next_weights(np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.0, 1.0], [0.0, 0.0]]), 1.0).tolist()
    [[0.0, 0.5], [0.0, 0.0]]
    """
    weights: Floats = np.linalg.solve(held + ridge * np.eye(len(held)), bought_next)
    return weights


def collect_histories(inputs: FitInputs, value: Value) -> tuple[Floats, Floats]:
    """X'X and X' D⁻¹ X of the customers' histories, P × P each: at most products².

    Each history's values are 1 ÷ √d, d being its products, so that the one pass over the histories yields both: the
    second is their ΣXY.

    Args:
        value: which products a history is.
    """
    known = history_values(inputs.read(SCORING_ROWS), value)
    share = F.transform("value", lambda _: 1 / F.sqrt(F.size("value")))
    sums = product_sums(known.withColumn("value", share), len(inputs.product_ids))
    rows = pd.DataFrame(sums.select("first", "second", "support", "sum_xy").toPandas())
    place, shape = (rows["first"].to_numpy(), rows["second"].to_numpy()), (len(inputs.product_ids),) * 2
    support, walk = np.zeros(shape), np.zeros(shape)
    support[place], walk[place] = rows["support"], rows["sum_xy"].round(_DECIMALS)
    return support + np.triu(support, 1).T, walk + np.triu(walk, 1).T


def weight_rows(inputs: FitInputs, weights: Floats, support: Floats, params: LinearParams) -> DataFrame:
    """One row: what one product in a history adds to the score of one product; the diagonal is left out.

    Args:
        inputs: for the product IDs and the session.
        weights: row: the product in the history, column: the product that is scored, P × P.
        support: customers who have both in their history, P × P.
        params: how many weights of one product are kept.
    """
    rounded = np.round(weights, _DECIMALS)
    np.fill_diagonal(rounded, 0.0)
    neighbour, product = largest_by_column(rounded, params.neighbours)
    ids = np.array(inputs.product_ids, dtype=object)
    rows = {
        "product_id": ids[product],
        "neighbour_id": ids[neighbour],
        "weight": rounded[neighbour, product],
        "support": support[neighbour, product].astype(np.int64),
    }
    schema = "product_id string, neighbour_id string, weight double, support bigint"
    return inputs.read(SCORING_ROWS).sparkSession.createDataFrame(pd.DataFrame(rows), schema)


def weight_scorer(weights: DataFrame, product_ids: Sequence[str], params: LinearParams, code: str) -> NeighbourScorer:
    """The scorer of one model's and month's rows of ``model.product_weights``: Σ weight over the history."""
    named = weights.withColumnRenamed("weight", "similarity")
    return neighbour_scorer(named, product_ids, SimilarityParams(value=params.value), code)


def largest_by_column(weights: Floats, most: int) -> tuple[Ints, Ints]:
    """Row and column of the ``most`` largest weights by amount in every column, ties by row; none that is 0."""
    order = np.argsort(-np.abs(weights), axis=0, kind="stable")[:most]
    column = np.broadcast_to(np.arange(weights.shape[1]), order.shape)
    kept = weights[order, column] != 0
    return order[kept], column[kept]
