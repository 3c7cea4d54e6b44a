"""The learners of the uplift protocol, as they are deployed, on one fold: fitted once, scored in one pass."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Floats
from finrec_spark.evaluation.policy_value import PolicyCells
from finrec_spark.evaluation.uplift_curves import RankedTrials
from finrec_spark.models.offer_features import Words
from finrec_spark.models.uplift import dr, transformed_outcome, two_models
from finrec_spark.models.uplift.deployed import RELATIVE, RelativeUplift, require_trials
from finrec_spark.models.uplift.forests import EffectForest, collect_effect_forest
from finrec_spark.models.uplift.outcome_models import fit_outcomes
from finrec_spark.models.uplift.params import UpliftParams
from finrec_spark.models.uplift.pooled import PooledUplift, collect_sums, pooled_of, pooled_rows
from finrec_spark.models.uplift.trials import sample_of
from finrec_spark.transforms.profiles.token_counts import profile_matrix
from finrec_spark.transforms.profiles.vector import ProfileFeature

POOLED, RESPONSE = "pooled", "response"
_DECIMALS = 6
"""Of a score: as many groups as 2 · 10⁶ are collected of a fold and model, at most."""

_OFFER = ("category", "channel")
_KEPT = ("decision", *_OFFER, "contacted", "contact_probability", "control_probability", "taken", "amount")
_SUMS = ("w", "wy", "ww", "wwy", "wwyy")

Score = Callable[[Floats, Words, Words], Floats]
"""From B × F profiles, categories and channels, B each, to what is ranked by, B."""


@dataclass(frozen=True)
class Setting:
    """What every learner is fitted with.

    Attributes:
        profile: the places of the trials' profile vectors.
        uplift: the model's parameters.
        scratch: folder or URI for MLlib's trees.
    """

    profile: tuple[ProfileFeature, ...]
    uplift: UpliftParams
    scratch: str


@dataclass(frozen=True)
class Measured:
    """One fold's trials and customers by model."""

    ranked: Mapping[str, RankedTrials]
    cells: Mapping[str, PolicyCells]


def collect_measured_fold(train: DataFrame, test: DataFrame, setting: Setting) -> Measured:
    """What the learners of ``train`` make of ``test``: scores with what came of them, a few sums a distinct score.

    Raises:
        ModelNotFound: the fold has too few acquisitions to learn from.
    """
    kept = train.persist()
    scores = fit_scores(kept, setting)
    kept.unpersist()
    scored = scored_trials(test, scores).persist()
    found = Measured(collect_ranked(scored, tuple(scores)), collect_cells(scored, tuple(scores)))
    scored.unpersist()
    return found


def fit_scores(train: DataFrame, setting: Setting) -> dict[str, Score]:
    """The learners by name, and what they are held against."""
    params, profile = setting.uplift, setting.profile
    sums = collect_sums(train)
    require_trials(sums, params.least_taken)
    cells = list(zip(sums["category"], sums["channel"], strict=True))
    sample = sample_of(train, profile, cells, params, setting.scratch)
    outcomes = fit_outcomes(sample)
    forests = {
        "two_models": two_models.fit(outcomes),
        "transformed_outcome": transformed_outcome.fit(sample),
        "dr": dr.fit(sample, outcomes),
        RESPONSE: outcomes.contacted,
    }
    scores: dict[str, Score] = {name: collect_effect_forest(nodes, profile).score for name, nodes in forests.items()}
    pooled = pooled_of(pooled_rows(sums, params.least, params.least_taken))
    anyway = collect_effect_forest(outcomes.control, profile)
    return {RELATIVE: relative_to(anyway, pooled), **scores, POOLED: pooled.score}


def relative_to(anyway: EffectForest, pooled: PooledUplift) -> Score:
    """The learner ``relative`` over what a forest of controls expects, as trials have no lists.

    Args:
        anyway: holds probabilities, which an effect forest takes for (1 + effect) ÷ 2.
    """

    def score(profile: Floats, category: Words, channel: Words) -> Floats:
        listed = (1 + anyway.score(profile, category, channel)) / 2
        return RelativeUplift(pooled).score(profile, category, channel, listed).uplift

    return score


