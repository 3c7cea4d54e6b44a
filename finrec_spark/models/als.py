"""Alternating least squares: MLlib learns the products' factors, scoring folds every customer in.

No customer factors are kept. A customer's factors follow from the product factors and the history
(``models/fold_in.py``), exactly as MLlib's own last half-iteration makes them, so a customer who came
after training is scored like any other, and scoring joins nothing.

Cold start: a customer without a history, and a product that had none at the training, score 0; other models decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.errors import ConfigError
from finrec_spark.models.factorisation import (
    ITERATIONS_WITHOUT_CHECKPOINT,
    AlsParams,
    estimator,
    has_preference,
    nothing_to_learn,
    require_checkpoint,
)
from finrec_spark.models.fold_in import FoldIn, PaddedHistory, padded_histories
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, PRODUCT_FACTORS
from finrec_spark.transforms.ids import collect_product_order


def fit(inputs: FitInputs, params: AlsParams) -> DataFrame:
    """Factors of every product in the month's matrix, as ``product_factors``."""
    matrix = inputs.read(CUSTOMER_PRODUCT_MATRIX)
    if params.iterations > ITERATIONS_WITHOUT_CHECKPOINT:
        matrix.sparkSession.sparkContext.setCheckpointDir(inputs.checkpoints)
    return product_factors(matrix, params)


def product_factors(matrix: DataFrame, params: AlsParams) -> DataFrame:
    """One row: one product's factors.

    MLlib starts from factors that its seed and the customers' blocks and order decide, and adds in the order in which
    rows come; customers and products are therefore numbered anew, in an order that follows from their IDs alone. The
    same rows in any partitioning, and whichever months the lake decided before, give the same factors; with at most 2
    blocks they are equal to the bit, with more MLlib adds partial sums as they arrive and the last digit of a float
    may differ.

    Args:
        matrix: ``customer_id``, ``product_id``, ``strength`` and ``rating`` (double); a pair at most once. Implicit:
            entries with ``strength`` above 0 are read; explicit: those with a ``rating``.

    Returns:
        ``product_id``, ``factors`` (array of ``rank`` doubles), for every product with an entry.

    Raises:
        InputMissing: nothing to learn from.
        ConfigError: many iterations, and the session has no checkpoint directory.
    """
    spark = matrix.sparkSession
    require_checkpoint(params, spark.sparkContext.getCheckpointDir())
    preference = "strength" if params.implicit else "rating"
    entries = matrix.where(has_preference(preference)).select("customer_id", "product_id", F.col(preference))
    product_ids = collect_product_order(entries)
    if not product_ids:
        raise nothing_to_learn(params)
    products = F.broadcast(spark.createDataFrame(list(enumerate(product_ids)), "product_index int, product_id string"))
    learned = numbered_customers(entries.join(products, "product_id").drop("product_id"), params.customer_blocks)
    factors = estimator(params, preference).fit(learned).itemFactors
    named = factors.join(products, F.col("id") == F.col("product_index"))
    return named.select("product_id", F.col("features").cast("array<double>").alias("factors"))


def numbered_customers(entries: DataFrame, blocks: int) -> DataFrame:
    """The entries with ``customer_index`` in place of ``customer_id``, in an order that the IDs alone decide.

    Customers are spread over the blocks by a hash of their ID and numbered inside each in the IDs' order, so no task
    orders all of them; MLlib puts number n into block n modulo the blocks, which is the one it came from. One shuffle,
    where ``assign_positions`` takes several for numbers without gaps.

    Args:
        entries: ``customer_id``, ``product_index``, one column of preference; a pair at most once.
    """
    (preference,) = set(entries.columns) - {"customer_id", "product_index"}
    products = F.array_sort(F.collect_list(F.struct("product_index", preference))).alias("entries")
    customers = entries.repartition(blocks, "customer_id").groupBy("customer_id").agg(products)
    place = F.monotonically_increasing_id().bitwiseAND((1 << 33) - 1)  # the row's place in its partition
    number = (place * blocks + F.spark_partition_id()).cast("int").alias("customer_index")
    numbered = customers.sortWithinPartitions("customer_id").select(number, "entries")
    return numbered.select("customer_index", F.inline("entries"))


