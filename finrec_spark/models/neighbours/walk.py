"""Random walk of three steps: customer to a product held, to another holder of it, to a product of that holder's.

Popular products are not held back, which is what customers' purchases ask for. Cold start: a customer who holds
nothing and a product that nobody holds score 0, so other models decide.
"""

import numpy as np
from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.linear import (
    LinearParams,
    collect_holdings,
    walk_weights,
    weight_rows,
    weight_scorer,
)
from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.tables import PRODUCT_INDEX_TABLE, PRODUCT_WEIGHTS, SCORING_ROWS

REASON = "holders_also_hold"


class WalkParams(LinearParams):
    """Parameters of ``walk``."""


def fit(inputs: FitInputs, params: WalkParams) -> DataFrame:
    """One row: what one product held adds to one product's score (``model.product_weights``, less month and model)."""
    support, walk = collect_holdings(inputs)
    return weight_rows(inputs, walk_weights(walk, np.diag(support)), support, params)


def scorer(weights: DataFrame, inputs: ScorerInputs, params: WalkParams) -> NeighbourScorer:
    """Scores by the fitted rows: Σ weight over what the customer holds."""
    return weight_scorer(weights, inputs.product_ids, REASON)


SPEC = ModelSpec(
    name="walk",
    table=PRODUCT_WEIGHTS,
    params=WalkParams,
    step="train_pearson",
    reads=(SCORING_ROWS, PRODUCT_INDEX_TABLE),
    scorer=scorer,
    fit=fit,
)
