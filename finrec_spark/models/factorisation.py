"""Kernel: MLlib's alternating least squares: its parameters, its estimator, and what it cannot learn from."""

from typing import Annotated

from pydantic import Field
from pyspark.ml.recommendation import ALS
from pyspark.sql import Column
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError, InputMissing
from finrec_spark.params import Between, Params

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
