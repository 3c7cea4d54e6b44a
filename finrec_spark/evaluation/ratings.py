"""Explicit ratings → how far each model's predictions are from those it did not see (protocol ``ratings``).

Every fold is predicted once by models that saw the other folds only. RMSE = √mean((r − p)²) and
MAE = mean(|r − p|) are taken over each fold, then averaged over the folds, as in Surprise's
``cross_validate`` with ``KFold``; the 95 % interval is Student's over the folds' values.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from scipy import stats

from finrec_spark.errors import DataQualityError
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.models.als_ratings import predict_ratings as predict_by_factors
from finrec_spark.models.factorisation import AlsParams
from finrec_spark.models.neighbours.pearson_ratings import predict_by_customers, predict_by_products
from finrec_spark.params import Params
from finrec_spark.tables.mart import METRICS
from finrec_spark.transforms.ids import assign_positions
from finrec_spark.transforms.splits import folds

PROTOCOL = "ratings"

RatingModel = Literal["pearson_user", "pearson_item", "als"]
Predict = Callable[[DataFrame, DataFrame], DataFrame]

_STARS = 5.0  # the largest rating of the scale that regularisations are given for
_COLUMNS = tuple(column for column in METRICS.columns if column.name != "run_id")
_SCHEMA = ", ".join(f"{column.name} {column.type}" for column in _COLUMNS)

log = logging.getLogger(__name__)


class RatingsParams(Params):
    """How rating predictions are cross-validated."""

    folds: int = Field(5, ge=2, description="Folds to make where the ratings bring none")
    seed: int = Field(0, description="Seed of the folds that are made")
    neighbours: int = Field(40, ge=1, description="Neighbours that count in a Pearson prediction, at most")
    models: tuple[RatingModel, ...] = Field(
        ("pearson_user", "pearson_item", "als"), min_length=1, description="Models to measure"
    )
    als: AlsParams = Field(
        AlsParams(rank=10, rating_regularisation=0.1, implicit=False),
        description="Parameters of the explicit factor model",
    )


class FoldError(NamedTuple):
    """How far one model's predictions of one fold were from the ratings."""

    model: str
    fold: int
    rmse: float
    mae: float


def explicit_ratings(interactions: DataFrame, event_types: Sequence[str] = ("rating",)) -> DataFrame:
    """One row: one explicit rating; what ``rating_errors`` reads.

    Args:
        interactions: silver interactions.
        event_types: types whose ``value`` is a rating; ``rating`` has it unrounded.

    Returns:
        ``event_id``, ``customer_id``, ``product_id``, ``rating`` (double), ``event_time``, ``fold`` (null: none given).
    """
    is_rating = F.col("event_type").isin(*event_types) & F.col("rating").isNotNull()
    return interactions.where(is_rating).select("event_id", "customer_id", "product_id", "rating", "event_time", "fold")


def rating_errors(ratings: DataFrame, params: RatingsParams) -> DataFrame:
    """One row: one model's RMSE or MAE, the mean over the folds.

    Runs the models at once, fold by fold; the result is a few rows. A product that a customer
    rated several times is learnt from its newest rating, measured on every rating of the fold,
    and not learnt at all in a fold that it is measured on.

    Args:
        ratings: as ``explicit_ratings`` returns them.
        params: folds, models and their parameters.

    Returns:
        ``mart.metrics`` without ``run_id``; ``k`` is the neighbours of the Pearson models, ``low`` and ``high``
        the 95 % interval of the mean over the folds.

    Raises:
        DataQualityError: the ratings make less than two folds, a fold is given for some of them only, or
            a model predicted fewer ratings than it was asked for.
    """
    with _kept(_indexed(ratings)) as indexed:
        errors = cross_validate(indexed, _predictors(params), params.folds, params.seed)
    rows = [row for model in params.models for row in _metric_rows(model, errors, params)]
    return ratings.sparkSession.createDataFrame(rows, _SCHEMA)


def cross_validate(ratings: DataFrame, predictors: Mapping[str, Predict], n: int, seed: int) -> list[FoldError]:
    """The errors of every model on every fold: as many as models × folds.

    Args:
        ratings: ``event_id``, ``customer_index``, ``product_index``, ``rating``, ``event_time``, ``fold``; read
            several times a fold, so better kept in memory.
        predictors: model's name → function of train (``customer_index``, ``product_index``, ``rating``) and
            test (the same) that returns test with ``prediction``.
        n: folds to make where the ratings bring none.
        seed: seed of the folds that are made.
    """
    assigned = folds(ratings.withColumn("fold_given", F.col("fold").isNotNull()), n, seed)
    sizes = _collect_fold_sizes(assigned)
    return [error for fold, size in sizes.items() for error in _fold_errors(assigned, fold, size, predictors)]


