"""Which earlier months a month needs: those whose outcomes teach, and the one that is held out."""

from datetime import date

from finrec_spark.months import months_before
from finrec_spark.pipeline.context import RunContext
from finrec_spark.tables import EVENT_MONTHS, INTERACTIONS
from finrec_spark.transforms.labels import LABEL_MONTHS, teaching_months
from finrec_spark.warehouse import Lake


def label_months(context: RunContext, month: date) -> tuple[date, ...]:
    """The months whose outcomes the trees of ``month`` learn from, oldest first; none where there are too few."""
    months = teaching_months(_acquisitions(context), month)
    return months if len(months) == LABEL_MONTHS else ()


def newest_label_month(context: RunContext, month: date) -> date | None:
    """The newest month before ``month`` whose outcomes can teach."""
    return max(teaching_months(_acquisitions(context), month), default=None)


def held_out_month(context: RunContext, month: date) -> date | None:
    """The month before, where anything is known from before it, so that every model can be measured on it."""
    before = months_before(month, 1)
    return before if any(known < before for known in _acquisitions(context)) else None


def months_with_outcomes(context: RunContext, before: date) -> list[date]:
    """The months before ``before`` with acquisitions to hold lists against and a history from before, oldest first."""
    acquired = {month: number for month, number in _acquisitions(context).items() if month < before}
    return [month for month in sorted(acquired)[1:] if acquired[month]]


def newest_event_month(context: RunContext) -> date | None:
    """The newest month with interactions; None before the first delivery."""
    return max(_acquisitions(context), default=None)


def _acquisitions(context: RunContext) -> dict[date, int]:
    """Month with interactions → products acquired in it for the first time; empty before the first delivery."""
    if not context.lake.exists(INTERACTIONS):
        return {}
    key = (EVENT_MONTHS, context.lake.version(EVENT_MONTHS))
    return context.recall(key, lambda: _collect_acquisitions(context.lake))


def _collect_acquisitions(lake: Lake) -> dict[date, int]:
    return {row["event_month"]: row["acquisitions"] for row in lake.collect(EVENT_MONTHS)}
