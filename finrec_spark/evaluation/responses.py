"""Contacts with their outcome → how well each model foresees it (protocol ``response``).

Every fold is predicted once by models that saw the other folds only. AUC and lift are those of the model's score;
the calibration error is that of its probability: MLlib's isotonic (or sigmoid) curve, learned from contacts of the
training folds that a second fit of the same model did not see. The 95 % interval is Student's over the folds.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field
from pyspark.sql import DataFrame, SparkSession

from finrec_spark.arrays import Floats
from finrec_spark.errors import ConfigError
from finrec_spark.evaluation.binary_metrics import auc, calibration_error, top_lift
from finrec_spark.evaluation.metrics import ALL_CUSTOMERS
from finrec_spark.evaluation.ratings import mean_with_interval
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.tables import METRICS
from finrec_spark.transforms.ingest.contact_table import Contacts, ContactTableParams, dealt_folds

PROTOCOL = "response"
METRIC_NAMES = ("auc", "calibration_error", "lift")

Score = Callable[[Floats], Floats]
Fit = Callable[[Contacts], Score]
"""From contacts to a function of vectors (N × F) that gives scores in [0, 1]."""

Calibrate = Callable[[Floats, Floats], Score]
"""From scores and labels to a function of scores that gives probabilities."""

log = logging.getLogger(__name__)


class ResponseParams(ContactTableParams):
    """How response models are cross-validated on a file of contacts."""

    folds: int = Field(5, ge=2, le=100, description="Folds, each with the same share of the predicted outcome")
    seed: int = Field(0, description="Seed of the folds")
    rate_smoothing: float = Field(20.0, gt=0, description="Contacts at large that count in a category's rate (trees)")
    tree: TreesParams = Field(TreesParams(depth=7, bins=64, minimum_rows=50), description="The single tree")
    forest: TreesParams = Field(TreesParams(trees=100, depth=12, minimum_rows=5), description="The random forest")
    bins: int = Field(10, ge=2, le=1000, description="Quantile bins of a number (naive Bayes)")
    smoothing: float = Field(1.0, gt=0, description="Contacts added to the count of every value (naive Bayes)")
    calibration: Literal["isotonic", "sigmoid"] = Field("isotonic", description="How a score becomes a probability")
    calibration_parts: int = Field(4, ge=2, description="One of so many parts of the training folds calibrates")
    reference_trees: int = Field(200, ge=1, description="Trees of scikit-learn's forest, which is measured beside")


class Figures(NamedTuple):
    """How well one model foresaw one fold."""

    model: str
    fold: int
    auc: float
    calibration_error: float
    lift: float


class Candidate(NamedTuple):
    """A model to measure; its score is its probability where ``calibrate`` is None."""

    fit: Fit
    calibrate: Calibrate | None


def cross_validate(
    contacts: Contacts, candidates: Mapping[str, Candidate], params: ResponseParams
) -> Iterator[Figures]:
    """The figures of every model on every fold.

    Raises:
        ConfigError: an outcome has fewer contacts than two in every fold.
    """
    require_enough(contacts.label, params)
    fold = dealt_folds(contacts.label, contacts.key, params.folds)
    for held_out in range(params.folds):
        train, test = contacts.where(fold != held_out), contacts.where(fold == held_out)
        for model, candidate in candidates.items():
            yield _measured(model, held_out, candidate, train, test, params)


def require_enough(label: Floats, params: ResponseParams) -> None:
    """Nothing, where each outcome can stand in every part of every fold.

    Raises:
        ConfigError: naming how many contacts there are.
    """
    fewest = int(min(label.sum(), len(label) - label.sum()))
    wanted = params.folds * params.calibration_parts
    if fewest < wanted:
        raise ConfigError(
            f"contacts: {fewest} contacts have the rarer outcome of column {params.label}; {params.folds} folds"
            f" need at least {wanted}, so bring more or make fewer folds"
        )


def metric_rows(spark: SparkSession, figures: Sequence[Figures]) -> DataFrame:
    """One row: one figure of one model, the mean over the folds (``mart.metrics`` without ``run_id``)."""
    models = dict.fromkeys(figure.model for figure in figures)
    of = {model: [figure for figure in figures if figure.model == model] for model in models}
    rows = [
        (
            PROTOCOL,
            model,
            metric,
            None,
            ALL_CUSTOMERS,
            None,
            *mean_with_interval([getattr(f, metric) for f in of[model]]),
        )
        for model in models
        for metric in METRIC_NAMES
    ]
    return spark.createDataFrame(rows, METRICS.ddl_without("run_id"))


def _measured(
    model: str, fold: int, candidate: Candidate, train: Contacts, test: Contacts, params: ResponseParams
) -> Figures:
    score = candidate.fit(train)(test.vectors)
    probability = _calibration(candidate, train, params)(score)
    error = calibration_error(test.label, probability)
    figures = Figures(model, fold, auc(test.label, score), error, top_lift(test.label, score))
    log.info("fold %d, %s: AUC %.4f, calibration error %.4f, lift %.2f", fold, model, *figures[2:])
    return figures


def _calibration(candidate: Candidate, train: Contacts, params: ResponseParams) -> Score:
    """From the model's score to a probability, learned inside the training folds."""
    if candidate.calibrate is None:
        return lambda score: score
    held_out = dealt_folds(train.label, train.key, params.calibration_parts) == 0
    held = train.where(held_out)
    return candidate.calibrate(candidate.fit(train.where(~held_out))(held.vectors), held.label)
