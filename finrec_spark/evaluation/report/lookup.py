"""Rows of one protocol, found by what they are about."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from finrec_spark.evaluation.figure_rows import ALL_CUSTOMERS
from finrec_spark.evaluation.figures import MetricRow, leading_k
from finrec_spark.evaluation.held_out import RANDOM, TRUTH

REFERENCES = (TRUTH, RANDOM)
"""What no bank could use: the generator's own propensities, and chance."""


@dataclass(frozen=True)
class Lookup:
    """The figures of one run of one protocol.

    Attributes:
        rows: the figures, in their table's order.
        k: the list's length that leads; None where the protocol ranks no list.
    """

    rows: Sequence[MetricRow]
    k: int | None = field(init=False)
    _by_subject: dict[tuple[str, str, str, int | None], MetricRow] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Find the leading length, and each row by what it is about."""
        object.__setattr__(self, "k", leading_k(self.rows))
        by_subject = {(row.model, row.metric, row.segment, row.k): row for row in self.rows}
        object.__setattr__(self, "_by_subject", by_subject)

    def get(self, model: str, metric: str, segment: str = ALL_CUSTOMERS, k: int | None = None) -> MetricRow | None:
        """The row, at the leading length where ``k`` is not given; None where there is none."""
        return self._by_subject.get((model, metric, segment, self.k if k is None else k))

    def plain(self, model: str, metric: str) -> MetricRow | None:
        """The row of a metric without a list's length, for everyone."""
        return self._by_subject.get((model, metric, ALL_CUSTOMERS, None))

    def of(self, metric: str) -> list[MetricRow]:
        """Rows of one metric."""
        return [row for row in self.rows if row.metric == metric]

    def models(self, metric: str = "ndcg", segment: str = ALL_CUSTOMERS) -> list[str]:
        """The models that have the metric, largest first, equal ones by name."""
        found = [row for row in self.of(metric) if (row.segment, row.k) == (segment, self.k)]
        return [row.model for row in sorted(found, key=lambda row: (-row.value, row.model))]

    def segments(self, metric: str = "ndcg") -> list[str]:
        """All segments but the one of everyone, by name."""
        return sorted({row.segment for row in self.of(metric)} - {ALL_CUSTOMERS})

    def lengths(self, metric: str = "ndcg") -> list[int]:
        """The lengths of lists that were measured, ascending."""
        return sorted({row.k for row in self.of(metric) if row.k is not None})


def usable(models: Iterable[str]) -> list[str]:
    """The models that a bank could use."""
    return [model for model in models if model not in REFERENCES]
