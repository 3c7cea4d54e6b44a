"""All that one page is made of, and nothing else: the same content gives the same bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from finrec_spark.evaluation.figures import MetricRow


@dataclass(frozen=True)
class Recommended:
    """One product of an example's list, with the sentences of its reasons and their weights."""

    name: str
    reasons: Sequence[tuple[str, float]]


@dataclass(frozen=True)
class Example:
    """A customer whom nothing here names.

    Attributes:
        held: names of the products held, sorted.
        history: month and product of what was taken, the newest last.
        listed: the head of the list.
    """

    held: Sequence[str]
    history: Sequence[tuple[date, str]]
    listed: Sequence[Recommended]


@dataclass(frozen=True)
class Group:
    """Customers who share one value of a sensitive attribute.

    Attributes:
        attribute: such as region.
        name: the value.
        customers: how many there are.
        listed: how many of them get recommendations.
        contacted: how many of them this month's campaigns contact; None without campaigns.
        kept_back: rule → products kept from them, summed over the customers.
    """

    attribute: str
    name: str
    customers: int
    listed: int
    contacted: int | None
    kept_back: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """What one report shows.

    Attributes:
        month: the month that is decided; figures are of months before it.
        measured: protocol → rows of its newest run.
        over_time: protocol → the leading metric's rows of every month or date that was held out, oldest first.
        importance: feature → share of all that the questions of the trees that rank tell apart.
        examples: a few customers.
        groups: customers by sensitive attribute.
        on_sale: products on sale in the month.
    """

    month: date
    measured: Mapping[str, Sequence[MetricRow]] = field(default_factory=dict)
    over_time: Mapping[str, Sequence[MetricRow]] = field(default_factory=dict)
    importance: Mapping[str, float] = field(default_factory=dict)
    examples: Sequence[Example] = ()
    groups: Sequence[Group] = ()
    on_sale: int = 0
