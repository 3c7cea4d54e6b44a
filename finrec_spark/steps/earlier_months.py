"""Which earlier months a month needs: those whose outcomes teach, and the one that is held out."""

from datetime import date

from finrec_spark.months import months_before
from finrec_spark.pipeline.context import RunContext
from finrec_spark.tables import INTERACTIONS
from finrec_spark.transforms.labels import LABEL_MONTHS, collect_label_months
from finrec_spark.transforms.splits import before


def label_months(context: RunContext, month: date) -> tuple[date, ...]:
    """The months whose outcomes the trees of ``month`` learn from, oldest first; none where there are too few."""
    months = _months_with_outcomes(context, month)
    return months if len(months) == LABEL_MONTHS else ()


def newest_label_month(context: RunContext, month: date) -> date | None:
    """The newest month before ``month`` whose outcomes can teach."""
    return max(_months_with_outcomes(context, month), default=None)


def _months_with_outcomes(context: RunContext, month: date) -> tuple[date, ...]:
    def found() -> tuple[date, ...]:
        interactions = context.lake.read(INTERACTIONS)
        return collect_label_months(interactions, month, context.config.matrix.opening_types)

    if not context.lake.exists(INTERACTIONS):
        return ()
    return context.recall(("label_months", month, context.lake.version(INTERACTIONS)), found)


def held_out_month(context: RunContext, month: date) -> date | None:
    """The month before, where anything is known from before it, so that every model can be measured on it."""

    def has_history() -> bool:
        return not before(context.lake.read(INTERACTIONS), months_before(month, 1)).isEmpty()

    if not context.lake.exists(INTERACTIONS):
        return None
    key = ("has_history", month, context.lake.version(INTERACTIONS))
    return months_before(month, 1) if context.recall(key, has_history) else None
