"""Uplift as campaigns read it: the configured learner where there are trials enough, else the pooled estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

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
from finrec_spark.models.uplift.params import Learner, UpliftParams
from finrec_spark.models.uplift.pooled import PooledUplift, collect_sums, pooled_of, pooled_rows, stored_cells
from finrec_spark.models.uplift.trials import Sample, sample_of
from finrec_spark.tables import TREES
from finrec_spark.transforms.profiles.vector import ProfileFeature

NAME = "uplift"
RELATIVE, UPLIFT, POOLED = "relative", "uplift", "pooled"
"""Where an estimate is from: of this customer and product, of this customer, or of everyone who had such an offer."""


@dataclass(frozen=True)
class FittedUplift:
    """The rows of one fitted model.

    Attributes:
        trees: ``model.trees`` without month and model; none of the learner ``relative``.
        cells: ``model.uplift_cells`` without month.
        contacted: trials that it learned from.
        control: likewise.
    """

    trees: DataFrame
    cells: DataFrame
    contacted: int
    control: int


class Estimated(NamedTuple):
    """Uplift, and where it is from (``relative``, ``uplift`` or ``pooled``), B each."""

    uplift: Floats
    source: NDArray[np.object_]


class UpliftScorer(Protocol):
    """Predicts what an offer adds to the probability that a customer takes the product."""

    def score(self, profile: Floats, category: Words, channel: Words, listed: Floats) -> Estimated:
        """What each offer adds.

        Args:
            profile: B × F profile vectors, NaN where a value is missing.
            category: of the product that is offered, B.
            channel: that it is offered over, B.
            listed: probability that the customer takes the product in the month anyway, as the lists have it, B.
        """
        ...


@dataclass(frozen=True)
class RelativeUplift:
    """The list's own probability of this customer and product, times what contacts add to it as a share of it."""

    pooled: PooledUplift

    def score(self, profile: Floats, category: Words, channel: Words, listed: Floats) -> Estimated:
        """As ``UpliftScorer.score``; a probability stays one, whatever the lift."""
        added = np.minimum(listed * self.pooled.lift(category, channel), 1.0) - listed
        return Estimated(added, np.full(len(listed), RELATIVE, dtype=object))


@dataclass(frozen=True)
class ForestUplift:
    """A forest of effects on customers, and the pooled estimate where trials were few; products are not told apart."""

    forest: EffectForest
    pooled: PooledUplift

    def score(self, profile: Floats, category: Words, channel: Words, listed: Floats) -> Estimated:
        """As ``UpliftScorer.score``."""
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
    spark = trials.sparkSession
    if params.learner == RELATIVE:
        trees = spark.createDataFrame([], TREES.ddl_without("month", "model"))
    else:
        trees = fit_learner(sample_of(trials, profile, cells, params, scratch))
    stored = stored_cells(spark, pooled_rows(sums, params.least, params.least_taken))
    return FittedUplift(trees, stored, int(sums["contacted"].sum()), int(sums["control"].sum()))


def fit_learner(sample: Sample) -> DataFrame:
    """The nodes of the forest that the parameters name; ``model.trees`` without month and model."""
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


def scorer(
    trees: DataFrame, cells: DataFrame, profile: Sequence[ProfileFeature], learner: Learner
) -> UpliftScorer | None:
    """The scorer of one month's rows; None where there was too little randomised history to learn from.

    Args:
        trees: the rows of ``model.trees`` of this model.
        cells: those of ``model.uplift_cells``.
        profile: the places of the profile vector that will be scored; more than at the fit are no harm.
        learner: that the rows were fitted by.

    Raises:
        ModelNotFound: the trees ask for a feature that the profile has not.
    """
    table = collect_cells(cells)
    if table.empty:
        return None
    pooled = pooled_of(table)
    return (
        RelativeUplift(pooled) if learner == RELATIVE else ForestUplift(collect_effect_forest(trees, profile), pooled)
    )


def collect_cells(cells: DataFrame) -> pd.DataFrame:
    """The pooled estimates: as many rows as categories × channels."""
    table: pd.DataFrame = cells.select("category", "channel", "uplift", "lift", "own").toPandas()
    return table