@dataclass(frozen=True)
class AlsScorer:
    """Scores u · y; 0 for customers without a history and for products without factors."""

    fold_in: FoldIn
    alpha: float
    implicit: bool

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores, B × P: about 0 … 1 where they were learned from strength, ratings where from ratings."""
        scores = np.zeros((batch.size, batch.n_products))
        for history in self._histories(batch):
            scores[history.row] = self.fold_in.factors(history) @ self.fold_in.basis.T
        return scores

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """The history's product that adds most to each score, and its share; none where nothing adds.

        A score is the sum over the history of y' A⁻¹ yₕ bₕ (Hu, Koren, Volinsky 2008, section 5). The
        product may be the recommended one itself, where the customer was drawn to it before.
        """
        product = np.full(products.shape, -1, dtype=np.int64)
        share = np.ones(products.shape)
        for history in self._histories(batch):
            wanted = self.fold_in.basis[products[history.row]]
            added = wanted @ np.swapaxes(self.fold_in.influence(history), 1, 2)
            product[history.row], share[history.row] = _largest(added, history.product)
        return Explanation("similar_taste", product, share, np.zeros(products.shape, dtype=np.int64))

    def _histories(self, batch: CustomerBatch) -> Iterator[PaddedHistory]:
        history = batch.strength if self.implicit else batch.rating
        if history is None:
            return iter(())
        confidence, target, counts = self._weights(history)
        keep = counts & self.fold_in.known[history.indices]
        return padded_histories(history, confidence, target, keep, self.fold_in.basis.shape[1])

    def _weights(self, history: csr_matrix) -> tuple[Floats, Floats, NDArray[np.bool_]]:
        """Confidence, target and whether it counts, of each stored entry."""
        value = np.asarray(history.data, dtype=np.float64)
        if self.implicit:
            return self.alpha * value, 1.0 + self.alpha * value, value > 0
        return np.ones_like(value), value, np.full(value.shape, True)


def _largest(added: Floats, history: Ints) -> tuple[Ints, Floats]:
    """The product of the largest addend (ties: the first in the history) and its share of the sum.

    Args:
        added: addends, B × N × n.
        history: products that they come from, B × n.
    """
    place = np.round(added, 9).argmax(axis=2)
    largest = np.take_along_axis(added, place[:, :, None], axis=2)[:, :, 0]
    score = added.sum(axis=2)
    made = (largest > 0) & (score > 0)
    product = np.where(made, np.take_along_axis(history, place, axis=1), -1)
    share = np.divide(largest, score, out=np.ones_like(score), where=made)
    return product, np.clip(share, 0.0, 1.0)


def scorer(factors: DataFrame, inputs: ScorerInputs, params: AlsParams) -> AlsScorer:
    """The scorer of one month's product factors.

    Args:
        factors: result of ``fit``.
        inputs: ``product_ids`` is read.
        params: those that ``fit`` was given.

    Raises:
        ConfigError: the factors were learned with another rank.
    """
    matrix = collect_product_factors(factors, inputs.product_ids, params.rank)
    fold_in = FoldIn.implicit if params.implicit else FoldIn.explicit
    return AlsScorer(fold_in(matrix, params.shrinkage), params.alpha, params.implicit)


def collect_product_factors(factors: DataFrame, product_ids: Sequence[str], rank: int) -> Floats:
    """The factors as a P × rank matrix; zeros for a product without a row. Bounded by the products."""
    rows = factors.select("product_id", "factors").collect()
    if any(len(row.factors) != rank for row in rows):
        raise ConfigError(f"als: the saved product factors are not of rank {rank}; train als again")
    position = {product_id: place for place, product_id in enumerate(product_ids)}
    known = [row for row in rows if row.product_id in position]
    matrix = np.zeros((len(product_ids), rank))
    if known:
        matrix[[position[row.product_id] for row in known]] = [row.factors for row in known]
    return matrix


SPEC = ModelSpec(
    name="als",
    table=PRODUCT_FACTORS,
    params=AlsParams,
    step="train_als",
    reads=(CUSTOMER_PRODUCT_MATRIX,),
    scorer=scorer,
    fit=fit,
)
