"""What a campaign would do, on the screen: funnel, volume, cost, limits, and what could be seen of it."""

from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Sheet
from scipy import stats

from finrec_spark.campaigns.allocation.report import AllocationReport
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_decision import Decision
from finrec_spark.vocabulary import TREATMENT


def print_decision(run: StepRun, decision: Decision) -> None:
    """Print it to stdout; customers are counted, not named."""
    console = Console(width=None if Console().is_terminal else 120)
    console.print(f"\n[bold]Campaigns of {run.month:%B %Y}[/bold]")
    console.print(funnel_sheet(decision.funnel))
    console.print(_collect_parts(decision.targets))
    console.print(_collect_volume(decision.targets, run.config.measure.level))
    console.print(_limits(decision.report))
    for line in _collect_remarks(decision):
        console.print(line)


def funnel_sheet(funnel: dict[str, int]) -> Sheet:
    """Customers behind each stage, and their share of those who were left before it."""
    sheet = Sheet("stage", "customers", "of the stage before", title="Funnel", title_justify="left")
    before: int | None = None
    for stage, customers in funnel.items():
        share = f"{customers / before:.0%}" if before else ""
        sheet.add_row(stage.replace("_", " "), f"{customers:,}", share)
        before = customers
    return sheet


def _collect_parts(targets: DataFrame) -> Sheet:
    """Contacts, cost and expected yuan by channel and product, the treated alone."""
    sums = [F.count("*").alias("contacts"), F.sum("cost").alias("cost"), F.sum("expected_value").alias("value")]
    treated = targets.where(F.col("arm") == TREATMENT)
    rows = treated.groupBy("channel", "product_id").agg(*sums).orderBy("channel", F.desc("value")).collect()
    sheet = Sheet(
        "channel", "product", "contacts", "cost, yuan", "expected, yuan", title="Treated", title_justify="left"
    )
    for row in rows:
        amounts = (f"{row[name]:,.0f}" for name in ("contacts", "cost", "value"))
        sheet.add_row(row["channel"], row["product_id"], *amounts)
    return sheet


def _collect_volume(targets: DataFrame, level: float) -> str:
    """Expected yuan with the interval that chance alone gives, were every estimate true."""
    treated = targets.where(F.col("arm") == TREATMENT)
    taken = F.abs("uplift")
    spread = F.sum(taken * (1 - F.least(taken, F.lit(1.0))) * F.pow("amount", 2))
    row = treated.agg(
        F.sum("expected_value").alias("value"), F.sum("cost").alias("cost"), spread.alias("spread")
    ).collect()[0]
    value, half = row["value"] or 0.0, float(stats.norm.ppf((1 + level) / 2)) * (row["spread"] or 0.0) ** 0.5
    return (
        f"Expected: {value:,.0f} yuan beyond what would be taken anyway, net of {row['cost'] or 0:,.0f} yuan of"
        f" contacts; by chance alone {value - half:,.0f} to {value + half:,.0f} in {level:.0%} of cases, were all"
        " estimates true."
    )


def _limits(report: AllocationReport) -> Sheet:
    sheet = Sheet("limit", "", "used", "of", "price, yuan", title="Limits", title_justify="left")
    for use in report.limits:
        sheet.add_row(use.name, use.kind, f"{use.used:,.0f}", f"{use.limit:,.0f}", f"{use.price_yuan:,.2f}")
    return sheet


def _collect_remarks(decision: Decision) -> Iterator[str]:
    report = decision.report
    yield f"Allocation ({report.method}): at most {report.gap:.2%} below what any allocation within the limits reaches."
    for lever in report.levers:
        yield f"Lever {lever.lever} costs {lever.cost_yuan:,.0f} expected yuan."
    if report.unmatched:
        yield f"Named in limits or levers, and in no option: {', '.join(report.unmatched)}."
    sources = decision.targets.groupBy("value_source").agg(F.count("*").alias("n")).orderBy("value_source").collect()
    valued = ", ".join(f"{row['value_source']} {row['n']:,}" for row in sources)
    yield f"Offers valued by: {valued}."
    yield from (power.sentence for power in decision.power)
