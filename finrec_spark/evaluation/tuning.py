"""Trials of a model's parameters: how good its own lists are with them, against the configured parameters.

A trial's figure is the mean over the months of the nDCG@k of the model's lists, each month's a mean over the customers
who took something in it, as ``evaluation.held_out`` measures a model; a taker whom nothing was listed for counts 0.

Its gain over the configured parameters is paired: Σ z over the customers, z being the sum over the months of the
customer's difference ÷ (months · takers of the month). The 95 % interval is gain ± 1.96 · √(C · s²(z)) over the C
customers, so that one customer's months are not taken for independent of each other.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DoubleType, StructField, StructType

from finrec_spark.arrays import Floats
from finrec_spark.evaluation.figure_rows import Z_95
from finrec_spark.evaluation.metrics import ndcg_of_lists
from finrec_spark.models.scorer import CustomerBatch, Scorer
from finrec_spark.params import Params, Setting
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import relative
from finrec_spark.ranking.pair_rows import taken_matrix
from finrec_spark.ranking.top_n import top_n

CONFIGURED = "configured"
NDCG = "ndcg"

_DECIMALS = 12  # a sum in another order is the same figure


@dataclass(frozen=True)
class ListPlan:
    """What makes one model's lists of one month.

    Attributes:
        scorer: the fitted model.
        catalogue: the products by position.
        k: length of the lists.
    """

    scorer: Scorer
    catalogue: Catalogue
    k: int


@dataclass(frozen=True)
class Takers:
    """How many customers took something.

    Attributes:
        by_month: in each month.
        customers: in any of them.
    """

    by_month: tuple[int, ...]
    customers: int


@dataclass(frozen=True)
class TrialFigures:
    """How good a trial's lists are.

    Attributes:
        by_month: nDCG@k of each month.
        gain: over the configured parameters, of the mean over the months.
        low: lower end of the gain's 95 % interval, None where one customer alone took something; likewise ``high``.
    """

    by_month: tuple[float, ...]
    gain: float
    low: float | None
    high: float | None

    @property
    def mean(self) -> float:
        """Mean over the months: what is tuned for."""
        return round(float(np.mean(self.by_month)), _DECIMALS)

    @property
    def is_better(self) -> bool:
        """Whether the gain's interval leaves 0 out, above it."""
        return self.low is not None and self.low > 0

    @property
    def is_different(self) -> bool:
        """Whether the gain's interval leaves 0 out."""
        return self.is_better or (self.high is not None and self.high < 0)


@dataclass(frozen=True)
class Trial:
    """One trial.

    Attributes:
        number: from 0, which has the configured parameters.
        settings: the tuned parameters' values by dotted name.
        figures: how good its lists are.
    """

    number: int
    settings: Mapping[str, Setting]
    figures: TrialFigures


@dataclass(frozen=True)
class Tuning:
    """All trials of one model.

    Attributes:
        model: its name.
        params: its configured parameters.
        months: the months that lists were held against, oldest first.
        k: length of the lists.
        trials: in their order.
    """

    model: str
    params: Params
    months: tuple[date, ...]
    k: int
    trials: tuple[Trial, ...]

    @property
    def ranked(self) -> list[Trial]:
        """The trials, best first; equal ones in their order, so that what is configured is kept where it can be."""
        return sorted(self.trials, key=lambda trial: (-trial.figures.mean, trial.number))


def with_ndcg(rows: DataFrame, plan: "Broadcast[ListPlan]", kept: Sequence[str], name: str) -> DataFrame:
    """One row: a customer's columns ``kept``, and as ``name`` the nDCG@k of the list that the plan's model makes.

    Args:
        rows: result of ``ranking.scoring.scoring_rows`` with ``taken`` (array<int>), positions of the products that the
            customer went on to take; at least one.
    """
    schema = StructType([*(rows.schema[column] for column in kept), StructField(name, DoubleType())])

    def measure_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(plan.value.catalogue.names)):
                ndcg = pa.array(_ndcg(piece, batch, plan.value))
                yield pa.RecordBatch.from_arrays([*piece.select(list(kept)).columns, ndcg], names=[*kept, name])

    return rows.mapInArrow(measure_batches, schema)


