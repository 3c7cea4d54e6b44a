"""Trees with a calibration curve neither of which has seen a held-out month: what its promises are measured with.

The trees that decide the month after the held-out one will not do: their curve was fitted on the held-out month itself,
and the months before are those that they learned from, on which their scores promise too much. So:

1. Where the lake has the trees that decided the held-out month, it is those, as they were published: trees and curve
   are of earlier months alone.
2. Else trees of the same recipe, fitted here to one half of the customers in the newest month with outcomes before the
   held-out one, with a curve fitted on the other half. They learned from fewer pairs than published ones do.
3. Else, as where the lake has no such month or hardly anything was taken in it, there are none, and nothing is claimed.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.evaluation.held_out import ENSEMBLE, collect_outcomes
from finrec_spark.models.calibration import Curve, collect_curve, fit_calibration
from finrec_spark.models.trees.voting import Vote
from finrec_spark.pipeline.step import StepRun
from finrec_spark.ranking.pair_rows import pair_rows, scored_pairs
from finrec_spark.sampling import bucket
from finrec_spark.steps.deciding_trees import as_trees, fit_nodes, has_vote, read_vote, voters_of
from finrec_spark.steps.earlier_months import newest_label_month
from finrec_spark.steps.scoring_inputs import MonthTables, pair_sample, read_month_tables, rows_with_taken
from finrec_spark.tables import CALIBRATION
from finrec_spark.transforms.labels import LEAST_TAKEN


@dataclass(frozen=True)
class EarlierTrees:
    """What promises probabilities.

    Attributes:
        vote: of the trees.
        curve: from its score to a probability.
        base_rate: share of the candidate pairs that were taken in the month that the curve was fitted on.
    """

    vote: Vote
    curve: Curve
    base_rate: float


def earlier_trees(run: StepRun, tables: MonthTables) -> EarlierTrees | None:
    """The trees and curve to measure on the month of ``tables``; None where there are none that have not seen it."""
    calibrates = _newest_outcomes_before(run, tables)
    if calibrates is None:
        return None
    return _published(run, tables, calibrates) or _of_halves(run, calibrates)


def _newest_outcomes_before(run: StepRun, tables: MonthTables) -> MonthTables | None:
    """The newest month with outcomes before the held-out one; None where the lake lacks it or its models."""
    month = newest_label_month(run.context, tables.month)
    try:
        return read_month_tables(run, month) if month else None
    except InputMissing:
        return None


def _published(run: StepRun, tables: MonthTables, calibrates: MonthTables) -> EarlierTrees | None:
    """The trees that decided the held-out month; None where there are none over today's features."""
    try:
        decided = has_vote(run.context.lake, tables.month)
        vote = read_vote(run, tables.features.names, tables.month) if decided else None
        if vote is None:
            return None
        curve = collect_curve(run.read(CALIBRATION, tables.month, ENSEMBLE))
    except InputMissing:
        return None
    pairs = scored_pairs(rows_with_taken(run, calibrates), pair_sample(run, calibrates), vote)
    return EarlierTrees(vote, curve, collect_outcomes(pairs)[1])


def _of_halves(run: StepRun, month: MonthTables) -> EarlierTrees | None:
    """Trees of one half of the month's customers, calibrated on the other; None where hardly anything was taken."""
    rows, sample = rows_with_taken(run, month), pair_sample(run, month)
    half = bucket(2, F.lit("half"), "customer_id")
    vote = _fitted(run, month, pair_rows(rows.where(half == 0), sample))
    if vote is None:
        return None
    scored = scored_pairs(rows.where(half == 1), sample, vote).persist()
    taken, base_rate = collect_outcomes(scored)
    enough = taken >= LEAST_TAKEN
    curve = collect_curve(fit_calibration(scored, run.config.ensemble.calibration)) if enough else None
    scored.unpersist()
    return None if curve is None else EarlierTrees(vote, curve, base_rate)


def _fitted(run: StepRun, month: MonthTables, pairs: DataFrame) -> Vote | None:
    """Trees of the pairs, or None where hardly one of them was taken."""
    pairs = pairs.persist()
    enough = collect_outcomes(pairs)[0] >= LEAST_TAKEN
    names, models = month.features.names, voters_of(run.config.ensemble) if enough else ()
    voters = tuple(as_trees(fit_nodes(run, pairs, names, model), names, model) for model in models)
    pairs.unpersist()
    return Vote(voters) if voters else None
