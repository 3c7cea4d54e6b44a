"""Randomised contacts → what each uplift learner is worth (protocol ``uplift``).

Every fold is scored by learners that saw other customers only. ``qini`` and ``auuc`` tell how well a learner ranks the
fold's trials; what counts is the policy: the outcome per customer, had the given share of the customers been contacted,
those with the highest uplift, each with the offer that the learner expects most of. Its references make the offer that
is best on average to as many by chance (``random``), to everyone, or to nobody. ``pooled`` knows the offers but tells
no two customers apart: what a learner is worth, it is worth beyond that. ``response`` ranks by the probability of
taking with contact, as a bank without randomised history must.

Intervals are of 95 %: Student's over the folds for qini and auuc; for the policies of the estimates' own variances,
since every customer is in one fold alone.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import Field
from pyspark.sql import DataFrame, SparkSession

from finrec_spark.errors import InputMissing, ModelNotFound
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.policy_value import Estimate, of_chance, of_policy, policy_gain, policy_value
from finrec_spark.evaluation.ratings import mean_with_interval
from finrec_spark.evaluation.uplift_curves import auuc, qini, qini_points
from finrec_spark.evaluation.uplift_models import POOLED, Measured, Setting, collect_measured_fold
from finrec_spark.sampling import bucket, seed_of
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.trial_table import TrialTableParams

PROTOCOL = "uplift"
POLICY_VALUE, GAIN_OVER_RANDOM, GAIN_OVER_EVERYONE = "policy_value", "gain_over_random", "gain_over_everyone"
QINI_CURVE = "qini_curve"
"""Takers beyond chance a trial, were so many percent contacted: the percent is the row's ``k``."""

_PERCENTS = tuple(range(5, 101, 5))
_NORMAL = 1.959963984540054

log = logging.getLogger(__name__)


class TrialsParams(TrialTableParams):
    """How uplift learners are measured: folds, the policy's size, and how a file is read."""

    folds: int = Field(5, ge=2, le=100, description="Folds of the customers, by chance")
    seed: int = Field(0, description="Seed of the folds")
    share: float = Field(0.3, gt=0, lt=1, description="Share of the customers that the policy contacts")


class Figure(NamedTuple):
    """One figure of one model on one fold; without a variance where the folds are what tells it."""

    model: str
    metric: str
    value: float
    variance: float | None = None
    k: int | None = None


def cross_validate(trials: DataFrame, setting: Setting, params: TrialsParams) -> Iterator[list[Figure]]:
    """The figures of every fold that can be measured.

    Args:
        trials: see ``models.uplift.trials``; read several times a fold, so better kept in memory.
        setting: what learners are fitted with.
        params: folds and the policy's size.

    Raises:
        InputMissing: no fold has acquisitions enough.
    """
    fold, measured = bucket(params.folds, seed_of(params.seed), "customer_key"), 0
    for k in range(params.folds):
        try:
            found = collect_measured_fold(trials.where(fold != k), trials.where(fold == k), setting)
        except ModelNotFound as error:
            log.info("fold %d is left out: %s", k, error)
            continue
        measured += 1
        figures = list(fold_figures(found, params.share))
        _log_fold(k, figures)
        yield figures
    if not measured:
        raise InputMissing(
            "uplift: no fold has acquisitions enough; bring more trials, or make fewer folds (trials.folds)"
        )


def fold_figures(found: Measured, share: float) -> Iterator[Figure]:
    """The figures of one fold: of every model, then of the references."""
    for model, ranked in found.ranked.items():
        yield Figure(model, "qini", qini(ranked))
        yield Figure(model, "auuc", auuc(ranked))
        for percent, height in zip(_PERCENTS, qini_points(ranked, _PERCENTS), strict=True):
            yield Figure(model, QINI_CURVE, float(height), k=percent)
        cells = found.cells[model]
        followed, by_chance = of_policy(cells, share), of_chance(cells, share)
        yield _figure(model, POLICY_VALUE, policy_value(cells, followed))
        yield _figure(model, GAIN_OVER_RANDOM, policy_gain(cells, followed, by_chance))
        yield _figure(model, GAIN_OVER_EVERYONE, policy_gain(cells, followed, of_chance(cells, 1.0)))
    cells = found.cells[POOLED]
    for name, of_all in (("random", share), ("everyone", 1.0), ("nobody", 0.0)):
        yield _figure(name, POLICY_VALUE, policy_value(cells, of_chance(cells, of_all)))


def metric_rows(spark: SparkSession, folds: Iterable[Sequence[Figure]]) -> DataFrame:
    """One row: one figure of one model, the mean over the folds (``mart.metrics`` without ``run_id``)."""
    of: dict[tuple[str, str, int | None], list[Figure]] = {}
    for figure in (figure for figures in folds for figure in figures):
        of.setdefault((figure.model, figure.metric, figure.k), []).append(figure)
    rows = [(PROTOCOL, *names, ALL_CUSTOMERS, None, *_mean(figures)) for names, figures in of.items()]
    return spark.createDataFrame(rows, METRICS.ddl_without("run_id"))


def _figure(model: str, metric: str, of: Estimate) -> Figure:
    return Figure(model, metric, of.value, of.variance)


def _mean(figures: Sequence[Figure]) -> tuple[float, float | None, float | None]:
    """Mean and interval; one fold alone has none of its own."""
    values = [figure.value for figure in figures]
    variances = [figure.variance for figure in figures if figure.variance is not None]
    if variances:
        mean, width = float(np.mean(values)), _NORMAL * float(np.sqrt(np.sum(variances))) / len(values)
        return mean, mean - width, mean + width
    return mean_with_interval(values) if len(values) > 1 else (values[0], None, None)


def _log_fold(k: int, figures: Sequence[Figure]) -> None:
    for model in dict.fromkeys(figure.model for figure in figures):
        of_model = ", ".join(f"{f.metric} {f.value:.4f}" for f in figures if f.model == model and f.k is None)
        log.info("fold %d, %s: %s", k, model, of_model)