def _ndcg(rows: pa.RecordBatch, batch: CustomerBatch, plan: ListPlan) -> Floats:
    """nDCG@k of the batch's lists, B."""
    eligible = plan.catalogue.rules.excluded(batch) == 0
    shares = relative(plan.scorer.score(batch), eligible)
    return ndcg_of_lists(top_n(shares, eligible, plan.k, plan.catalogue.id_rank), taken_matrix(rows, batch))


def collect_takers(taken: Sequence[DataFrame]) -> Takers:
    """How many customers took something: one row.

    Args:
        taken: ``customer_id``, ``product_id`` of each month.
    """
    dated = _of_months([of_month.select("customer_id") for of_month in taken])
    in_month = [F.max(F.col("month") == n).cast("int").alias(f"month_{n}") for n in range(len(taken))]
    totals = [F.sum(f"month_{n}").alias(f"month_{n}") for n in range(len(taken))]
    row = dated.groupBy("customer_id").agg(*in_month).agg(*totals, F.count("*").alias("customers")).collect()[0]
    return Takers(tuple(row[f"month_{n}"] or 0 for n in range(len(taken))), row["customers"])


def collect_figures(measured: Sequence[DataFrame], takers: Takers) -> TrialFigures:
    """A trial's figures: one row.

    Args:
        measured: ``customer_id``, ``ndcg`` and ``configured`` (the nDCG with the configured parameters) of each month.
        takers: of the same months; whoever is not among the rows of a month counts 0 in it.
    """
    months = range(len(measured))
    dated = _of_months([of_month.select("customer_id", NDCG, CONFIGURED) for of_month in measured])
    weight = F.element_at(F.array(*[F.lit(1 / (len(measured) * n)) for n in takers.by_month]), F.col("month") + 1)
    gain = F.sum((F.col(NDCG) - F.col(CONFIGURED)) * weight).alias("gain")
    by_customer = dated.groupBy("customer_id").agg(*[_in_month(n) for n in months], gain)
    totals = [F.sum(f"month_{n}").alias(f"month_{n}") for n in months]
    squares = F.sum(F.col("gain") * F.col("gain")).alias("squares")
    row = by_customer.agg(*totals, F.sum("gain").alias("gain"), squares).collect()[0]
    by_month = tuple(round((row[f"month_{n}"] or 0.0) / takers.by_month[n], _DECIMALS) for n in months)
    return TrialFigures(by_month, *gain_with_interval(row["gain"] or 0.0, row["squares"] or 0.0, takers.customers))


def gain_with_interval(total: float, squares: float, customers: int) -> tuple[float, float | None, float | None]:
    """Σ z with its 95 % interval, Σ z ± 1.96 · √(C · s²(z)); no interval where C is 1.

    Args:
        total: Σ z.
        squares: Σ z².
        customers: C; those whose z is 0 are among them.

    >>> gain_with_interval(0.5, 0.25, 2)
    (0.5, -0.48, 1.48)
    """
    if customers < 2:
        return round(total, _DECIMALS), None, None
    variance = max(squares - total * total / customers, 0.0) * customers / (customers - 1)
    half_width = Z_95 * variance**0.5
    return round(total, _DECIMALS), round(total - half_width, _DECIMALS), round(total + half_width, _DECIMALS)


def _in_month(n: int) -> Column:
    return F.sum(F.when(F.col("month") == n, F.col(NDCG))).alias(f"month_{n}")


def _of_months(frames: Sequence[DataFrame]) -> DataFrame:
    """The rows of all months, with each row's ``month`` as a number from 0."""
    return reduce(DataFrame.unionByName, [frame.withColumn("month", F.lit(n)) for n, frame in enumerate(frames)])
