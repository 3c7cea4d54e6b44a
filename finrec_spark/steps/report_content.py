"""What a month's report shows, read from the lake."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from finrec_spark.evaluation.backtest.summary import IN_TRAIN, NETWORK
from finrec_spark.evaluation.backtest.summary import PROTOCOL as BACKTEST
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.figures import MetricRow, leading_k, metric_rows
from finrec_spark.evaluation.held_out import PROTOCOL as LAST_MONTH
from finrec_spark.evaluation.report.content import Content
from finrec_spark.models.gru import LEARNING_CURVE
from finrec_spark.models.trees.importance import vote_importance
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import DONE, Attempt
from finrec_spark.pipeline.slices import Slice
from finrec_spark.pipeline.step import Read, StepRun
from finrec_spark.steps.deciding_trees import collect_vote, vote_reads
from finrec_spark.steps.example_customers import EXAMPLE_TABLES, collect_examples
from finrec_spark.steps.sensitive_groups import GROUP_TABLES, collect_groups
from finrec_spark.tables import CAMPAIGN_TARGETS, EXCLUSIONS, METRICS

_OVER_TIME = {LAST_MONTH: ALL_CUSTOMERS, BACKTEST: IN_TRAIN}
"""Protocols that are shown over time, and the segment of their curves."""

_BY_DATE = (BACKTEST, NETWORK)
"""Protocols of dates that are shown as means over them."""

_OF_MONTH_ALONE = (LEARNING_CURVE,)


def report_reads(context: RunContext, month: date) -> Sequence[Read]:
    """Everything measured up to the month, and the month as it was decided; each as far as it is there."""
    of_month = [Read(METRICS, month, optional=True, protocol=protocol) for protocol in (LAST_MONTH, LEARNING_CURVE)]
    measured = [
        Read(METRICS, attempt.month, optional=True, protocol=protocol)
        for attempt in measuring_attempts(context, month)
        for protocol in _protocols(attempt)
    ]
    tables = (*EXAMPLE_TABLES, *GROUP_TABLES, CAMPAIGN_TARGETS, EXCLUSIONS)
    decided = [Read(table, optional=True) for table in tables]
    return tuple(dict.fromkeys([*of_month, *measured, *decided, *vote_reads(optional=True)]))


def collect_content(run: StepRun) -> Content:
    """The report's content: two queries, the rest from small tables."""
    attempts = measuring_attempts(run.context, run.month)
    found = {protocol: _collect_rows(run, protocol, attempts) for protocol in sorted(_all_protocols(attempts))}
    groups, on_sale = collect_groups(run.context, run.month)
    newest = {protocol: rows[-1][1] for protocol, rows in found.items() if protocol not in _BY_DATE}
    return Content(
        month=run.month,
        measured={protocol: rows for protocol, rows in newest.items() if rows},
        over_time={
            p: _curve([row for _, rows in found[p] for row in rows], s) for p, s in _OVER_TIME.items() if p in found
        },
        importance=_collect_importance(run),
        examples=collect_examples(run.context, run.month),
        groups=groups,
        on_sale=on_sale,
    )


def measuring_attempts(context: RunContext, month: date) -> list[Attempt]:
    """The newest done attempt of every step and month up to ``month`` that wrote metrics, oldest month first.

    A learning curve of an earlier month says nothing of this one.
    """
    done = [a for a in context.ledger.attempts if a.status == DONE and a.month.replace(day=1) <= month and _slices(a)]
    newest = {(a.step, a.month): a for a in sorted(done, key=lambda attempt: attempt.finished_at)}
    kept = [a for a in newest.values() if a.month == month or not set(_protocols(a)) <= set(_OF_MONTH_ALONE)]
    return sorted(kept, key=lambda attempt: (attempt.month, attempt.step))


def _slices(attempt: Attempt) -> list[Slice]:
    return [output.slice for output in attempt.outputs if output.table == METRICS.name]


def _protocols(attempt: Attempt) -> list[str]:
    return sorted({dict(rows)["protocol"] for rows in _slices(attempt)})


def _all_protocols(attempts: Iterable[Attempt]) -> set[str]:
    return {protocol for attempt in attempts for protocol in _protocols(attempt)}


def _collect_rows(run: StepRun, protocol: str, attempts: Sequence[Attempt]) -> list[tuple[date, list[MetricRow]]]:
    """The protocol's rows by attempt, oldest month first."""
    records = run.context.lake.collect(METRICS, protocol=protocol)
    return [
        (attempt.month, _sorted(metric_rows(r for r in records if _is_of(r, rows))))
        for attempt in attempts
        for rows in _slices(attempt)
        if dict(rows)["protocol"] == protocol
    ]


def _is_of(record: dict[str, Any], rows: Slice) -> bool:
    return all(str(record[name]) == value for name, value in rows)


def _sorted(rows: list[MetricRow]) -> list[MetricRow]:
    """In an order of their own: that of a table's files may change."""
    return sorted(rows, key=lambda row: row.key)


def _curve(rows: Sequence[MetricRow], segment: str) -> list[MetricRow]:
    """The leading metric's rows over time, oldest first."""
    k = leading_k(rows)
    kept = [row for row in rows if (row.metric, row.segment, row.k) == ("ndcg", segment, k) and row.origin is not None]
    return sorted(kept, key=lambda row: (row.origin or date.min, row.model))


def _collect_importance(run: StepRun) -> dict[str, float]:
    """Of the trees that vote in the month; nothing where it has none."""
    names, vote = collect_vote(run.context.lake, run.month)
    return vote_importance(vote, names) if vote else {}
