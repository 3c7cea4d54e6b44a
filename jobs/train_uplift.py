"""Train uplift on the bank's own finished campaigns, and the amounts that products are taken with."""

from pyspark.sql import DataFrame

from finrec_spark.campaigns.expected_amounts import expected_amounts
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.uplift import deployed as uplift
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.randomised_history import RandomisedHistory, randomised_reads, read_randomised_history
from finrec_spark.tables import EXPECTED_AMOUNTS, INTERACTIONS, PRODUCTS, REGISTRY, TREES, UPLIFT_CELLS


def train_uplift(run: StepRun) -> int:
    """One forest of effects with pooled estimates beside it, both empty without history enough; amounts always."""
    config = run.config
    history = read_randomised_history(run)
    amounts = expected_amounts(run.read(INTERACTIONS), run.read(PRODUCTS), run.month, config.measure, config.amounts)

    trees, cells = _fitted(run, history)

    run.register_model(uplift.NAME, config.uplift)
    written = run.write(EXPECTED_AMOUNTS, amounts) + run.write(TREES, trees, model=uplift.NAME)
    written += run.write(UPLIFT_CELLS, cells)
    if history.trials is not None:
        history.trials.unpersist()
    return written


def _fitted(run: StepRun, history: RandomisedHistory) -> tuple[DataFrame, DataFrame]:
    """Rows of trees and cells; none where there is no history to learn from, and then the log says why."""
    try:
        if history.trials is None:
            raise ModelNotFound("uplift: the lake has neither a campaign whose window is over nor contacts")
        fitted = uplift.fit(history.trials.persist(), history.profile, run.config.uplift, f"{run.scratch}/trees")
    except ModelNotFound as reason:
        run.log(f"train_uplift: {reason}; campaigns go by response × amount, and every row says so")
        trees, cells = (run.spark.createDataFrame([], ddl) for ddl in _EMPTY)
        return trees, cells
    run.log(f"train_uplift: {fitted.contacted:,} randomised contacts, {fitted.control:,} controls")
    return fitted.trees, fitted.cells


_EMPTY = (TREES.ddl_without("month", "model"), UPLIFT_CELLS.ddl_without("month"))

STEP = Step(
    name="train_uplift",
    run=train_uplift,
    reads=randomised_reads,
    writes=(Writes(TREES, uplift.NAME), Writes(UPLIFT_CELLS), Writes(EXPECTED_AMOUNTS), Writes(REGISTRY, uplift.NAME)),
    params=lambda config: {"uplift": config.uplift, "amounts": config.amounts, "measure": config.measure},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
