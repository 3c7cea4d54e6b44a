"""What a campaign would do, on the screen: funnel, volume, cost, limits, and what could be seen of it."""

from collections.abc import Iterator

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from rich.console import Console
from rich.table import Table as Sheet
from scipy import stats

from finrec_spark.campaigns.allocation.report import AllocationReport
from finrec_spark.campaigns.contact_values import RESPONSE, SCORE
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_decision import Decision
from finrec_spark.tables import PRODUCTS
from finrec_spark.vocabulary import TREATMENT

_SHOWN = 10  # products by themselves


def print_decision(run: StepRun, decision: Decision) -> None:
    """Print it to stdout; customers are counted, not named."""
    console = Console(width=None if Console().is_terminal else 120)
    console.print(f"\n[bold]Campaigns of {run.month:%B %Y}[/bold]")
    console.print(funnel_sheet(decision.funnel))
    treated = decision.targets.where(F.col("arm") == TREATMENT)
    names = run.read(PRODUCTS).select("product_id", F.col("name").alias("product"))
    console.print(_collect_parts(treated, "channel", "channel"))
    console.print(_collect_parts(treated.join(names, "product_id"), "product", "product"))
    console.print(_collect_volume(treated, run.config.measure.level))
    console.print(_limits(decision.report))
    console.print(_collect_sources(decision.targets))
    for line in remarks(decision):
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


def _collect_parts(treated: DataFrame, part: str, title: str) -> Sheet:
    """Contacts, cost and expected yuan of the treated, the largest parts by themselves."""
    sums = [F.count("*").alias("contacts"), F.sum("cost").alias("cost"), F.sum("expected_value").alias("value")]
    rows = treated.groupBy(part).agg(*sums).orderBy(F.desc("value"), part).collect()
    sheet = Sheet(title, "contacts", "cost, yuan", "expected, yuan", title="Treated", title_justify="left")
    lines = [(row[part], *(float(row[name]) for name in ("contacts", "cost", "value"))) for row in rows]
    rest = lines[_SHOWN:]
    others = [(f"{len(rest)} others", *(sum(line[n] for line in rest) for n in (1, 2, 3)))] if rest else []
    for name, *amounts in (*lines[:_SHOWN], *others):
        sheet.add_row(name, *(f"{amount:,.0f}" for amount in amounts))
    return sheet


def _collect_volume(treated: DataFrame, level: float) -> str:
    """Expected yuan with the interval that it gives by chance alone who takes what.

    Every purchase counts with its expected amount: how amounts spread around it is not in the interval.
    """
    taken = F.abs("uplift")
    spread = F.sum(taken * (1 - F.least(taken, F.lit(1.0))) * F.pow("amount", 2))
    anyway = F.count_if(F.col("value_source").isin(RESPONSE, SCORE))
    sums = {"value": F.sum("expected_value"), "cost": F.sum("cost"), "spread": spread, "anyway": anyway}
    row = treated.agg(*[F.coalesce(total, F.lit(0)).alias(name) for name, total in sums.items()]).collect()[0]
    half = float(stats.norm.ppf((1 + level) / 2)) * row["spread"] ** 0.5
    counted = (
        "counting also what would be taken anyway, as there is no randomised history to tell it from"
        if row["anyway"]
        else "beyond what would be taken anyway"
    )
    return (
        f"Expected: {row['value']:,.0f} yuan, {counted}; net of {row['cost']:,.0f} yuan of contacts. By chance alone"
        f" {row['value'] - half:,.0f} to {row['value'] + half:,.0f} in {level:.0%} of cases, were every purchase of the"
        " expected amount and all estimates true."
    )


def _limits(report: AllocationReport) -> Sheet:
    sheet = Sheet("limit", "", "used", "of", "price, yuan", title="Limits", title_justify="left")
    for use in report.limits:
        sheet.add_row(use.name, use.kind, f"{use.used:,.0f}", f"{use.limit:,.0f}", f"{use.price_yuan:,.2f}")
    return sheet


def _collect_sources(targets: DataFrame) -> str:
    rows = targets.groupBy("value_source").agg(F.count("*").alias("n")).orderBy("value_source").collect()
    valued = ", ".join(f"{row['value_source']} {row['n']:,}" for row in rows)
    return f"Offers valued by: {valued or 'none'}."


def remarks(decision: Decision) -> Iterator[str]:
    """What is to be known before the launch, a line each: how near the best, levers' costs, what will be seen of it."""
    report = decision.report
    yield f"Allocation ({report.method}): at most {report.gap:.2%} below what any allocation within the limits reaches."
    for lever in report.levers:
        yield f"Lever {lever.lever} costs {lever.cost_yuan:,.0f} expected yuan."
    if report.unmatched:
        yield f"Named in limits or levers, and in no option: {', '.join(report.unmatched)}."
    yield from (power.sentence for power in decision.power)