def scored_trials(trials: DataFrame, scores: Mapping[str, Score]) -> DataFrame:
    """One row: one trial with each model's score, in a column of the model's name; rounded, so that groups are few."""
    read = trials.select("profile", *_KEPT)
    kept = (f"{name} {read.schema[name].dataType.simpleString()}" for name in _KEPT)
    ddl = ", ".join([*kept, *(f"{model} double" for model in scores)])

    def score(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            words = (batch.column(name).to_numpy(zero_copy_only=False) for name in _OFFER)
            given = (profile_matrix(batch.column("profile")), *words)
            found = [pa.array(np.round(of(*given), _DECIMALS) + 0.0) for of in scores.values()]
            yield pa.RecordBatch.from_arrays([*map(batch.column, _KEPT), *found], names=[*_KEPT, *scores])

    return read.mapInArrow(score, ddl)


def collect_ranked(scored: DataFrame, models: tuple[str, ...]) -> dict[str, RankedTrials]:
    """The trials by model and score: as many rows as distinct scores."""
    by_model = F.explode(F.array(*[F.struct(F.lit(m).alias("model"), F.col(m).alias("score")) for m in models]))
    trials = scored.where(F.col("contacted").isNotNull()).select(by_model.alias("of"), "contacted", "taken")
    counts = trials.groupBy("of.model", "of.score").agg(
        F.count_if("contacted").alias("contacted"),
        F.sum(F.when(F.col("contacted"), F.col("taken")).otherwise(0.0)).alias("contacted_taken"),
        F.count_if(~F.col("contacted")).alias("control"),
        F.sum(F.when(F.col("contacted"), 0.0).otherwise(F.col("taken"))).alias("control_taken"),
    )
    table = pd.DataFrame(counts.toPandas()).sort_values("score", ascending=False)
    names = ("contacted", "contacted_taken", "control", "control_taken")
    return {m: RankedTrials(*(of[n].to_numpy(np.float64) for n in names)) for m, of in table.groupby("model")}


def collect_cells(scored: DataFrame, models: tuple[str, ...]) -> dict[str, PolicyCells]:
    """The customers by model, by the score of their best offer and by what chance did: four rows a score at most."""
    table = pd.DataFrame(policy_cells(best_offers(scored, models), models).toPandas())
    ordered = table.sort_values(["model", "score", "followed", "standard", "control"])
    return {model: _cells_of(rows) for model, rows in ordered.groupby("model")}


def _cells_of(rows: pd.DataFrame) -> PolicyCells:
    return PolicyCells(
        score=rows["score"].to_numpy(np.float64),
        customers=rows["customers"].to_numpy(np.float64),
        followed=rows["followed"].to_numpy(np.bool_),
        standard=rows["standard"].to_numpy(np.bool_),
        control=rows["control"].to_numpy(np.bool_),
        sums=rows[list(_SUMS)].to_numpy(np.float64),
    )


def best_offers(scored: DataFrame, models: tuple[str, ...]) -> DataFrame:
    """One row: one customer at one time with the best offer of each model, ties by category, then channel.

    Returns:
        A struct a model: ``score``, and ``contacted`` (as of that offer: null where chance made another one);
        ``weight`` (1 ÷ the probability of what chance did) and ``amount``.
    """
    best = [
        F.min_by(F.struct(F.col(model).alias("score"), "contacted"), F.struct(-F.col(model), *_OFFER)).alias(model)
        for model in models
    ]
    weight = F.when(F.col("contacted"), 1 / F.col("contact_probability")).when(
        ~F.col("contacted"), 1 / F.col("control_probability")
    )
    return scored.groupBy("decision").agg(*best, F.max(weight).alias("weight"), F.max("amount").alias("amount"))


def policy_cells(customers: DataFrame, models: tuple[str, ...]) -> DataFrame:
    """One row: the customers of one model and score with whom chance did the same; see ``PolicyCells``."""
    standard = F.coalesce(F.col(f"{POOLED}.contacted"), F.lit(False))
    of_models = [F.struct(F.lit(m).alias("model"), F.col(f"{m}.score"), F.col(f"{m}.contacted")) for m in models]
    w, y = F.col("weight"), F.col("amount")
    sums: dict[str, Column] = dict(zip(_SUMS, (w, w * y, w * w, w * w * y, w * w * y * y), strict=True))
    rows = customers.select(F.explode(F.array(*of_models)).alias("of"), standard.alias("standard"), "weight", "amount")
    return rows.groupBy(
        "of.model",
        "of.score",
        F.coalesce("of.contacted", F.lit(False)).alias("followed"),
        "standard",
        (~F.coalesce("of.contacted", F.lit(True))).alias("control"),
    ).agg(F.count("*").alias("customers"), *[F.sum(value).alias(name) for name, value in sums.items()])
