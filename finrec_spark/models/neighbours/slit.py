"""SLIT: the ridge regression from a customer's history to what is met next.

Choi, Kim, Lee, Shim, Lee, "Session-aware Linear Item-Item Models for Session-based Recommendation" (WWW 2021). A
session's past and future are here a customer's history before a month, and what the customer took, looked at or asked
about for the first time, or again without holding it, in that month; every month is learned from, the newer the more.
So it tells what comes after what, where ``ease`` tells what goes together, and it learns from every look and not from
sales alone. Cold start: a customer without a history and a product that nobody met next score 0.
"""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix, hstack

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.neighbours.linear import largest_by_column, next_weights
from finrec_spark.models.neighbours.neighbour_scorer import explained
from finrec_spark.models.neighbours.transitions import (
    TransitionSums,
    collect_transition_sums,
    customer_events,
    history_values,
)
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.months import month_number, months_before
from finrec_spark.params import Between, Params
from finrec_spark.sampling import in_share
from finrec_spark.tables import INTERACTIONS, PRODUCT_INDEX_TABLE, SCORING_ROWS, TRANSITION_WEIGHTS
from finrec_spark.transforms.splits import before

REASON = "often_next"
_DECIMALS = 9  # a sum in another order is the same weight
_DDL = TRANSITION_WEIGHTS.ddl_without("month")


class SlitParams(Params):
    """Parameters of ``slit``."""

    ridge: Annotated[float, Between(1.0, 10_000.0, log=True)] = Field(
        50.0, gt=0, description="λ, added to the diagonal of X'X"
    )
    half_life_months: Annotated[float, Between(3.0, 60.0, log=True)] = Field(
        12.0, gt=0, description="Months in which a transition loses half of its weight"
    )
    neighbours: Annotated[int, Between(10, 1_000, log=True)] = Field(
        200, ge=1, description="Products of a history that are kept for one product, those that add or take most"
    )
    customers: int = Field(
        100_000,
        ge=1,
        description="Customers whose histories are learned from, about; of a larger bank so many are drawn",
    )


@dataclass(frozen=True)
class SlitScorer:
    """Score of a product: Σ weight over what was met, each ÷ √(how many products were), + Σ weight over what is held.

    Attributes:
        weights: P × 2P, row: the product, column: the one that was met, then the one that is held.
        support: transitions that each weight rests on, likewise.
    """

    weights: csr_matrix
    support: csr_matrix

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores, B × P."""
        return np.asarray((_values(batch) @ self.weights.T).toarray())

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """The product of the history that contributed most; its share of the score; the transitions behind it."""
        found = explained(self.weights, self.support, _values(batch), products, REASON)
        return replace(found, product=np.where(found.product < 0, -1, found.product % batch.n_products))


def fit(inputs: FitInputs, params: SlitParams) -> DataFrame:
    """One row: what one product of a history adds to one score (``model.transition_weights``, less month)."""
    customers = inputs.read(SCORING_ROWS).select("customer_id")
    share = params.customers / max(inputs.count(SCORING_ROWS), 1)
    drawn = customers if share >= 1 else customers.where(in_share(share, F.lit("slit"), "customer_id"))
    past = before(inputs.read(INTERACTIONS), inputs.month).join(drawn, "customer_id", "left_semi")
    positions = inputs.read(PRODUCT_INDEX_TABLE)
    events = customer_events(past, positions, inputs.opening_types, inputs.closing_types)
    newest = month_number(months_before(inputs.month, 1))
    sums = collect_transition_sums(events, len(inputs.product_ids), newest, params.half_life_months)
    return customers.sparkSession.createDataFrame(weight_rows(sums, inputs.product_ids, params), _DDL)


def weight_rows(sums: TransitionSums, product_ids: tuple[str, ...], params: SlitParams) -> pd.DataFrame:
    """The fitted rows: (X'X + λ)⁻¹ X'Y, of each product the weights that add or take most."""
    weights = np.round(next_weights(sums.histories, sums.following, params.ridge), _DECIMALS)
    met, held = np.split(weights, 2)
    history, product = largest_by_column(np.maximum(np.abs(met), np.abs(held)), params.neighbours)
    ids = np.array(product_ids, dtype=object)
    columns = {
        "product_id": ids[product],
        "neighbour_id": ids[history],
        "met": met[history, product],
        "held": held[history, product],
        "support": sums.support[history, product].astype(np.int64),
    }
    return pd.DataFrame(columns)


def scorer(rows: DataFrame, inputs: ScorerInputs, params: SlitParams) -> SlitScorer:
    """The scorer of one month's ``model.transition_weights``; products that are not in ``product_ids`` are left out."""
    found = collect_weights(rows)
    position, n_products = pd.Index(inputs.product_ids), len(inputs.product_ids)
    product, history = (position.get_indexer(found[name]) for name in ("product_id", "neighbour_id"))
    known = (product >= 0) & (history >= 0)

    def matrix(name: str) -> csr_matrix:
        place = product[known], history[known]
        return csr_matrix((found[name].to_numpy(np.float64)[known], place), shape=(n_products, n_products))

    support = matrix("support")
    return SlitScorer(hstack([matrix("met"), matrix("held")], format="csr"), hstack([support, support], format="csr"))


def collect_weights(rows: DataFrame) -> pd.DataFrame:
    """One month's weights, in no order: at most products × neighbours."""
    found: pd.DataFrame = rows.select("product_id", "neighbour_id", "met", "held", "support").toPandas()
    return found


def _values(batch: CustomerBatch) -> csr_matrix:
    return history_values((batch.strength > 0).astype(np.float64), batch.owned)


SPEC = ModelSpec(
    name="slit",
    table=TRANSITION_WEIGHTS,
    params=SlitParams,
    step="train_pearson",
    reads=(SCORING_ROWS, PRODUCT_INDEX_TABLE, INTERACTIONS),
    scorer=scorer,
    fit=fit,
)
