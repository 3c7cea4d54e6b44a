"""Train the trees over all models: on candidates of earlier months and what came of them, then calibrate."""

from collections.abc import Sequence
from datetime import date
from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.models.calibration import fit_calibration
from finrec_spark.models.trees.fitting import fit_trees
from finrec_spark.models.trees.kernel import collect_trees
from finrec_spark.models.trees.leaks import require_no_leak
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.ranking.pair_rows import pair_rows, scored_pairs
from finrec_spark.steps.earlier_months import label_months
from finrec_spark.steps.scoring_inputs import (
    DECISION_TREE,
    RANDOM_FOREST,
    month_reads,
    pair_sample,
    read_month_tables,
    rows_with_taken,
    scoring_code,
)
from finrec_spark.tables import CALIBRATION, INTERACTIONS, REGISTRY, TREES
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

    forest = fit_trees(pairs, names, params.forest, single=False, scratch=f"{step_run.scratch}/{RANDOM_FOREST}")
    step_run.register_model(RANDOM_FOREST, params.forest)
    rows = step_run.write(TREES, forest, model=RANDOM_FOREST)

    tree = fit_trees(pairs, names, params.tree, single=True, scratch=f"{step_run.scratch}/{DECISION_TREE}")
    require_no_leak(collect_trees(tree, names), names)
    step_run.register_model(DECISION_TREE, params.tree)
    rows += step_run.write(TREES, tree, model=DECISION_TREE)
    pairs.unpersist()

    trees = collect_trees(forest, names)
    scored = scored_pairs(rows_with_taken(step_run, calibrates), pair_sample(step_run, calibrates), trees)
    return rows + step_run.write(CALIBRATION, fit_calibration(scored, params.calibration), model=RANDOM_FOREST)


def _without_trees(step_run: StepRun) -> int:
    """Leave no trees for the month: what so few outcomes teach would rank worse than the models' mean."""
    step_run.log(
        f"train_forest: too little was acquired in the months before {step_run.month:%Y-%m}; the models' mean decides"
    )
    for table, model in ((TREES, RANDOM_FOREST), (TREES, DECISION_TREE), (CALIBRATION, RANDOM_FOREST)):
        nothing = step_run.spark.createDataFrame([], table.ddl_without("month", "model"))
        step_run.write(table, nothing, model=model)
    return 0


STEP = Step(
    name="train_forest",
    run=run,
    reads=reads,
    writes=(
        *(Writes(table, model) for table in (TREES, REGISTRY) for model in (RANDOM_FOREST, DECISION_TREE)),
        Writes(CALIBRATION, RANDOM_FOREST),
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
