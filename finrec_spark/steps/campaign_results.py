"""What campaigns were and brought, on the screen, from the small tables that hold it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table as Sheet

from finrec_spark.campaigns.measurement.estimates import METHODS, YUAN
from finrec_spark.campaigns.measurement.outcomes import EVERYTHING
from finrec_spark.pipeline.context import RunContext
from finrec_spark.steps.campaign_report import funnel_sheet
from finrec_spark.tables import CAMPAIGN_EXPORTS, CAMPAIGN_FUNNEL, CAMPAIGN_OUTCOMES, Table


def print_campaign(context: RunContext, month: date) -> None:
    """The month's funnel and files; nothing where it has no campaign."""
    stages = sorted(collect_rows(context, CAMPAIGN_FUNNEL, month=month), key=lambda row: row["place"])
    if not stages:
        return
    console = Console(width=None if Console().is_terminal else 120)
    console.print(funnel_sheet({row["stage"]: row["customers"] for row in stages}))
    files = collect_rows(context, CAMPAIGN_EXPORTS, month=month)
    named = ", ".join(sorted(row["path"] for row in files))
    console.print(f"Messages, below {context.lake.root}: {named or 'none'}")


def print_outcomes(context: RunContext, month: date) -> None:
    """What each campaign up to ``month`` brought; nothing where none was measured."""
    rows = [row for row in collect_rows(context, CAMPAIGN_OUTCOMES) if _is_shown(row) and row["month"] <= month]
    if not rows:
        return
    sheet = Sheet(
        "campaign", "treated", "controls", "incremental yuan", "in words", title="Outcomes", title_justify="left"
    )
    for row in sorted(rows, key=lambda row: row["campaign_id"]):
        sheet.add_row(row["campaign_id"], f"{row['treated']:,}", f"{row['control']:,}", _interval(row), row["sentence"])
    Console(width=None if Console().is_terminal else 120).print(sheet)


def collect_rows(context: RunContext, table: Table, **values: date) -> list[Mapping[str, Any]]:
    """Rows of a small table, without Spark; none where it was never written."""
    return list(context.lake.collect(table, **values)) if context.lake.exists(table) else []


def _is_shown(row: Mapping[str, Any]) -> bool:
    """The whole campaign, in yuan, by the method to believe."""
    return (row["dimension"], row["measure"], row["method"]) == (EVERYTHING, YUAN, METHODS[-1])


def _interval(row: Mapping[str, Any]) -> str:
    if row["incremental"] is None:
        return "–"
    figures = (row["incremental"], row["low"], row["high"])
    return "{} ({} to {})".format(*("–" if value is None else f"{value:,.0f}" for value in figures))
