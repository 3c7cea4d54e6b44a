"""The trees on top of the models: which there are, how each is fitted, and which of them vote on a month's lists."""

from datetime import date

import pandas as pd
from pyspark.sql import DataFrame

from finrec_spark.evaluation.held_out import ENSEMBLE
from finrec_spark.models.trees.boosting import fit_boosted
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.fitting import TreesParams, fit_trees
from finrec_spark.models.trees.kernel import Trees, arrange_trees, collect_trees
from finrec_spark.models.trees.voting import Vote
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.ranking.ensemble import EnsembleParams
from finrec_spark.tables import CALIBRATION, TREES
from finrec_spark.warehouse import Lake

RANDOM_FOREST = "random_forest"
BOOSTED_TREES = "boosted_trees"
DECISION_TREE = "decision_tree"

VOTERS = (RANDOM_FOREST, BOOSTED_TREES)
"""Those whose vote can rank; the curve from it to a probability is the ensemble's, in ``model.calibration``."""

ALL_TREES = (DECISION_TREE, *VOTERS)


def vote_reads(month: date | None = None, optional: bool = False) -> tuple[Read, ...]:
    """What a month's vote and its curve are read from; ``month`` None: that of the step run."""
    trees = (Read(TREES, month, model, optional) for model in VOTERS)
    return (*trees, Read(CALIBRATION, month, ENSEMBLE, optional))


def voters_of(params: EnsembleParams) -> tuple[str, ...]:
    """Which of ``VOTERS`` are fitted, and vote."""
    return VOTERS if params.learner == "vote" else (params.learner,)


def params_of(model: str, params: EnsembleParams) -> TreesParams | BoostingParams:
    """What one of ``ALL_TREES`` is fitted with."""
    if model == BOOSTED_TREES:
        return params.boosting
    return params.tree if model == DECISION_TREE else params.forest


def fit_nodes(run: StepRun, pairs: DataFrame, names: tuple[str, ...], model: str) -> DataFrame:
    """Fit one of ``ALL_TREES`` to pairs as ``ranking.pair_rows.pair_rows`` makes them: rows of ``model.trees``."""
    params, scratch = params_of(model, run.config.ensemble), f"{run.scratch}/{model}"
    if isinstance(params, BoostingParams):
        return fit_boosted(pairs, names, params, scratch)
    return fit_trees(pairs, names, params, single=model == DECISION_TREE, scratch=scratch)


def as_trees(nodes: DataFrame, names: tuple[str, ...], model: str) -> Trees:
    """The nodes of one of ``ALL_TREES`` as arrays."""
    return collect_trees(nodes, names, additive=model == BOOSTED_TREES)


def has_vote(lake: Lake, month: date) -> bool:
    """Whether trees rank in ``month``: there is a curve for their vote."""
    return lake.exists(CALIBRATION) and lake.count(CALIBRATION, month=month, model=ENSEMBLE) > 0


def collect_vote(lake: Lake, month: date) -> tuple[tuple[str, ...], Vote | None]:
    """The names of what the trees that rank in ``month`` ask for, and their vote over it; None where none rank.

    Without trees there is none, though a curve may be there: as in ``read_vote``.
    """
    nodes = {model: lake.collect(TREES, month=month, model=model) for model in VOTERS} if has_vote(lake, month) else {}
    names = tuple(sorted({node["feature"] for rows in nodes.values() for node in rows if node["feature"] is not None}))
    tables = {
        model: pd.DataFrame.from_records(rows, columns=TREES.column_names) for model, rows in nodes.items() if rows
    }
    voters = tuple(
        arrange_trees(table.sort_values(["tree", "node"], ignore_index=True), names, additive=model == BOOSTED_TREES)
        for model, table in tables.items()
    )
    return names, Vote(voters) if voters else None


def read_trees(run: StepRun, names: tuple[str, ...], model: str, month: date) -> Trees | None:
    """The month's trees by one of ``ALL_TREES`` over the features ``names``; None where it has none."""
    nodes = run.read_if_there(TREES, month, model)
    there = nodes is not None and run.context.lake.count(TREES, month=month, model=model)
    return as_trees(nodes, names, model) if nodes is not None and there else None


def read_vote(run: StepRun, names: tuple[str, ...], month: date) -> Vote | None:
    """The month's trees that vote, whether a curve is there or not; None where it has none."""
    found = [read_trees(run, names, model, month) for model in VOTERS]
    voters = tuple(trees for trees in found if trees is not None)
    return Vote(voters) if voters else None
