"""One month as a tuning needs it: what a model is fitted to, and what customers went on to take."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.spec import ModelSpec, ScorerInputs
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.ranking.catalogue import Catalogue, collect_product_rows, product_catalogue
from finrec_spark.steps.objections import without_objectors_of
from finrec_spark.steps.training import LakeInputs
from finrec_spark.tables import (
    CONSENTS,
    CUSTOMER_PRODUCT_MATRIX,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    SCORING_ROWS,
)
from finrec_spark.transforms.labels import taken_products, with_taken
from finrec_spark.transforms.profiles.vector import padded_profile


@dataclass(frozen=True)
class TuningMonth:
    """One month.

    Attributes:
        inputs: what a model is fitted to.
        catalogue: the products by position.
        taken: ``customer_id``, ``product_id``: what was taken in the month.
        rows: ``gold.scoring_rows`` of whoever took something, with ``taken``, the products' positions.
    """

    inputs: LakeInputs
    catalogue: Catalogue
    taken: DataFrame
    rows: DataFrame

    @property
    def scorer_inputs(self) -> ScorerInputs:
        """What a scorer is made with; nobody is told reasons here."""
        return ScorerInputs(self.inputs.product_ids, self.inputs.profile)


def tuning_reads(spec: ModelSpec[Any], months: Sequence[date]) -> tuple[Read, ...]:
    """What the months' fits and lists read; of what grows, such as interactions, what the step's month knows."""
    gold = (SCORING_ROWS, CUSTOMER_PRODUCT_MATRIX, PRODUCT_INDEX_TABLE, PROFILE_FEATURES, PROFILE_VALUES, PRODUCTS)
    tables = dict.fromkeys((*gold, *spec.reads))
    of_months = [
        Read(table, month, optional=table.known_from is not None)
        for month in months
        for table in tables
        if table != INTERACTIONS
    ]
    return (Read(INTERACTIONS), Read(CONSENTS, optional=True), *of_months)


def read_tuning_month(run: StepRun, month: date) -> TuningMonth:
    """The month's customers and products, and what was taken in it."""
    config, inputs = run.config, LakeInputs(run, month)
    positions = run.read(PRODUCT_INDEX_TABLE)
    products = collect_product_rows(run.read(PRODUCTS), positions, month)
    matrix = run.read(CUSTOMER_PRODUCT_MATRIX, month)
    taken = taken_products(run.read(INTERACTIONS), matrix, month, config.matrix.opening_types)
    rows = run.read(SCORING_ROWS, month).withColumn("profile", padded_profile(inputs.profile))
    placed = taken.join(F.broadcast(positions), "product_id")
    return TuningMonth(
        inputs=inputs,
        catalogue=product_catalogue(products, config.recommend.risk_level_where_unknown, config.recommend.language),
        taken=taken,
        rows=with_taken(without_objectors_of(run, rows), placed).where(F.size("taken") > 0),
    )


@contextmanager
def persisted(df: DataFrame) -> Iterator[DataFrame]:
    """The rows, kept while the block runs."""
    kept = df.persist()
    try:
        yield kept
    finally:
        kept.unpersist()
