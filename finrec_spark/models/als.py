"""Alternating least squares: MLlib learns the products' factors, scoring folds every customer in.

No customer factors are kept. A customer's factors follow from the product factors and the history
(``models/fold_in.py``), exactly as MLlib's own last half-iteration makes them, so a customer who came
after training is scored like any other, and scoring joins nothing.

Cold start: a customer without a history, and a product that had none at the training, score 0; other models decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pyspark.ml.recommendation import ALS
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints
from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.models.fold_in import FoldIn, PaddedHistory, padded_histories
from finrec_spark.models.scorer import CustomerBatch, Explanation
from finrec_spark.models.spec import FitInputs, ModelSpec, ScorerInputs
from finrec_spark.params import Between, Params
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, PRODUCT_FACTORS
from finrec_spark.transforms.ids import collect_product_order

ITERATIONS_WITHOUT_CHECKPOINT = 12  # deeper lineage overflows the JVM's default stack


class AlsParams(Params):
    """How product factors are learned; the same values must score that learned them."""

    rank: Annotated[int, Between(8, 128, log=True)] = Field(32, ge=1, le=512, description="Number of latent factors")
    iterations: int = Field(10, ge=1, le=200, description="Alternations of products and customers")
    implicit: bool = Field(True, description="Learn from strength as preference; false: from explicit ratings")
    alpha: Annotated[float, Between(0.5, 100.0, log=True)] = Field(
        10.0, gt=0, description="Confidence per unit of strength (implicit)"
    )
    regularisation: Annotated[float, Between(0.01, 30.0, log=True)] = Field(
        1.0, gt=0, description="Lambda where strength is learned from, times the entries of the customer or product"
    )
    rating_regularisation: float = Field(0.1, gt=0, description="Lambda where ratings are learned from, as above")
    seed: int = Field(17, description="Seed of the factors that learning starts from")
    customer_blocks: int = Field(
        2, ge=1, description="Blocks that customers are learned in: raise to the cluster's cores; part of the result"
    )
    product_blocks: int = Field(2, ge=1, description="Blocks that products are learned in; part of the result")
    checkpoint_interval: int = Field(5, ge=1, description="Iterations between checkpoints, if the session has a place")

    @property
    def shrinkage(self) -> float:
        """The lambda that applies."""
        return self.regularisation if self.implicit else self.rating_regularisation


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
    orders all of them; MLlib puts number n into block n modulo the blocks, which is the one it came from.

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


def has_preference(preference: str) -> Column:
    """Whether a row says anything: a strength above 0, or a rating."""
    return F.col("strength") > 0 if preference == "strength" else F.col("rating").isNotNull()


def estimator(params: AlsParams, preference: str) -> ALS:
    """MLlib's estimator over ``customer_index``, ``product_index`` and the column ``preference``."""
    return ALS(
        rank=params.rank,
        maxIter=params.iterations,
        regParam=params.shrinkage,
        alpha=params.alpha,
        implicitPrefs=params.implicit,
        seed=params.seed,
        numUserBlocks=params.customer_blocks,
        numItemBlocks=params.product_blocks,
        userCol="customer_index",
        itemCol="product_index",
        ratingCol=preference,
        checkpointInterval=params.checkpoint_interval,
        finalStorageLevel="NONE",  # else MLlib makes and caches every customer's factors, which nobody reads
    )


def nothing_to_learn(params: AlsParams) -> InputMissing:
    """The error that says what als lacks."""
    if params.implicit:
        return InputMissing("als: the customer-product matrix has no strength above 0; check the interactions")
    return InputMissing("als: the customer-product matrix has no rating; set implicit to true to learn from strength")


def require_checkpoint(params: AlsParams, directory: str | None) -> None:
    """Refuse what would end in a StackOverflowError.

    Raises:
        ConfigError: more than ``ITERATIONS_WITHOUT_CHECKPOINT`` iterations without a checkpoint in between.
    """
    interval = params.checkpoint_interval if directory is not None else params.iterations
    if min(interval, params.iterations) > ITERATIONS_WITHOUT_CHECKPOINT:
        raise ConfigError(
            f"als: {params.iterations} iterations need a checkpoint every {ITERATIONS_WITHOUT_CHECKPOINT} or fewer; "
            "give the session a checkpoint directory, or lower iterations or checkpoint_interval"
        )


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
