"""Train the trees over all models: on candidates of earlier months and what came of them, then calibrate."""

from functools import reduce

from pyspark.sql import DataFrame

from finrec_spark.models.calibration import fit_calibration
from finrec_spark.models.trees.fitting import fit_trees
from finrec_spark.models.trees.kernel import collect_trees
from finrec_spark.models.trees.leaks import require_no_leak
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.ranking.pair_rows import pair_rows, scored_pairs
from finrec_spark.steps.scoring_inputs import (
    DECISION_TREE,
    RANDOM_FOREST,
    after_models,
    pair_sample,
    read_month_tables,
    rows_with_taken,
)
from finrec_spark.tables import CALIBRATION, INTERACTIONS, REGISTRY, TREES
from finrec_spark.transforms.labels import LABEL_MONTHS, LEAST_TAKEN, LONGEST_BACK, collect_label_months


def run(job: Job) -> int:
    """Each month's candidates with the scores that the models gave before it; its outcome is the label."""
    months = collect_label_months(job.read(INTERACTIONS), job.month, job.config.matrix.opening_types)
    if len(months) < LABEL_MONTHS:
        return _without_trees(job)
    *learned, calibrates = (read_month_tables(job, label_month) for label_month in months)
    names, params = calibrates.features.names, job.config.ensemble
    pairs = reduce(DataFrame.unionByName, (pair_rows(rows_with_taken(job, t), pair_sample(job, t)) for t in learned))
    pairs = pairs.persist()
    taken = pairs.where("label = 1").count()
    job.tell(f"train_forest: {pairs.count():,} pairs, {taken:,} of them taken")
    if taken < LEAST_TAKEN:
        pairs.unpersist()
        return _without_trees(job)

    forest = fit_trees(pairs, names, params.forest, single=False, scratch=f"{job.scratch}/{RANDOM_FOREST}")
    job.register_model(RANDOM_FOREST, params.forest)
    rows = job.write(TREES, forest, model=RANDOM_FOREST)

    tree = fit_trees(pairs, names, params.tree, single=True, scratch=f"{job.scratch}/{DECISION_TREE}")
    require_no_leak(collect_trees(tree, names), names)
    job.register_model(DECISION_TREE, params.tree)
    rows += job.write(TREES, tree, model=DECISION_TREE)
    pairs.unpersist()

    trees = collect_trees(forest, names)
    scored = scored_pairs(rows_with_taken(job, calibrates), pair_sample(job, calibrates), trees)
    return rows + job.write(CALIBRATION, fit_calibration(scored, params.calibration), model=RANDOM_FOREST)


def _without_trees(job: Job) -> int:
    """Leave no trees for the month: what so few outcomes teach would rank worse than the models' mean."""
    job.tell(
        f"train_forest: too few products were taken in the months before {job.month:%Y-%m}; the models' mean decides"
    )
    for table in (TREES, CALIBRATION):
        nothing = job.spark.createDataFrame([], table.ddl).drop("month", "model")
        job.write(table, nothing, model=RANDOM_FOREST)
    return 0


STEP = Step(
    name="train_forest",
    run=run,
    writes=(TREES, CALIBRATION, REGISTRY),
    after=(
        After("ingest", months_back=None),
        *(after for back in range(1, LONGEST_BACK + 1) for after in after_models(back, optional=True)),
    ),
    params=lambda config: [config.ensemble, config.models, config.parameters, config.recommend],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
