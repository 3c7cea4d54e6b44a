"""One month as the scoring pass needs it, read from the lake: shared by ``recommend`` and ``evaluate``."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.job import Job
from finrec_spark.ranking.catalogue import Catalogue, collect_product_rows, product_catalogue
from finrec_spark.ranking.ensemble import Ensemble
from finrec_spark.ranking.fitted import TABLES, fitted_scorers
from finrec_spark.ranking.scoring import scoring_rows
from finrec_spark.tables import (
    CUSTOMER_NEIGHBOURS,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMERS,
    PRODUCT_INDEX_TABLE,
    PRODUCTS,
)
from finrec_spark.transforms.customers import customers_as_of
from finrec_spark.transforms.histories import customer_histories, known_customers


@dataclass(frozen=True)
class MonthTables:
    """Everything that scoring one month reads.

    Attributes:
        rows: one row a known customer, as ``ranking.scoring.scoring_rows``.
        catalogue: the products by position.
        product_ids: the same products' IDs.
        ensemble: the month's fitted models, weighted equally.
        matrix: the month's customer-product matrix.
    """

    rows: DataFrame
    catalogue: Catalogue
    product_ids: tuple[str, ...]
    ensemble: Ensemble
    matrix: DataFrame


def read_month_tables(job: Job, month: date) -> MonthTables:
    """The month's customers, products and fitted models.

    Raises:
        InputMissing: a table or model of the month is not there.
    """
    matrix = job.read(CUSTOMER_PRODUCT_MATRIX, month)
    customers = customers_as_of(job.read(CUSTOMERS), month)
    products = collect_product_rows(job.read(PRODUCTS), job.read(PRODUCT_INDEX_TABLE), month)
    product_ids = tuple(row["product_id"] for row in products)
    models = job.config.models
    evidence = job.read(CUSTOMER_NEIGHBOURS, month) if "pearson_user" in models else None
    fitted: dict[str, DataFrame] = {name: _of_model(job.read(TABLES[name], month), name) for name in models}
    scorers = fitted_scorers(fitted, product_ids, job.config.parameters)
    return MonthTables(
        rows=scoring_rows(known_customers(customer_histories(matrix), customers), evidence),
        catalogue=product_catalogue(products, job.config.recommend.risk_level_where_unknown),
        product_ids=product_ids,
        ensemble=Ensemble(scorers, {name: 1 / len(scorers) for name in scorers}),
        matrix=matrix,
    )


def _of_model(rows: DataFrame, name: str) -> DataFrame:
    return rows.where(F.col("model") == name) if "model" in rows.columns else rows
