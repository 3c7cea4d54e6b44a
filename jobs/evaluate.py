"""Measure the models: the last month held out, ratings, contacts' outcomes, their uplift, products without history."""

import argparse
from collections.abc import Callable, Sequence
from datetime import date

from rich.table import Table

from finrec_spark.evaluation.backtest.report import backtest_table, half_years_table
from finrec_spark.evaluation.backtest.summary import PROTOCOL as BACKTEST
from finrec_spark.evaluation.figures import MetricRow
from finrec_spark.evaluation.report.screen import (
    metrics_table,
    print_table,
    ratings_table,
    recall_table,
    response_table,
    uplift_table,
)
from finrec_spark.months import months_before
from finrec_spark.pipeline.cli import (
    Command,
    MonthOf,
    decided_month,
    delivered_month,
    positive,
    run_command,
    source_options,
)
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.explain import log_verdict
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import Step
from finrec_spark.steps import evaluate_cold_products as cold_products
from finrec_spark.steps import evaluate_far_trans as far_trans
from finrec_spark.steps import evaluate_far_trans_gru as far_trans_gru
from finrec_spark.steps import evaluate_last_month as last_month
from finrec_spark.steps import evaluate_ratings as ratings
from finrec_spark.steps import evaluate_response as response
from finrec_spark.steps import evaluate_rolling as rolling
from finrec_spark.steps import evaluate_uplift as uplift
from finrec_spark.steps.report import make_report, report_place
from finrec_spark.steps.summary import collect_measured
from jobs.month import catalogue

StepOf = Callable[[RunContext], Step]
PROTOCOLS: dict[str, tuple[StepOf, MonthOf, Callable[[Sequence[MetricRow]], Table]]] = {
    "last_month": (lambda _: last_month.STEP, decided_month, metrics_table),
    "ratings": (lambda _: ratings.STEP, delivered_month, ratings_table),
    "cold_products": (lambda _: cold_products.STEP, decided_month, recall_table),
    "response": (response.step_of, response.month_of_answers, response_table),
    "uplift": (uplift.step_of, uplift.month_of_trials, uplift_table),
}

OVER_DATES = (BACKTEST, rolling.PROTOCOL)
NAMES = sorted([*PROTOCOLS, *OVER_DATES])


def evaluate(context: RunContext, options: argparse.Namespace) -> None:
    """Run the protocol and show its table."""
    if options.protocol in OVER_DATES:
        (evaluate_dates if options.protocol == BACKTEST else evaluate_months)(context, options)
        return
    step_of, month_of, table = PROTOCOLS[options.protocol]
    step, month = step_of(context), month_of(context, options)
    if options.dry_run:
        log_verdict(step, month, context)
        return
    context.log(run_step(step, context, month).line)
    print_table(table(collect_measured(context, step.name, month, options.protocol)))
    report(context, month)


def evaluate_dates(context: RunContext, options: argparse.Namespace) -> None:
    """Run the FAR-Trans protocol over its dates and show its tables, the published figures beside ours.

    Where gru is among the models it is trained at every sixth date, and a table of those dates follows.
    """
    origins = far_trans.chosen_origins(context, options.dates)
    with_network = far_trans_gru.network_dates(context, origins)
    if options.dry_run:
        far_trans.explain_backtest(context, origins)
        far_trans_gru.explain_network_backtest(context, with_network)
        return
    measured = far_trans.run_backtest(context, origins)
    for table in (backtest_table(measured, "the dates"), half_years_table(measured)):
        print_table(table)
    if with_network:
        beside = far_trans_gru.run_network_backtest(context, with_network)
        print_table(backtest_table(beside, f"the {len(with_network)} dates on which gru was trained"))
    report(context, origins[-1].replace(day=1))


def report(context: RunContext, month: date) -> None:
    """Make the report of everything measured up to the month, and say where it is."""
    context.log(make_report(context, month).line)
    print(f"Report: {report_place(context, month)}")


def evaluate_months(context: RunContext, options: argparse.Namespace) -> None:
    """Hold the newest months out one after the other, and show the figures over all of them."""
    months = rolling.rolled_months(context, decided_month(context, options), options.months)
    if options.dry_run:
        rolling.explain_rolling(context, months, catalogue())
        return
    measured = rolling.run_rolling(context, months, catalogue())
    first, last = (months_before(month, 1) for month in (months[0], months[-1]))
    context.log(f"rolling: means over {len(months)} months, {first:%Y-%m} to {last:%Y-%m}, each held out in turn")
    print_table(metrics_table(measured))
    report(context, months[-1])


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--protocol", choices=NAMES, default="last_month", help="how to measure")
    parser.add_argument("--dates", type=positive, metavar="N", help="far_trans: that many of the dates (default: all)")
    parser.add_argument(
        "--months", type=positive, default=6, metavar="N", help="rolling: the N newest months (default: 6)"
    )
    source_options(parser)
    response.response_options(parser)
    uplift.uplift_options(parser)


def _values(options: argparse.Namespace) -> dict[str, object]:
    return (uplift.uplift_values if options.protocol == "uplift" else response.response_values)(options)


if __name__ == "__main__":
    run_command(Command("evaluate", __doc__, evaluate, _options, _values, input_is_delivery=False))
