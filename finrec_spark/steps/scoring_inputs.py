"""One month as the scoring pass needs it, read from the lake: shared by the steps that score customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.held_out import ENSEMBLE
from finrec_spark.models.calibration import collect_curve
from finrec_spark.models.gru import collect_words
from finrec_spark.models.scorer import Scorer
from finrec_spark.models.spec import ModelSpec, ScorerInputs, fitted_scorers
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.ranking.catalogue import Catalogue, collect_product_rows, product_catalogue
from finrec_spark.ranking.ensemble import Ensemble, forest_of
from finrec_spark.ranking.pair_rows import PairSample
from finrec_spark.ranking.pairs import PairFeatures, collect_product_numbers
from finrec_spark.ranking.reasons import Wording, feature_label
from finrec_spark.ranking.scoring import scoring_rows
from finrec_spark.steps.deciding_trees import has_vote, read_vote
from finrec_spark.steps.objections import without_objectors_of
from finrec_spark.tables import (
    CALIBRATION,
    CONSENTS,
    CUSTOMER_NEIGHBOURS,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_STATES,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_PROFILE,
    PRODUCT_STATES,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    SCORING_ROWS,
)
from finrec_spark.transforms.labels import taken_products, with_taken
from finrec_spark.transforms.profiles.vector import (
    ProfileFeature,
    collect_profile_features,
    padded_profile,
    with_changes,
)


@dataclass(frozen=True)
class MonthTables:
    """Everything that scoring one month reads.

    Attributes:
        month: its first day.
        rows: one row a known customer, as ``ranking.scoring.scoring_rows``.
        customers: how many there are.
        catalogue: the products by position.
        product_ids: the same products' IDs.
        profile: the places of the customers' profile vector.
        scorers: the month's fitted models.
        features: what trees read of the month.
        matrix: the month's customer-product matrix.
    """

    month: date
    rows: DataFrame
    customers: int
    catalogue: Catalogue
    product_ids: tuple[str, ...]
    profile: tuple[ProfileFeature, ...]
    scorers: Mapping[str, Scorer]
    features: PairFeatures
    matrix: DataFrame


def month_reads(config: Config, month: date | None = None) -> tuple[Read, ...]:
    """What ``read_month_tables`` reads: the month's tables, and who has objected since.

    Args:
        month: of the tables; None: that of the step run.
    """
    return (*month_tables(config, month), Read(CONSENTS, optional=True))


def month_tables(config: Config, month: date | None = None) -> tuple[Read, ...]:
    """The tables that one month's scoring is made of; ``month`` as in ``month_reads``."""
    monthly = (SCORING_ROWS, CUSTOMER_PRODUCT_MATRIX, PRODUCT_PROFILE)
    fitted = [Read(s.table, month, s.name if "model" in s.table.partition_by else None) for s in config.specs]
    of_customers = [Read(spec.customers, month) for spec in config.specs if spec.customers is not None]
    kept = (PRODUCT_INDEX_TABLE, PROFILE_FEATURES, PROFILE_VALUES, PRODUCTS)
    return (*(Read(table, month) for table in monthly), *fitted, *of_customers, *(Read(table, month) for table in kept))


def scoring_code(config: Config) -> Sequence[str]:
    """Modules of the models that score."""
    return [spec.scorer.__module__ for spec in config.specs]


def read_month_tables(run: StepRun, month: date) -> MonthTables:
    """The month's customers, products and fitted models: of one process read once, as several steps score one month.

    Customers who have objected to profiling since are left out of the rows.

    Raises:
        InputMissing: a table or model of the month is not there.
    """
    left_as = run.left_as(month_tables(run.config, month))
    tables = run.context.recall((MonthTables, month, left_as), lambda: _collect_month_tables(run, month))
    rows = without_objectors_of(run, tables.rows)
    return tables if rows is tables.rows else replace(tables, rows=rows)


