"""Uplift as campaigns read it: the configured learner where there are trials enough, else the pooled estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pyspark.sql import DataFrame

from finrec_spark.arrays import Floats
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.offer_features import Words
from finrec_spark.models.uplift import dr, transformed_outcome, two_models
from finrec_spark.models.uplift.forests import EffectForest, collect_effect_forest
from finrec_spark.models.uplift.outcome_models import fit_outcomes
from finrec_spark.models.uplift.params import UpliftParams
from finrec_spark.models.uplift.pooled import PooledUplift, collect_sums, pooled_of, pooled_rows, stored_cells
from finrec_spark.models.uplift.trials import Sample, sample_of
from finrec_spark.transforms.profiles.vector import ProfileFeature

NAME = "uplift"
UPLIFT, POOLED = "uplift", "pooled"
"""Where an estimate is from: of this customer, or of everyone who had such an offer."""


@dataclass(frozen=True)
class FittedUplift:
    """The rows of one fitted model.

    Attributes:
        trees: ``model.trees`` without month and model.
        cells: ``model.uplift_cells`` without month.
        contacted: trials that it learned from.
        control: likewise.
    """

    trees: DataFrame
    cells: DataFrame
    contacted: int
    control: int


class Estimated(NamedTuple):
    """Uplift, and where it is from (``uplift`` or ``pooled``), B each."""

    uplift: Floats
    source: NDArray[np.object_]


@dataclass(frozen=True)
class UpliftScorer:
    """Predicts what an offer adds to the probability that a customer takes the product."""

    forest: EffectForest
    pooled: PooledUplift

    def score(self, profile: Floats, category: Words, channel: Words) -> Estimated:
        """What each offer adds.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
            category: of the product that is offered, B.
            channel: that it is offered over, B.
        """
        own = self.pooled.own(category, channel)
        uplift = self.pooled.score(profile, category, channel)
        uplift[own] = self.forest.score(profile[own], category[own], channel[own])
        return Estimated(uplift, np.where(own, UPLIFT, POOLED).astype(object))


def fit(trials: DataFrame, profile: Sequence[ProfileFeature], params: UpliftParams, scratch: str) -> FittedUplift:
    """The forest and the pooled estimates. Runs at once; reads the trials several times, so better kept in memory.

    Args:
        trials: see ``trials``.
        profile: the places of the profile vector.
        params: the model's parameters.
        scratch: folder or URI for MLlib's trees; overwritten, and read whenever the result is.

    Raises:
        ModelNotFound: there is too little randomised history.
    """
    sums = collect_sums(trials)
    require_trials(sums, params.least_taken)
    cells = list(zip(sums["category"], sums["channel"], strict=True))
    trees = fit_learner(sample_of(trials, profile, cells, params, scratch))
    stored = stored_cells(trials.sparkSession, pooled_rows(sums, params.least))
    return FittedUplift(trees, stored, int(sums["contacted"].sum()), int(sums["control"].sum()))


def fit_learner(sample: Sample) -> DataFrame:
    """The nodes of the learner that the parameters name; ``model.trees`` without month and model."""
    learner = sample.params.learner
    if learner == "transformed_outcome":
        return transformed_outcome.fit(sample)
    outcomes = fit_outcomes(sample)
    return dr.fit(sample, outcomes) if learner == "dr" else two_models.fit(outcomes)


def require_trials(sums: pd.DataFrame, least: int) -> None:
    """Nothing, where there is enough to learn from.

    Raises:
        ModelNotFound: fewer than ``least`` acquisitions in an arm.
    """
    taken = {arm: int(sums[f"{arm}_taken"].sum()) for arm in ("contacted", "control")}
    if min(taken.values()) < least:
        trials = {arm: int(sums[arm].sum()) for arm in taken}
        raise ModelNotFound(
            f"uplift: {taken['contacted']} of {trials['contacted']:,} randomised contacts and {taken['control']} of"
            f" {trials['control']:,} controls took the product; {least} of either are needed (uplift.least_taken):"
            " let campaigns explore and keep controls back until there are"
        )


def scorer(trees: DataFrame, cells: DataFrame, profile: Sequence[ProfileFeature]) -> UpliftScorer | None:
    """The scorer of one month's rows; None where there was too little randomised history to learn from.

    Args:
        trees: the rows of ``model.trees`` of this model.
        cells: those of ``model.uplift_cells``.
        profile: the places of the profile vector that will be scored; more than at the fit are no harm.

    Raises:
        ModelNotFound: the trees ask for a feature that the profile has not.
    """
    table = collect_cells(cells)
    return None if table.empty else UpliftScorer(collect_effect_forest(trees, profile), pooled_of(table))


def collect_cells(cells: DataFrame) -> pd.DataFrame:
    """The pooled estimates: as many rows as categories × channels."""
    table: pd.DataFrame = cells.select("category", "channel", "uplift", "own").toPandas()
    return table
