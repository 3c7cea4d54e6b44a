"""What is up to date, and why the rest is not: what ``--dry-run`` and ``status`` say."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from finrec_spark.errors import InputMissing
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.fingerprint import fingerprint, why_stale
from finrec_spark.pipeline.scheduler import Place, Plan
from finrec_spark.pipeline.step import Step


@dataclass(frozen=True)
class Verdict:
    """Whether a step would run; ``why`` is None where it is up to date."""

    step: Step
    month: date
    why: str | None


def verdicts(plan: Plan, context: RunContext, stale: Sequence[str] = ()) -> Iterator[Verdict]:
    """A verdict on every planned step, in the order of the plan; nothing is written.

    A step would also run where one whose result it reads would.

    Args:
        stale: names of steps outside the plan that would run first, such as ingest: what they change is not known yet.
    """
    would_run: dict[Place, str] = {}
    for step, month in plan.steps:
        place = (step.name, month)
        why = _why(step, month, plan, would_run, context)
        if why is None and stale:
            why = f"perhaps: after {', '.join(stale)} it depends on what that changes"
        elif why is not None:
            would_run[place] = step.labelled(month)
        yield Verdict(step, month, why)


def why_single(step: Step, month: date, context: RunContext) -> str | None:
    """Why the step would run by itself; None where it is up to date."""
    try:
        return why_stale(step, context, month, fingerprint(step, context, month))
    except InputMissing as error:
        return f"once its inputs are there: {error}"


def verdict_line(verdict: Verdict) -> str:
    """The verdict in words."""
    said = "up to date" if verdict.why is None else f"would run: {verdict.why}"
    return f"{verdict.step.labelled(verdict.month)}: {said}"


def log_verdicts(plan: Plan, context: RunContext, stale: Sequence[str] = ()) -> None:
    """A line for each planned step; ``stale`` as in ``verdicts``."""
    for verdict in verdicts(plan, context, stale):
        context.log(verdict_line(verdict))


def log_verdict(step: Step, month: date, context: RunContext) -> str | None:
    """A line for one step by itself; why it would run."""
    why = why_single(step, month, context)
    context.log(verdict_line(Verdict(step, month, why)))
    return why


def _why(step: Step, month: date, plan: Plan, would_run: dict[Place, str], context: RunContext) -> str | None:
    read = sorted(plan.reads_from[(step.name, month)])
    first = [would_run[place] for place in read if place in would_run and place[0] != step.name]
    if first:
        return f"it reads what {first[0]} makes" + (f" (and {len(first) - 1} more)" if len(first) > 1 else "")
    return why_single(step, month, context)
