"""The recurrent network's scores: which products the customers' latest events lead to.

The network is trained and run over the customers' events by ``train_gru`` (``finrec_spark/training``), which needs
torch. What it leaves is small: a state for each customer and each product. Scoring is one matrix product of the two,
so the scoring pass, and whoever reads a month without this model, needs no torch.

Cold start: a customer whom the network did not read, and a product that it does not know, score 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.models.spec import ModelSpec, ScorerInputs
from finrec_spark.params import Params
from finrec_spark.tables import CUSTOMER_STATES, PRODUCT_STATES
from finrec_spark.training.params import FeedParams, NetworkParams, TrainingParams, WritingParams
from finrec_spark.transforms.letters import is_han

NAME = "gru"
LEARNING_CURVE = "training"
"""Protocol of the learning curve in ``mart.metrics``; the epoch stands in ``k``."""

REASON = "next_step"
_WORDS = 3


class GruParams(Params):
    """The recurrent network and its training."""

    network: NetworkParams = NetworkParams()
    training: TrainingParams = TrainingParams()
    feed: FeedParams = FeedParams()
    writing: WritingParams = WritingParams()


@dataclass(frozen=True)
class GruScorer:
    """Scores softmax(customer's state · products' states + bias): shares of the customer's next step.

    A customer without a state and a product that the network does not know score 0.

    Attributes:
        state: P × width.
        bias: P.
        known: whether the network knows the product, P.
    """

    state: Floats
    bias: Floats
    known: NDArray[np.bool_]

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores in [0, 1], B × P; a customer's sum to 1."""
        if batch.state is None:
            return np.zeros((batch.size, batch.n_products))
        return self.shares(batch.state)

    def shares(self, states: Floats) -> Floats:
        """The scores of customers by their states, B × width; those of a state of NaN are 0."""
        if not self.known.any():
            return np.zeros((len(states), len(self.known)))
        logits = np.where(self.known, states @ self.state.T + self.bias, -np.inf)
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        scores = odds / odds.sum(axis=1, keepdims=True)
        return np.where(np.isnan(states[:, :1]), 0.0, scores)

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """The customer as a whole; the sentence names the words of the product's text that move it."""
        nothing = np.zeros(products.shape, dtype=np.int64)
        return Explanation(REASON, nothing - 1, np.ones(products.shape), nothing)


def scorer(states: DataFrame, inputs: ScorerInputs, params: GruParams) -> GruScorer:
    """The scorer of one month's ``model.product_states``.

    Args:
        states: ``product_id``, ``state``, ``bias``.
        inputs: ``product_ids`` is read.
        params: not read.
    """
    product_ids, table = inputs.product_ids, collect_product_states(states)
    place = pd.Index(product_ids).get_indexer(table["product_id"])
    table, place = table[place >= 0], place[place >= 0]
    width = len(table["state"].iloc[0]) if len(table) else 0
    state, bias = np.zeros((len(product_ids), width)), np.zeros(len(product_ids))
    known = np.zeros(len(product_ids), dtype=bool)
    if len(table):
        state[place] = np.stack(table["state"].to_list())
        bias[place], known[place] = table["bias"], True
    return GruScorer(state, bias, known)


def collect_product_states(states: DataFrame) -> pd.DataFrame:
    """The products' states: as many rows as the bank has products."""
    rows: pd.DataFrame = states.select("product_id", "state", "bias").toPandas()
    return rows


def collect_words(states: DataFrame, product_ids: Sequence[str], han: bool) -> tuple[str, ...]:
    """The words that move each product's scores, by position, separated by commas; empty for an unknown product.

    Args:
        states: ``product_id``, ``words``.
        product_ids: ID at each position of the product index.
        han: whether the reader reads Chinese; words of the other scripts are told only where there is no other.
    """
    rows = {row["product_id"]: _told(row["words"], han) for row in states.select("product_id", "words").collect()}
    return tuple(rows.get(product_id, "") for product_id in product_ids)


def _told(words: Sequence[str], han: bool) -> str:
    readable = [word for word in words if is_han(word) == han]
    return ", ".join((readable or words)[:_WORDS])


SPEC = ModelSpec(
    name=NAME,
    table=PRODUCT_STATES,
    params=GruParams,
    step="train_gru",
    reads=(),
    scorer=scorer,
    customers=CUSTOMER_STATES,
)
