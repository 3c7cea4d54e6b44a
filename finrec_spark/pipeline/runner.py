"""One run of one step: whether it has to be, what it leaves, and its row in the ledger."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from pyspark.sql import DataFrame

from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.fingerprint import Fingerprint, fingerprint, is_up_to_date, why_stale
from finrec_spark.pipeline.ledger import DONE, FAILED, Attempt
from finrec_spark.pipeline.step import Step, StepRun, utc_now
from finrec_spark.pipeline.usage import collect_usage
from finrec_spark.tables import Table


@dataclass(frozen=True)
class Outcome:
    """How a step run ended: rows is None where the result was up to date."""

    step: Step
    month: date
    rows: int | None
    seconds: float
    why: str = ""

    @property
    def line(self) -> str:
        """What the finished step says."""
        name = self.step.labelled(self.month)
        return f"{name}: up to date" if self.rows is None else f"{name}: {self.rows:,} rows in {self.seconds:.1f} s"


def run_step(step: Step, context: RunContext, month: date) -> Outcome:
    """Run the step unless its result for the month is up to date.

    Raises:
        InputMissing: something that it needs was never made.
    """
    now = fingerprint(step, context, month)
    why = why_stale(step, context, month, now)
    if why is None:
        return Outcome(step, month, None, 0.0)
    run = StepRun(context, step, month, now.value, why)
    context.suit_queries()
    begun = _begun(run)
    context.begin(begun)
    context.spark.sparkContext.setJobGroup(run.attempt_id, f"{step.labelled(month)}: {why}")
    try:
        rows = step.run(run)
        run.discard_staged()
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            run.discard_staged()
            _end(run, now, begun, FAILED, None)
        raise
    ended = _end(run, now, begun, DONE, rows)
    return Outcome(step, month, rows, ended.seconds, why)


def _begun(run: StepRun) -> Attempt:
    return Attempt.begun(
        attempt_id=run.attempt_id,
        run_id=run.run_id,
        step=run.step.name,
        month=run.month,
        why=run.why,
        fingerprint=run.fingerprint,
        started_at=utc_now(),
    )


def _end(run: StepRun, now: Fingerprint, begun: Attempt, status: str, rows: int | None) -> Attempt:
    finished = utc_now()
    usage = collect_usage(run.spark.sparkContext, run.attempt_id)
    ended = replace(
        begun,
        status=status,
        parameters=now.parameters,
        code_digest=now.code_digest,
        modules=now.modules,
        inputs=now.inputs,
        outputs=tuple(run.outputs.values()),
        rows=rows,
        seconds=round((finished - begun.started_at).total_seconds(), 3),
        peak_memory_bytes=usage.peak_memory_bytes,
        shuffle_bytes=usage.shuffle_bytes,
        spill_bytes=usage.spill_bytes,
        finished_at=finished,
    )
    run.context.end(ended)
    return ended


def earlier_result(run: StepRun, table: Table, month: date) -> DataFrame | None:
    """The step's own rows of an earlier month, where they are up to date; else None.

    What comes out of a step must not depend on whether there are any: they only save work.
    """
    return run.context.lake.read(table, month=month) if is_up_to_date(run.step, run.context, month) else None
