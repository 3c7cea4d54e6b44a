"""Kernel: what is taken with contact, and what without: two forests, each of two halves of the customers.

Each half's trees score the other half's customers where a learner needs predictions that did not see the outcome.
"""

from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.models.trees.fitting import fit_trees
from finrec_spark.models.trees.kernel import Trees, collect_trees, leaves
from finrec_spark.models.uplift.trials import Sample

HALVES = (0, 1)


@dataclass(frozen=True)
class FittedOutcomes:
    """The rows of both forests; half 0 has the first half of the trees.

    Attributes:
        contacted: of the contacted; ``model.trees`` without month and model.
        control: of those who were not.
        trees: of each forest.
    """

    contacted: DataFrame
    control: DataFrame
    trees: int


@dataclass(frozen=True)
class OutcomeModels:
    """Both forests over the sample's features."""

    contacted: Trees
    control: Trees


def fit_outcomes(sample: Sample) -> FittedOutcomes:
    """Both forests, four times as many fits as one. Runs at once."""
    contacted, control = (_fit_arm(sample, arm) for arm in (True, False))
    return FittedOutcomes(contacted, control, trees=len(HALVES) * sample.params.outcomes.trees)


def collect_outcome_models(fitted: FittedOutcomes, sample: Sample) -> OutcomeModels:
    """Both forests as arrays: as many nodes as they have."""
    return OutcomeModels(*(collect_trees(nodes, sample.names) for nodes in (fitted.contacted, fitted.control)))


def unseen(trees: Trees, features: Floats, half: Ints) -> Floats:
    """Probability of taking, R, by the trees that learned from the other half of the customers.

    Args:
        trees: of one arm, half 0's first.
        features: R × F.
        half: 0 or 1, R.
    """
    shares = trees.probability[leaves(trees, features)]
    first, second = (part.mean(axis=1) for part in np.split(shares, 2, axis=1))
    return np.where(half == 0, second, first)


def pseudo_effects(
    contacted: Bools, taken: Floats, propensity: Floats, if_contacted: Floats, if_control: Floats
) -> Floats:
    """An estimate of each trial's effect, R, whose mean over like trials is the uplift (Kennedy 2020, doubly robust).

        μ₁ − μ₀ + w (y − μ₁) ÷ e − (1 − w) (y − μ₀) ÷ (1 − e)

    Args:
        contacted: w.
        taken: y.
        propensity: e.
        if_contacted: μ₁, by a model that did not see the trial.
        if_control: μ₀, likewise.

    >>> pseudo_effects(np.array([True]), np.array([1.0]), np.array([0.5]), np.array([0.25]), np.array([0.125]))
    array([1.625])
    """
    made = contacted * (taken - if_contacted) / propensity
    not_made = ~contacted * (taken - if_control) / (1 - propensity)
    return np.asarray(if_contacted - if_control + made - not_made)


def _fit_arm(sample: Sample, contacted: bool) -> DataFrame:
    arm = sample.rows.where(F.col("contacted") == contacted).withColumn("label", F.col("taken"))
    first, second = (_fit_half(sample, arm, half, f"outcomes_{contacted}_{half}") for half in HALVES)
    return first.unionByName(second)


def _fit_half(sample: Sample, arm: DataFrame, half: int, name: str) -> DataFrame:
    params = sample.params.outcomes
    rows = arm.where(F.col("half") == half)
    nodes = fit_trees(rows, sample.names, params, single=False, scratch=f"{sample.scratch}/{name}")
    return nodes.withColumn("tree", F.col("tree") + F.lit(half * params.trees))