def read_ensemble(run: StepRun, tables: MonthTables) -> Ensemble:
    """The month's models with its trees on top of them, or without any where the bank has too little history."""
    vote = read_vote(run, tables.features.names, tables.month) if has_vote(run.context.lake, tables.month) else None
    if vote is None:
        return Ensemble(tables.scorers)
    curve = collect_curve(run.read(CALIBRATION, tables.month, ENSEMBLE))
    return Ensemble(tables.scorers, forest_of(tables.features, vote, curve, run.config.ensemble.candidates))


def rows_with_taken(run: StepRun, tables: MonthTables) -> DataFrame:
    """The month's scoring rows with the products that each customer went on to take in it.

    A product that got its position after ``tables`` were read, from a step at work beside this one, is none of theirs.
    """
    positions = run.read(PRODUCT_INDEX_TABLE).where(F.col("product_index") < len(tables.product_ids))
    return with_taken(tables.rows, taken_in_month(run, tables).join(F.broadcast(positions), "product_id"))


def taken_in_month(run: StepRun, tables: MonthTables) -> DataFrame:
    """One row: a product that a customer took in the month and did not own at its start."""
    return taken_products(run.read(INTERACTIONS), tables.matrix, tables.month, run.config.matrix.opening_types)


def pair_sample(run: StepRun, tables: MonthTables) -> PairSample:
    """The month's candidates, without a forest's word; of those that were not taken about ``pairs_a_month``."""
    params = run.config.ensemble
    pairs = tables.customers * min(params.candidates, tables.features.products.known)
    return PairSample(
        ensemble=Ensemble(tables.scorers),
        features=tables.features,
        catalogue=tables.catalogue,
        candidates=params.candidates,
        share=min(1.0, params.pairs_a_month / max(pairs, 1)),
        seed=tables.month.toordinal(),
    )


def wording_of(run: StepRun, tables: MonthTables) -> Wording:
    """What the month's reasons are worded with."""
    language = run.config.recommend.language
    labels = [feature_label(feature.name, language) for feature in tables.profile]
    states = run.read(PRODUCT_STATES, tables.month) if "gru" in tables.scorers else None
    words = () if states is None else collect_words(states, tables.product_ids, han=language == "zh")
    return Wording(language, tables.catalogue.names, labels, words)


def _collect_month_tables(run: StepRun, month: date) -> MonthTables:
    config, params = run.config, run.config.ensemble
    products = collect_product_rows(run.read(PRODUCTS), run.read(PRODUCT_INDEX_TABLE), month)
    product_ids = tuple(row["product_id"] for row in products)
    profile = collect_profile_features(run.read(PROFILE_FEATURES), run.read(PROFILE_VALUES))
    rows = run.read(SCORING_ROWS, month)
    customers = run.context.lake.count(SCORING_ROWS, month=month)
    numbers = collect_product_numbers(run.read(PRODUCT_PROFILE, month), product_ids, customers)
    evidence = run.read(CUSTOMER_NEIGHBOURS, month) if "pearson_user" in config.models else None
    states = run.read(CUSTOMER_STATES, month) if "gru" in config.models else None
    sensitive, excluded = with_changes(params.sensitive), with_changes(params.excluded)
    fitted = {spec.name: _fitted_rows(run, spec, month) for spec in config.specs}
    return MonthTables(
        month=month,
        rows=scoring_rows(rows.withColumn("profile", padded_profile(profile)), evidence, states),
        customers=customers,
        catalogue=product_catalogue(products, config.recommend.risk_level_where_unknown, config.recommend.language),
        product_ids=product_ids,
        profile=profile,
        scorers=fitted_scorers(fitted, ScorerInputs(product_ids, profile, sensitive), config.of),
        features=PairFeatures(tuple(config.models), numbers, profile, excluded, sensitive),
        matrix=run.read(CUSTOMER_PRODUCT_MATRIX, month),
    )


def _fitted_rows(run: StepRun, spec: ModelSpec[Any], month: date) -> DataFrame:
    return run.read(spec.table, month, spec.name if "model" in spec.table.partition_by else None)
