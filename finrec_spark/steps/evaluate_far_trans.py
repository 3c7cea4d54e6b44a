"""The FAR-Trans protocol: at each of many dates every model as of the date, against what was newly bought after it.

Each date is a step run of its own in the ledger, so a backtest that was interrupted goes on with the dates that are
left, in any order; what the dates share is made once a job.
"""

from collections.abc import Sequence
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.backtest.dates import as_date, as_day, spread_evenly
from finrec_spark.evaluation.backtest.ensemble import fitted_horizons
from finrec_spark.evaluation.backtest.leaks import require_no_leak
from finrec_spark.evaluation.backtest.pairs import FEATURE_NAMES
from finrec_spark.evaluation.backtest.scoring import MODELS, backtest_lists
from finrec_spark.evaluation.backtest.summary import IN_TRAIN, NEW, PROTOCOL, SUMMARY
from finrec_spark.evaluation.figures import MetricRow
from finrec_spark.evaluation.list_contents import coverage_metrics
from finrec_spark.evaluation.metrics import mean_metrics, per_customer_metrics
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.backtest_inputs import (
    BacktestInputs,
    SharedInputs,
    collect_origins,
    explain_dates,
    read_backtest_inputs,
    run_dates,
)
from finrec_spark.steps.figures_over_dates import OverDatesOf, collect_over_dates
from finrec_spark.tables import METRICS

STEP_NAME = "evaluate_far_trans"

TEST_DAYS = 165
_OVER_DATES = OverDatesOf({STEP_NAME: PROTOCOL}, SUMMARY, TEST_DAYS)


def run_backtest(context: RunContext, origins: Sequence[date]) -> list[MetricRow]:
    """Measure the dates that are not up to date, say what is left, and sum all of them up.

    Args:
        context: the job's; its input is the data set with its backtest files.
        origins: the dates to measure.

    Returns:
        The figures over the dates.
    """
    shared = SharedInputs(context, read_backtest_inputs)
    run_dates(date_step(shared), shared, origins)
    return collect_over_dates(context, _OVER_DATES, {origin: origin for origin in origins})


def chosen_origins(context: RunContext, number: int | None) -> list[date]:
    """All dates of the delivery, or ``number`` of them, evenly spread."""
    days = [as_day(origin) for origin in collect_origins(context)]
    return [as_date(day) for day in (days if number is None else spread_evenly(days, number))]


def explain_backtest(context: RunContext, origins: Sequence[date]) -> None:
    """A line for each date: whether it would be measured, and why."""
    explain_dates(date_step(SharedInputs(context, read_backtest_inputs)), context, origins)


def date_step(shared: SharedInputs[BacktestInputs]) -> Step:
    """The step that measures one date; its month is the date."""

    def measure(run: StepRun) -> int:
        return measure_date(run, shared.get())

    return Step(
        name=STEP_NAME,
        run=measure,
        writes=(Writes(METRICS),),
        params=_params,
        delivery=lambda context: context.delivery_fingerprint(),
    )


def measure_date(run: StepRun, inputs: BacktestInputs) -> int:
    """Every model's lists of one date against the date's test pairs → ``mart.metrics``."""
    day, params = as_day(run.month), inputs.state.params
    customers = customers_at(inputs, run.month).persist()
    if day in spread_evenly(inputs.origins, params.checked_dates):
        compared = require_no_leak(inputs.histories, customers, inputs.state, day)
        run.log(f"far_trans {run.month}: {compared:,} customers' signals are the same without the future")

    trees = fitted_horizons(inputs.training, day, FEATURE_NAMES, params)
    lists = backtest_lists(customers, inputs.state, trees).persist()
    figures = date_figures(lists, customers, inputs, run.month, MODELS)
    written = run.write(METRICS, figures, protocol=PROTOCOL, run_id=run.run_id, origin=run.month.isoformat())
    for held in (customers, lists):
        held.unpersist()
    return written


def customers_at(inputs: BacktestInputs, origin: date) -> DataFrame:
    """One row: one test customer; ``day``, ``customer_id``, ``events``, and ``segment``, ``IN_TRAIN`` or ``NEW``."""
    day = as_day(origin)
    has_past = F.exists("events", lambda event: event["known_day"] <= day)
    segment = F.when(has_past, IN_TRAIN).otherwise(NEW).alias("segment")
    of_test = inputs.histories.join(_taken(inputs, origin), "customer_id", "left_semi")
    return of_test.select(F.lit(day).alias("day"), "customer_id", "events", segment)


def date_figures(
    lists: DataFrame, customers: DataFrame, inputs: BacktestInputs, origin: date, models: Sequence[str]
) -> DataFrame:
    """The models' figures at one date, as rows of ``mart.metrics``.

    Args:
        lists: ``model``, ``customer_id``, ``rank``, ``product_index``.
        customers: ``customers_at``.
        inputs: what the dates share.
        origin: the date.
        models: those that make lists.
    """
    k = inputs.state.params.k
    placed = lists.select("model", "customer_id", "rank", F.col("product_index").alias("product_id"))
    segments = customers.select("customer_id", F.array("segment").alias("segments"))
    per_customer = per_customer_metrics(placed, _taken(inputs, origin), k, models)
    means = mean_metrics(per_customer, k, segments=segments)
    coverage = coverage_metrics(placed, k, _known_products(inputs, as_day(origin)), models, segments=segments)
    return means.unionByName(coverage).withColumn("origin", F.lit(origin))


def _taken(inputs: BacktestInputs, origin: date) -> DataFrame:
    """One row: what one customer newly bought after the date; ``product_id`` is the product's position."""
    return inputs.test_pairs.where(F.col("origin") == F.lit(origin)).select("customer_id", "product_id")


def _known_products(inputs: BacktestInputs, day: int) -> int:
    """How many products anyone had bought by the date: those that a list could hold."""
    _, product, _, _ = inputs.state.sums.buys("first_buys", day)
    return len(set(product.tolist()))


def _params(config: Config) -> dict[str, object]:
    return {"backtest": config.backtest.model_dump(exclude={"network_every"})}
