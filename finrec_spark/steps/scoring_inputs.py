"""One month as the scoring pass needs it, read from the lake: shared by the jobs that score customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.calibration import collect_curve
from finrec_spark.models.gru import collect_words
from finrec_spark.models.scorer import Scorer
from finrec_spark.models.trees.fitting import Trees, collect_trees
from finrec_spark.pipeline.step import After, Job
from finrec_spark.ranking.catalogue import Catalogue, collect_product_rows, product_catalogue
from finrec_spark.ranking.ensemble import Ensemble, forest_of
from finrec_spark.ranking.fitted import TABLES, fitted_scorers
from finrec_spark.ranking.pair_rows import PairSample
from finrec_spark.ranking.pairs import PairFeatures, collect_product_numbers
from finrec_spark.ranking.reasons import Wording, feature_label
from finrec_spark.ranking.scoring import scoring_rows
from finrec_spark.tables import (
    CALIBRATION,
    CUSTOMER_NEIGHBOURS,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_PROFILE,
    CUSTOMER_STATES,
    INTERACTIONS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_PROFILE,
    PRODUCT_STATES,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    TREES,
    Table,
)
from finrec_spark.transforms.histories import customer_histories
from finrec_spark.transforms.labels import taken_products, with_taken
from finrec_spark.transforms.profiles.vector import ProfileFeature, collect_profile_features, profile_vector
from finrec_spark.transforms.scoring_rows import scoring_rows as rows_of_month

_OF_EVERY_MODEL = ("build_matrix", "build_profile", "train_popularity")
_OF_CONFIGURED_MODELS = ("train_als", "train_pearson", "train_content", "train_naive_bayes", "train_gru")

RANDOM_FOREST = "random_forest"
DECISION_TREE = "decision_tree"


@dataclass(frozen=True)
class MonthTables:
    """Everything that scoring one month reads.

    Attributes:
        month: its first day.
        rows: one row a known customer, as ``ranking.scoring.scoring_rows``.
        catalogue: the products by position.
        product_ids: the same products' IDs.
        profile: the places of the customers' profile vector.
        scorers: the month's fitted models.
        features: what trees read of the month.
        matrix: the month's customer-product matrix.
    """

    month: date
    rows: DataFrame
    catalogue: Catalogue
    product_ids: tuple[str, ...]
    profile: tuple[ProfileFeature, ...]
    scorers: Mapping[str, Scorer]
    features: PairFeatures
    matrix: DataFrame


def after_models(months_back: int = 0, optional: bool = False) -> tuple[After, ...]:
    """The steps whose results ``read_month_tables`` reads; those of models that need not be configured are optional.

    Args:
        months_back: 0 for the step's own month.
        optional: whether the step can do without the whole month.
    """
    needed = (After(step, months_back, optional) for step in _OF_EVERY_MODEL)
    return (*needed, *(After(step, months_back, optional=True) for step in _OF_CONFIGURED_MODELS))


def read_month_tables(job: Job, month: date) -> MonthTables:
    """The month's customers, products and fitted models.

    Raises:
        InputMissing: a table or model of the month is not there.
    """
    config, params = job.config, job.config.ensemble
    matrix = job.read(CUSTOMER_PRODUCT_MATRIX, month)
    products = collect_product_rows(job.read(PRODUCTS), job.read(PRODUCT_INDEX_TABLE), month)
    product_ids = tuple(row["product_id"] for row in products)
    profile = collect_profile_features(job.read(PROFILE_FEATURES), job.read(PROFILE_VALUES))
    customers = job.read(CUSTOMER_PROFILE, month)
    numbers = collect_product_numbers(job.read(PRODUCT_PROFILE, month), product_ids, customers.count())
    vectors = customers.select("customer_id", "segment", "risk_level", profile_vector(profile).alias("profile"))
    evidence = job.read(CUSTOMER_NEIGHBOURS, month) if "pearson_user" in config.models else None
    states = job.read(CUSTOMER_STATES, month) if "gru" in config.models else None
    fitted: dict[str, DataFrame] = {name: _of_model(job, TABLES[name], month, name) for name in config.models}
    sensitive = frozenset(params.sensitive)
    return MonthTables(
        month=month,
        rows=scoring_rows(rows_of_month(vectors, customer_histories(matrix)), evidence, states),
        catalogue=product_catalogue(products, config.recommend.risk_level_where_unknown, config.recommend.language),
        product_ids=product_ids,
        profile=profile,
        scorers=fitted_scorers(fitted, product_ids, profile, sensitive, config.parameters),
        features=PairFeatures(tuple(config.models), numbers, profile, frozenset(params.excluded), sensitive),
        matrix=matrix,
    )


def read_ensemble(job: Job, tables: MonthTables) -> Ensemble:
    """The month's models with the forest on top of them, or without one where the bank has too little history."""
    forest = read_trees(job, tables, RANDOM_FOREST, tables.month)
    if forest is None:
        return Ensemble(tables.scorers)
    curve = collect_curve(_of_model(job, CALIBRATION, tables.month, RANDOM_FOREST))
    return Ensemble(tables.scorers, forest_of(tables.features, forest, curve, job.config.ensemble.candidates))


def read_trees(job: Job, tables: MonthTables, model: str, month: date) -> Trees | None:
    """The trees that decide ``month``, over the features of ``tables``; None where the bank has too little history."""
    if not job.program.lake.has_month(TREES, month):
        return None
    nodes = _of_model(job, TREES, month, model)
    return None if nodes.isEmpty() else collect_trees(nodes, tables.features.names)


def rows_with_taken(job: Job, tables: MonthTables) -> DataFrame:
    """The month's scoring rows with the products that each customer went on to take in it."""
    positions = job.read(PRODUCT_INDEX_TABLE)
    return with_taken(tables.rows, taken_in_month(job, tables).join(F.broadcast(positions), "product_id"))


def taken_in_month(job: Job, tables: MonthTables) -> DataFrame:
    """One row: a product that a customer took in the month and did not own at its start."""
    return taken_products(job.read(INTERACTIONS), tables.matrix, tables.month, job.config.matrix.opening_types)


def pair_sample(job: Job, tables: MonthTables) -> PairSample:
    """The month's candidates, without a forest's word; of those that were not taken about ``pairs_a_month``."""
    params = job.config.ensemble
    pairs = tables.rows.count() * min(params.candidates, len(tables.product_ids))
    return PairSample(
        ensemble=Ensemble(tables.scorers),
        features=tables.features,
        catalogue=tables.catalogue,
        candidates=params.candidates,
        share=min(1.0, params.pairs_a_month / max(pairs, 1)),
        seed=tables.month.toordinal(),
    )


def wording_of(job: Job, tables: MonthTables) -> Wording:
    """What the month's reasons are worded with."""
    language = job.config.recommend.language
    labels = [feature_label(feature.name, language) for feature in tables.profile]
    states = job.read(PRODUCT_STATES, tables.month) if "gru" in tables.scorers else None
    words = () if states is None else collect_words(states, tables.product_ids, han=language == "zh")
    return Wording(language, tables.catalogue.names, labels, words)


def _of_model(job: Job, table: Table, month: date, name: str) -> DataFrame:
    rows = job.read(table, month)
    return rows.where(F.col("model") == name) if "model" in rows.columns else rows