def mean_with_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean over the folds and its 95 % interval: mean ± t(.975, n − 1) · s / √n.

    >>> [round(figure, 4) for figure in mean_with_interval([0.9, 1.0, 1.1])]
    [1.0, 0.7516, 1.2484]
    """
    mean = float(np.mean(values))
    half_width = float(stats.t.ppf(0.975, len(values) - 1) * stats.sem(values))
    return mean, mean - half_width, mean + half_width


def _predictors(params: RatingsParams) -> dict[str, Predict]:
    every: dict[str, Predict] = {
        "pearson_user": partial(predict_by_customers, k=params.neighbours),
        "pearson_item": partial(predict_by_products, k=params.neighbours),
        "als": partial(_on_stars, partial(predict_by_factors, params=params.als)),
    }
    return {model: every[model] for model in params.models}


def _on_stars(predict: Predict, train: DataFrame, test: DataFrame) -> DataFrame:
    """What ``predict`` says of ratings stretched to at most five, as its regularisation is meant, in their own scale.

    Ratings of at most five as they are stay so, and a regularisation of 0.1 does not flatten those below 1.
    """
    largest = _collect_largest(train)
    factor = _STARS / largest if largest > 0 else 1.0
    predicted = predict(train.withColumn("rating", F.col("rating") * factor), test)
    return predicted.withColumn("prediction", F.col("prediction") / factor)


def _collect_largest(ratings: DataFrame) -> float:
    return float(ratings.agg(F.coalesce(F.max("rating"), F.lit(0.0)).alias("largest")).collect()[0]["largest"])


def _indexed(ratings: DataFrame) -> DataFrame:
    """The ratings with positions in place of IDs."""
    customers = assign_positions(None, ratings, "customer_id", "customer_index")
    products = assign_positions(None, ratings, "product_id", "product_index")
    return (
        ratings.join(customers, "customer_id", how="inner")
        .join(products, "product_id", how="inner")
        .select("event_id", "customer_index", "product_index", "rating", "event_time", "fold")
    )


def _collect_fold_sizes(assigned: DataFrame) -> dict[int, int]:
    """Ratings by fold, in the folds' order; at least two folds, given for all ratings or for none."""
    counts = assigned.groupBy("fold").agg(F.count("*").alias("n"), F.count_if("fold_given").alias("given"))
    rows = counts.orderBy("fold").collect()
    sizes = {row["fold"]: row["n"] for row in rows}
    given = sum(row["given"] for row in rows)
    if 0 < given < sum(sizes.values()):
        raise DataQualityError(
            f"ratings: column fold is filled in {given} of {sum(sizes.values())} explicit ratings; fill all or none"
        )
    if len(sizes) < 2:
        raise DataQualityError(
            f"ratings: {sum(sizes.values())} explicit ratings make {len(sizes)} fold(s), at least 2 are needed;"
            " deliver interactions of event_type rating (or of a type that matrix.events says rating: true of) with a"
            " value, and several folds or none in column fold"
        )
    return sizes


def _fold_errors(assigned: DataFrame, fold: int, size: int, predictors: Mapping[str, Predict]) -> list[FoldError]:
    is_test = F.col("fold") == fold
    columns = ("customer_index", "product_index", "rating")
    held_out = assigned.where(is_test).select(*columns)
    learnt = _newest(assigned.where(~is_test)).join(held_out, ["customer_index", "product_index"], how="left_anti")
    with _kept(held_out) as test, _kept(learnt.select(*columns)) as train:
        return [_collect_error(model, fold, size, predict(train, test)) for model, predict in predictors.items()]


def _newest(ratings: DataFrame) -> DataFrame:
    """One row: the newest rating of one customer and product, of the same time that of the last event ID."""
    latest_first = Window.partitionBy("customer_index", "product_index").orderBy(
        F.col("event_time").desc(), F.col("event_id").desc()
    )
    return ratings.withColumn("place", F.row_number().over(latest_first)).where("place = 1").drop("place")


def _collect_error(model: str, fold: int, size: int, predicted: DataFrame) -> FoldError:
    error = F.col("rating") - F.col("prediction")
    is_number = F.col("prediction").isNotNull() & ~F.isnan("prediction")
    found = predicted.agg(_root_mean_square(error), F.avg(F.abs(error)).alias("mae"), F.count_if(is_number).alias("n"))
    row = found.collect()[0]
    if row["n"] != size:
        raise DataQualityError(
            f"ratings: {model} predicted {row['n']} of the {size} ratings of fold {fold};"
            " every rating needs one, so give the model a rule for what it does not know"
        )
    log.info("fold %d, %s: RMSE %.4f, MAE %.4f", fold, model, row["rmse"], row["mae"])
    return FoldError(model, fold, row["rmse"], row["mae"])


def _root_mean_square(error: Column) -> Column:
    return F.sqrt(F.avg(error * error)).alias("rmse")


def _metric_rows(
    model: RatingModel, errors: Sequence[FoldError], params: RatingsParams
) -> Iterator[tuple[str | int | float | None, ...]]:
    """Rows of ``mart.metrics`` without ``run_id`` of one model."""
    k = None if model == "als" else params.neighbours
    of_model = [error for error in errors if error.model == model]
    for metric, values in (("rmse", [e.rmse for e in of_model]), ("mae", [e.mae for e in of_model])):
        yield (PROTOCOL, model, metric, k, ALL_CUSTOMERS, None, *mean_with_interval(values))


@contextmanager
def _kept(df: DataFrame) -> Iterator[DataFrame]:
    """``df`` in memory while it is read several times."""
    df.persist()
    try:
        yield df
    finally:
        df.unpersist()
