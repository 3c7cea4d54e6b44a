"""What ``month`` says at its end: what was written where, how the models stand, three customers' lists."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from rich.console import Console
from rich.table import Table as Sheet

from finrec_spark.evaluation.calibration_metrics import BASE_RATE
from finrec_spark.evaluation.figures import ENSEMBLE_GAIN, MetricRow, metric_rows
from finrec_spark.evaluation.held_out import ENSEMBLE, PROTOCOL
from finrec_spark.evaluation.report.content import Example
from finrec_spark.evaluation.report.screen import metrics_table
from finrec_spark.months import months_before
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.runner import Outcome
from finrec_spark.pipeline.slices import slice_of
from finrec_spark.steps.campaign_results import print_campaign, print_outcomes
from finrec_spark.steps.example_customers import collect_examples
from finrec_spark.steps.report import report_place
from finrec_spark.tables import (
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_PROFILE,
    EXCLUSIONS,
    METRICS,
    RECOMMENDATIONS,
)
from finrec_spark.warehouse.publication import CURRENT_RECOMMENDATIONS

SHOWN_METRICS = (
    *("ndcg", "recall", "coverage", ENSEMBLE_GAIN, "ndcg_share_of_truth"),
    *("rmse", "mae", "auc", "calibration_error", "brier", "lift"),
    *("qini", "auuc", "policy_value", "gain_over_random", "gain_over_everyone"),
)
_RECOMMEND = "recommend"


def print_summary(context: RunContext, month: date, outcomes: Iterable[Outcome]) -> None:
    """Print the month's summary to stdout. Customers are not named: the screen may end in a log."""
    console = Console(width=None if Console().is_terminal else 120)
    ran = [outcome for outcome in outcomes if outcome.rows is not None]
    seconds = sum(outcome.seconds for outcome in ran)
    console.print(f"\n[bold]{month:%B %Y} is decided[/bold] (run {context.run_id(month)})")
    work = f"{len(ran)} steps ran, {seconds:.0f} s of work, some side by side; all others were up to date."
    console.print(work if ran else "Everything was up to date.")
    console.print(_written(context, month))
    _print_metrics(console, context, month)
    print_campaign(context, month)
    print_outcomes(context, month)
    examples = collect_examples(context, month) if ran else []  # the one part that asks Spark
    for place, example in enumerate(examples, start=1):
        console.print(_example(place, example))
    place_of_report = report_place(context, month)
    if place_of_report is not None:
        console.print(f"Report: {place_of_report}", soft_wrap=True)


def _written(context: RunContext, month: date) -> Sheet:
    sheet = Sheet("table", "rows of the month", "where", title="Written", title_justify="left")
    for table in (CUSTOMER_PRODUCT_MATRIX, CUSTOMER_PROFILE, RECOMMENDATIONS, EXCLUSIONS):
        by = _RECOMMEND if "decided_by" in table.partition_by else None
        left = context.ledger.newest_output(table.name, slice_of(month=month, decided_by=by))
        sheet.add_row(table.name, f"{left.rows:,}" if left else "", context.lake.path(table))
    sheet.add_row(METRICS.name, "", context.lake.path(METRICS))
    sheet.add_row(CURRENT_RECOMMENDATIONS[0], "", "view of the newest published recommendations")
    return sheet


def collect_measured(context: RunContext, step: str, month: date, protocol: str) -> list[MetricRow]:
    """The metrics for the screen that the step's standing result wrote; none where it never ran."""
    run_id = context.newest_run_id(step, month)
    if run_id is None:
        return []
    records = context.lake.collect(METRICS, run_id=run_id, protocol=protocol)
    return metric_rows(record for record in records if record["metric"] in SHOWN_METRICS)


def _print_metrics(console: Console, context: RunContext, month: date) -> None:
    measured = collect_measured(context, "evaluate", month, PROTOCOL)
    if not measured:
        console.print("The models were not measured: there is no month before, or `evaluate` was left out.")
        return
    console.print(f"Models on {months_before(month, 1):%B %Y}, held out:")
    console.print(metrics_table(measured))
    for line in _of_ensemble(measured, months_before(month, 1)):
        console.print(line)


def _of_ensemble(measured: Sequence[MetricRow], held_out: date) -> Iterator[str]:
    """What the ensemble reaches of the truth, and how far its probabilities are to be trusted."""
    figures = {(row.model, row.metric): row.value for row in measured}
    share = figures.get((ENSEMBLE, "ndcg_share_of_truth"))
    if share is not None:
        yield f"Its nDCG is {share:.0%} of what a ranking by the bank's true propensities reaches."
    off, alone = (figures.get((model, "calibration_error")) for model in (ENSEMBLE, BASE_RATE))
    if off is not None and alone is not None:
        yield (
            f"Probabilities by trees and a curve that had not seen {held_out:%B %Y} are off by {off:.4f} on average;"
            f" the base rate alone would be off by {alone:.4f} in the same groups."
        )


def _example(place: int, example: Example) -> Sheet:
    title = f"Example {place}: holds {', '.join(example.held)}"
    sheet = Sheet("rank", "product", "because", title=title, title_justify="left")
    for rank, product in enumerate(example.listed, start=1):
        sheet.add_row(str(rank), product.name, "; ".join(f"{text} ({weight:.0%})" for text, weight in product.reasons))
    return sheet
