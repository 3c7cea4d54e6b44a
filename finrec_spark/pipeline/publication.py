"""What is staged for readers: checked, then made visible, one commit a table, and a row that says so at the end."""

from collections.abc import Mapping, Sequence

from pyspark.sql import DataFrame

from finrec_spark.pipeline.checks import Check, check_rows, collect_table_checks, require_passed
from finrec_spark.pipeline.step import StepRun, utc_now
from finrec_spark.tables import CHECKS, MART, PUBLICATIONS, RECOMMENDATIONS, Table
from finrec_spark.warehouse.publication import CURRENT_RECOMMENDATIONS


def publish(
    run: StepRun, staged: Mapping[Table, DataFrame], checks: Sequence[Check] = (), by: str = "", **expected: int
) -> int:
    """Check what is staged, then make it visible; returns the rows written.

    Args:
        run: the step at work.
        staged: mart table → its rows of the month, in files that are read again cheaply.
        checks: further checks of them.
        by: who decided, where a table keeps that apart (``decided_by``).
        expected: rows that a table must have, by the table's name without its schema.

    Raises:
        DataQualityError: a check failed; readers still see what was published before.
    """
    scopes = {table: {"decided_by": by} if "decided_by" in table.partition_by else {} for table in staged}
    complete = {table: table.conform(run.completed(table, rows, **scopes[table])) for table, rows in staged.items()}
    made = [*checks]
    for table, rows in complete.items():
        references = {name: run.context.lake.read(t).select(c) for name, (t, c) in table.references.items()}
        made += collect_table_checks(table, rows, references, expected.get(table.name.split(".")[1]))
    _record_checks(run, made)
    written = sum(run.write(table, rows, **scopes[table]) for table, rows in complete.items())
    _record_publication(run)
    return written


def _record_checks(run: StepRun, checks: Sequence[Check]) -> None:
    """Write what was checked to ``mart.checks``.

    Raises:
        DataQualityError: one did not pass.
    """
    run.context.lake.append(CHECKS, check_rows(checks, run.run_id, run.month, utc_now()))
    require_passed(checks, run.month)


def _record_publication(run: StepRun) -> None:
    lake = run.context.lake
    versions = {table.name: lake.version(table) for table in MART if lake.exists(table)}
    lake.append(PUBLICATIONS, [(run.month, utc_now(), run.run_id, versions, run.why or "asked for")])
    if lake.exists(RECOMMENDATIONS):
        lake.register(RECOMMENDATIONS)  # which another run may have written
        lake.define_view(*CURRENT_RECOMMENDATIONS)
