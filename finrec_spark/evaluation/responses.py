"""Contacts with their outcome → how well each model predicts it (protocol ``response``).

Every fold is predicted by models that saw other contacts only: by chance those of all other folds, in time those that
had been answered before the fold began. A model's figures are those of the probability that it would be deployed with.
``base_rate`` gives every contact the share of the training contacts: what a model is worth, it is worth beyond that.
The 95 % interval is Student's over the folds.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from pydantic import Field
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.binary_metrics import Predicted, auc, brier, calibration_error, top_lift
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.ratings import mean_with_interval
from finrec_spark.models.response import Offers, collect_offers
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.sampling import bucket, seed_of
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.contact_table import ContactTableParams

PROTOCOL = "response"
METRIC_NAMES = ("auc", "calibration_error", "brier", "lift")

Measure = Callable[[DataFrame, DataFrame], Predicted]
"""From training contacts and held-out ones to what was predicted of the latter, and what came of it."""

log = logging.getLogger(__name__)


class ResponseParams(ContactTableParams):
    """How response models are measured: folds, and the references beside the model of section ``acceptance``."""

    folds: int = Field(5, ge=2, le=100, description="Folds; of those in time the first is for training only")
    seed: int = Field(0, description="Seed of folds by chance")
    tree: TreesParams = Field(
        TreesParams(trees=1, depth=7, bins=64, minimum_rows=50, features_per_split="all"),
        description="The single tree that is measured beside the forest",
    )
    reference_trees: int = Field(200, ge=1, description="Trees of scikit-learn's forest, which is measured beside")
    reference_rows: int = Field(200_000, ge=1, description="Contacts that it is given in the driver, at most")


class Fold(NamedTuple):
    """Contacts to learn from and contacts to predict, with a name for the log."""

    name: str
    train: DataFrame
    test: DataFrame


class Figures(NamedTuple):
    """How well one model predicted one fold."""

    model: str
    fold: str
    auc: float
    calibration_error: float
    brier: float
    lift: float


def chance_folds(contacts: DataFrame, n: int, seed: int) -> list[Fold]:
    """Folds of about as many contacts each; equal lines share one.

    Args:
        contacts: ``line`` and what models read.
        n: number of folds.
        seed: another seed makes other folds.
    """
    fold = bucket(n, seed_of(seed), "line")
    return [Fold(str(k), contacts.where(fold != k), contacts.where(fold == k)) for k in range(n)]


def time_folds(
    contacts: DataFrame, starts: Sequence[date], known_at: Callable[[date], DataFrame], measured: Column | None = None
) -> list[Fold]:
    """Consecutive folds, each with what had been answered before its first day to learn from.

    Args:
        contacts: ``contact_time`` and what models read.
        starts: first days of the folds, ascending; contacts before the first of them are for training only.
        known_at: a day → contacts that had been answered before it.
        measured: which contacts are predicted; None: all.
    """
    spans = pairwise([*starts, date.max])
    chosen = contacts if measured is None else contacts.where(measured)
    time = F.col("contact_time")
    return [
        Fold(f"{start}", known_at(start), chosen.where((time >= F.lit(start)) & (time < F.lit(end))))
        for start, end in spans
    ]


def collect_fold_starts(contacts: DataFrame, n: int) -> list[date]:
    """First days of all folds but the first of ``n`` with about as many contacts each; fewer where days repeat.

    >>> rows = [(f"2022-0{month}-03 10:00:00",) for month in (1, 2, 3, 3)]
    >>> contacts = spark.createDataFrame(rows, "time string").select(F.to_timestamp("time").alias("contact_time"))
    >>> [day.isoformat() for day in collect_fold_starts(contacts, n=4)]
    ['2022-02-03', '2022-03-03']
    """
    day = F.unix_date(F.to_date("contact_time")).alias("day")
    per_day = [(row["day"], row["count"]) for row in contacts.groupBy(day).count().orderBy("day").collect()]
    total = sum(count for _, count in per_day)
    starts: list[date] = []
    before = reached = 0  # contacts of earlier days, and how many nths of all that is
    for number, count in per_day:
        if before * n // total > reached:
            starts.append(date(1970, 1, 1) + timedelta(days=number))
            reached = before * n // total
        before += count
    return starts


def cross_validate(folds: Iterable[Fold], measures: Mapping[str, Measure], least: int) -> Iterator[Figures]:
    """The figures of every model on every fold that can be measured.

    Args:
        folds: what is learned from and predicted.
        measures: the models by name.
        least: training contacts of either outcome that a fold needs; one of either to predict is enough.

    Raises:
        InputMissing: no fold has as many.
    """
    measured = 0
    for fold in folds:
        kept = Fold(fold.name, fold.train.persist(), fold.test.persist())
        if _is_measurable(kept, least):
            measured += 1
            yield from (_figures(model, kept, measure) for model, measure in measures.items())
        kept.train.unpersist()
        kept.test.unpersist()
    if not measured:
        raise InputMissing(
            f"response: no fold has {least} contacts of either outcome to learn from (acceptance.least) and one of"
            " either to predict; bring more contacts, or make fewer folds (response.folds)"
        )


def metric_rows(spark: SparkSession, figures: Sequence[Figures]) -> DataFrame:
    """One row: one figure of one model, the mean over the folds (``mart.metrics`` without ``run_id``)."""
    rows = [
        (PROTOCOL, model, metric, None, ALL_CUSTOMERS, None, *_mean([getattr(f, metric) for f in of_model]))
        for model in dict.fromkeys(figure.model for figure in figures)
        for of_model in [[figure for figure in figures if figure.model == model]]
        for metric in METRIC_NAMES
    ]
    return spark.createDataFrame(rows, METRICS.ddl_without("run_id"))


def _is_measurable(fold: Fold, least: int) -> bool:
    train, test = collect_offers(fold.train), collect_offers(fold.test)
    enough = _rarer(train) >= least and _rarer(test) > 0
    log.info(
        "fold %s: %s contacts to learn from, %d with the outcome, and %s to predict, %d with it%s",
        fold.name,
        *(f"{train.contacts:,}", train.accepted, f"{test.contacts:,}", test.accepted),
        "" if enough else "; too few, so it is left out",
    )
    return enough


def _rarer(offers: Offers) -> int:
    """Contacts with the rarer outcome."""
    return min(offers.accepted, offers.contacts - offers.accepted)


def _figures(model: str, fold: Fold, measure: Measure) -> Figures:
    found = measure(fold.train, fold.test)
    figures = Figures(model, fold.name, auc(found), calibration_error(found), brier(found), top_lift(found))
    log.info("fold %s, %s: AUC %.4f, calibration error %.4f, Brier %.4f, lift %.2f", fold.name, model, *figures[2:])
    return figures


def _mean(values: Sequence[float]) -> tuple[float, float | None, float | None]:
    """Mean and interval; one fold alone has no interval."""
    return mean_with_interval(values) if len(values) > 1 else (values[0], None, None)
