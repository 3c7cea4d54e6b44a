"""The trees on top of the models: which there are, how each is fitted, and which of them rank in a month."""

from collections.abc import Iterator
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.models.trees.boosting import fit_boosted
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.fitting import TreesParams, fit_trees
from finrec_spark.models.trees.kernel import Trees, collect_trees
from finrec_spark.months import months_before
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.ranking.ensemble import EnsembleParams
from finrec_spark.tables import CALIBRATION, TREES
from finrec_spark.warehouse import Lake

RANDOM_FOREST = "random_forest"
BOOSTED_TREES = "boosted_trees"
DECISION_TREE = "decision_tree"

DECIDING = (RANDOM_FOREST, BOOSTED_TREES)
"""Those that can rank; a month's calibration curve is of the one that does."""

ALL_TREES = (DECISION_TREE, *DECIDING)


def deciding_reads(month: date | None = None, optional: bool = False) -> tuple[Read, ...]:
    """What ``deciding_model`` and its trees are read from; ``month`` None: that of the step run."""
    return tuple(Read(table, month, model, optional) for model in DECIDING for table in (TREES, CALIBRATION))


def fitted_models(params: EnsembleParams) -> tuple[str, ...]:
    """Which of ``DECIDING`` are fitted: the one that is asked for, or all, so that the past can choose."""
    return DECIDING if params.learner == "best" else (params.learner,)


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


def deciding_model(lake: Lake, month: date) -> str | None:
    """Which of ``DECIDING`` ranks in ``month``; None where it has no trees."""
    if not lake.exists(CALIBRATION):
        return None
    return next((model for model in DECIDING if lake.count(CALIBRATION, month=month, model=model)), None)


def evaluated_model(lake: Lake, held_out: date, params: EnsembleParams) -> str:
    """Which of ``DECIDING`` stands for the ensemble where a month is held out.

    The choice of the month after was made with its outcome in sight. So it is the one that was chosen for the held-out
    month itself, or the forest where that month was not decided.
    """
    chosen = deciding_model(lake, held_out) if params.learner == "best" else params.learner
    return chosen or RANDOM_FOREST


def trees_remark(lake: Lake, month: date, params: EnsembleParams) -> Iterator[str]:
    """Which trees rank the month, where others stand for the ensemble among the figures of the month before."""
    ranks, measured = deciding_model(lake, month), evaluated_model(lake, months_before(month, 1), params)
    if ranks is not None and ranks != measured:
        yield (
            f"{month:%B %Y} is ranked by {ranks}, which ranked the newest finished month better; among the figures the"
            f" ensemble is {measured}, since a month that is held out does not choose."
        )


def read_trees(run: StepRun, names: tuple[str, ...], model: str, month: date) -> Trees | None:
    """The month's trees by one of ``ALL_TREES`` over the features ``names``; None where it has none."""
    nodes = run.read_if_there(TREES, month, model)
    there = nodes is not None and run.context.lake.count(TREES, month=month, model=model)
    return as_trees(nodes, names, model) if nodes is not None and there else None
