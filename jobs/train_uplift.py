"""Train uplift on the bank's own finished campaigns, and the amounts that products are taken with, and by whom."""

from pyspark.sql import DataFrame

from finrec_spark.campaigns import spending
from finrec_spark.campaigns.expected_amounts import expected_amounts
from finrec_spark.errors import ModelNotFound
from finrec_spark.models.uplift import deployed as uplift
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.contact_history import read_profiles
from finrec_spark.steps.objections import without_objectors_of
from finrec_spark.steps.randomised_history import RandomisedHistory, randomised_reads, read_randomised_history
from finrec_spark.tables import EXPECTED_AMOUNTS, INTERACTIONS, PRODUCTS, REGISTRY, TREES, UPLIFT_CELLS


def train_uplift(run: StepRun) -> int:
    """Effects with pooled estimates, both empty without history enough; amounts always, and who spends more."""
    config = run.config
    history = read_randomised_history(run)
    amounts = expected_amounts(run.read(INTERACTIONS), run.read(PRODUCTS), run.month, config.measure, config.amounts)

    trees, cells = _fitted(run, history)

    run.register_model(uplift.NAME, config.uplift)
    written = run.write(EXPECTED_AMOUNTS, amounts) + run.write(TREES, trees, model=uplift.NAME)
    written += run.write(UPLIFT_CELLS, cells)
    written += run.write(TREES, _spending(run, history), model=spending.NAME)
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


def _spending(run: StepRun, history: RandomisedHistory) -> DataFrame:
    """Trees of who spends more, from the purchases of the months that have profiles."""
    config, names = run.config, [feature.name for feature in history.profile]
    bought = without_objectors_of(run, run.read(INTERACTIONS))
    usual, profiles = run.read(EXPECTED_AMOUNTS), read_profiles(run, history.profile)
    rows = spending.spending_rows(bought, usual, profiles, run.month, config.measure, config.amounts.days).persist()
    trees = spending.fit_spending(rows, names, config.amounts, f"{run.scratch}/{spending.NAME}")
    rows.unpersist()
    return trees


_EMPTY = (TREES.ddl_without("month", "model"), UPLIFT_CELLS.ddl_without("month"))

STEP = Step(
    name="train_uplift",
    run=train_uplift,
    reads=randomised_reads,
    writes=(
        *(Writes(TREES, name) for name in (uplift.NAME, spending.NAME)),
        *map(Writes, (UPLIFT_CELLS, EXPECTED_AMOUNTS)),
        Writes(REGISTRY, uplift.NAME),
    ),
    params=lambda config: {"uplift": config.uplift, "amounts": config.amounts, "measure": config.measure},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
