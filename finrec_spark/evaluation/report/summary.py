"""The page's first words: which model is best, by how much, for whom, and how far its probabilities can be trusted."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from finrec_spark.evaluation.calibration_metrics import BASE_RATE
from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.figures import BASELINE, ENSEMBLE_GAIN, MetricRow
from finrec_spark.evaluation.held_out import ENSEMBLE
from finrec_spark.evaluation.report.lookup import REFERENCES, Lookup, usable
from finrec_spark.evaluation.report.numbers import number
from finrec_spark.evaluation.report.verdicts import BETTER, NOT_SHOWN, WORSE, Comparison, comparisons
from finrec_spark.evaluation.report.words import metric_title, model_title


def summary(found: Lookup, segment: str = ALL_CUSTOMERS) -> list[str]:
    """Sentences about the ensemble and what it is held against; none where no list was measured.

    Args:
        found: the rows of ``last_month`` or ``far_trans_over_dates``.
        segment: whose customers are compared.
    """
    models = usable(found.models(segment=segment))
    if not models:
        return []
    return [
        _best(found, models[0], segment),
        *_against(found, segment),
        *(_for_whom(found) if segment == ALL_CUSTOMERS else ()),
        *_of_truth(found),
        *_probabilities(found),
        *_reach(found),
    ]


def ensemble_gains(found: Lookup, segment: str = ALL_CUSTOMERS) -> list[Comparison]:
    """What is shown of the ensemble against each model that a bank could use instead."""
    rows = [row for row in found.of(ENSEMBLE_GAIN) if row.segment == segment and row.model not in REFERENCES]
    return comparisons(sorted(rows, key=lambda row: (row.value, row.model)))


def segment_gains(found: Lookup, model: str = BASELINE) -> list[Comparison]:
    """What is shown of the ensemble against one model, segment by segment."""
    rows = [row for row in found.of(ENSEMBLE_GAIN) if row.model == model and row.segment != ALL_CUSTOMERS]
    return comparisons(sorted(rows, key=lambda row: row.segment))


def _best(found: Lookup, model: str, segment: str) -> str:
    metric = metric_title("ndcg", found.k)
    figure = number(found.get(model, "ndcg", segment))
    where = (
        ""
        if segment == ALL_CUSTOMERS
        else f" among customers of the segment {segment.replace('_', ' ')}, over the dates"
    )
    return Markup("<strong>{}</strong> has the highest {}{}: {}.").format(model_title(model), metric, where, figure)


def _against(found: Lookup, segment: str) -> Iterator[str]:
    """One sentence a verdict."""
    compared = ensemble_gains(found, segment)
    openings = {
        BETTER: "The ensemble is better than {}.",
        NOT_SHOWN: "No difference shown between the ensemble and {}.",
        WORSE: "The ensemble is worse than {}.",
    }
    for verdict, sentence in openings.items():
        named = [_with_gain(one.row) for one in compared if one.verdict == verdict]
        if named:
            yield Markup(sentence).format(listed(named))
    if compared:
        yield f"Verdicts allow for {len(compared)} comparisons at once (Holm's correction, 5 %)."


def _for_whom(found: Lookup) -> Iterator[str]:
    """Which segments gain over the popular products."""
    compared = segment_gains(found)
    better = [one.row.segment.replace("_", " ") for one in compared if one.verdict == BETTER]
    others = [one.row.segment.replace("_", " ") for one in compared if one.verdict == NOT_SHOWN]
    worse = [one.row.segment.replace("_", " ") for one in compared if one.verdict == WORSE]
    if better:
        yield f"Against the popular products alone, these customers gain: {', '.join(better)}."
    if others:
        yield f"No difference from the popular products shown for: {', '.join(others)}."
    if worse:
        yield f"Worse off than with the popular products: {', '.join(worse)}."


def _of_truth(found: Lookup) -> Iterator[str]:
    share = found.get(ENSEMBLE, "ndcg_share_of_truth")
    if share is not None:
        yield Markup("The ensemble's nDCG is {} % of what a ranking by the bank's true propensities reaches.").format(
            number(share, scale=100)
        )


def _probabilities(found: Lookup) -> Iterator[str]:
    off, rate = found.plain(ENSEMBLE, "calibration_error"), found.plain(BASE_RATE, "calibration_error")
    if off is not None and rate is not None:
        yield Markup(
            "Its probabilities, from trees that had not seen the month, are off by {} on average; one probability"
            " for everyone would be off by {}."
        ).format(number(off), number(rate))


def _reach(found: Lookup) -> Iterator[str]:
    """What contacting a tenth, or the share nearest to it, would reach."""
    captured = [row for row in found.of("captured_purchases") if row.segment == ALL_CUSTOMERS]
    if not captured:
        return
    row = min(captured, key=lambda row: abs((row.k or 0) - 10))
    lift = found.get(row.model, "contact_lift", k=row.k)
    reached = Markup(
        "Contacting the {} % of customers with the highest scores would reach {} % of the purchases"
    ).format(row.k, number(row, scale=100))
    yield reached + (Markup(", {} times as many as by chance.").format(number(lift)) if lift is not None else ".")


def _with_gain(row: MetricRow) -> Markup:
    return Markup("{} ({})").format(model_title(row.model), number(row, signed=True))


def listed(parts: Sequence[Markup]) -> Markup:
    """Parts as a sentence names them.

    >>> str(listed([Markup("a"), Markup("b"), Markup("c")]))
    'a, b and c'
    """
    if len(parts) < 2:
        return Markup(", ").join(parts)
    return Markup(", ").join(parts[:-1]) + Markup(" and ") + parts[-1]
