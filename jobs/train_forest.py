"""Train the trees over all models: on candidates of earlier months and what came of them, then calibrate."""

from collections.abc import Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.evaluation.held_out import ENSEMBLE
from finrec_spark.models.calibration import fit_calibration
from finrec_spark.models.trees.leaks import require_no_leak
from finrec_spark.models.trees.voting import Vote
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.ranking.pair_rows import pair_rows, scored_pairs
from finrec_spark.steps.deciding_trees import (
    ALL_TREES,
    DECISION_TREE,
    VOTERS,
    as_trees,
    fit_nodes,
    params_of,
    voters_of,
)
from finrec_spark.steps.earlier_months import label_months
from finrec_spark.steps.scoring_inputs import (
    MonthTables,
    month_reads,
    pair_sample,
    read_month_tables,
    rows_with_taken,
    scoring_code,
)
from finrec_spark.tables import CALIBRATION, INTERACTIONS, REGISTRY, TREES, Table
from finrec_spark.transforms.labels import LEAST_TAKEN


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """The months that teach, and what came of them."""
    taught = [read for label_month in label_months(context, month) for read in month_reads(context.config, label_month)]
    return (Read(INTERACTIONS), *taught)


def run(step_run: StepRun) -> int:
    """Each month's candidates with the scores that the models gave before it; its outcome is the label."""
    months = label_months(step_run.context, step_run.month)
    if not months:
        return _without_trees(step_run)
    *learned, calibrates = (read_month_tables(step_run, label_month) for label_month in months)
    names, params = calibrates.features.names, step_run.config.ensemble
    pairs = reduce(
        DataFrame.unionByName, (pair_rows(rows_with_taken(step_run, t), pair_sample(step_run, t)) for t in learned)
    )
    pairs = pairs.persist()
    taken = pairs.where("label = 1").count()
    step_run.log(f"train_forest: {pairs.count():,} pairs, {taken:,} of them taken")
    if taken < LEAST_TAKEN:
        pairs.unpersist()
        return _without_trees(step_run)

    fitted, rows, voters = {}, 0, voters_of(params)
    for model in (DECISION_TREE, *voters):
        nodes = fit_nodes(step_run, pairs, names, model)
        fitted[model] = as_trees(nodes, names, model)
        if model == DECISION_TREE:
            require_no_leak(fitted[model], names)
        step_run.register_model(model, params_of(model, params))
        rows += step_run.write(TREES, nodes, model=model)
    pairs.unpersist()
    for model in set(VOTERS) - set(voters):
        _write_nothing(step_run, TREES, model)
    return rows + _calibrated(step_run, calibrates, Vote(tuple(fitted[model] for model in voters)))


def _calibrated(step_run: StepRun, month: MonthTables, vote: Vote) -> int:
    """Fit the curve from the vote to a probability on ``month``, from which its trees have not learned."""
    scored = scored_pairs(rows_with_taken(step_run, month), pair_sample(step_run, month), vote)
    return step_run.write(CALIBRATION, fit_calibration(scored, step_run.config.ensemble.calibration), model=ENSEMBLE)


def _without_trees(step_run: StepRun) -> int:
    """Leave no trees for the month: what so few outcomes teach would rank worse than the models' mean."""
    step_run.log(
        f"train_forest: too little was acquired in the months before {step_run.month:%Y-%m}; the models' mean decides"
    )
    for model in ALL_TREES:
        _write_nothing(step_run, TREES, model)
    _write_nothing(step_run, CALIBRATION, ENSEMBLE)
    return 0


def _write_nothing(step_run: StepRun, table: Table, model: str) -> None:
    step_run.write(table, step_run.spark.createDataFrame([], table.ddl_without("month", "model")), model=model)


STEP = Step(
    name="train_forest",
    run=run,
    reads=reads,
    writes=(
        *(Writes(table, model) for table in (TREES, REGISTRY) for model in ALL_TREES),
        Writes(CALIBRATION, ENSEMBLE),
    ),
    params=lambda config: {
        "ensemble": config.ensemble,
        "models": config.models,
        "parameters": {spec.name: config.of(spec) for spec in config.specs},
        "risk_level_where_unknown": config.recommend.risk_level_where_unknown,
        "opening_types": list(config.matrix.opening_types),
    },
    code=scoring_code,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
