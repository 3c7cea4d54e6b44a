"""Examples and groups of customers → sections; nobody is named, and small groups are shown together or not at all."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from statsmodels.stats.proportion import proportion_confint

from finrec_spark.evaluation.report.blocks import Grid, Section
from finrec_spark.evaluation.report.content import Example, Group
from finrec_spark.evaluation.report.numbers import decimals, short

LEAST_CUSTOMERS = 30
POOLED = f"fewer than {LEAST_CUSTOMERS}"


def examples_section(examples: Sequence[Example]) -> Iterator[Section]:
    """What a few customers took, and what they are recommended and why."""
    if examples:
        grids = [_example_grid(place, example) for place, example in enumerate(examples, start=1)]
        yield Section("examples", "Examples of customers", [], grids)


def fairness_section(groups: Sequence[Group], on_sale: int) -> Iterator[Section]:
    """Who gets recommendations and who is kept from products by which rule, by sensitive attribute."""
    if not groups:
        return
    text = (
        "Shares with their 95 % Wilson intervals. Kept back: of the products on sale, the share that a rule keeps from"
        f" a customer, on average. Groups below {LEAST_CUSTOMERS} customers are shown together, and not at all where"
        f" they stay below {LEAST_CUSTOMERS} even so."
    )
    by_attribute = groupby(sorted(groups, key=lambda group: group.attribute), key=lambda group: group.attribute)
    grids = [_fairness_grid(attribute, pooled(list(of)), on_sale) for attribute, of in by_attribute]
    yield Section("fairness", "Fairness", [text], grids)


def pooled(groups: Sequence[Group]) -> list[Group]:
    """The groups by name, those below ``LEAST_CUSTOMERS`` added up to one, last.

    >>> small = [Group("region", name, n, n, None, {"owned": n}) for name, n in (("a", 20), ("b", 40), ("c", 15))]
    >>> [(group.name, group.customers, group.kept_back["owned"]) for group in pooled(small)]
    [('b', 40, 40), ('fewer than 30', 35, 35)]
    """
    ordered = sorted(groups, key=lambda group: group.name)
    large = [group for group in ordered if group.customers >= LEAST_CUSTOMERS]
    small = [group for group in ordered if group.customers < LEAST_CUSTOMERS]
    return [*large, _together(small)] if small else large


def share_text(part: int, whole: int) -> str:
    """A share in per cent with its Wilson interval.

    >>> share_text(90, 100)
    '90 % (83 to 94)'
    """
    low, high = (100 * float(end) for end in proportion_confint(part, whole, method="wilson"))
    places = decimals(part / whole, (high - low) / 2)
    figures = (short(value, places) for value in (100 * part / whole, low, high))
    return "{} % ({} to {})".format(*figures)


def _together(groups: Sequence[Group]) -> Group:
    contacted = [group.contacted for group in groups if group.contacted is not None]
    rules = dict.fromkeys(rule for group in groups for rule in group.kept_back)
    return Group(
        attribute=groups[0].attribute,
        name=POOLED,
        customers=sum(group.customers for group in groups),
        listed=sum(group.listed for group in groups),
        contacted=sum(contacted) if contacted else None,
        kept_back={rule: sum(group.kept_back.get(rule, 0) for group in groups) for rule in rules},
    )


def _fairness_grid(attribute: str, groups: Sequence[Group], on_sale: int) -> Grid:
    rules = list(dict.fromkeys(rule for group in groups for rule in group.kept_back))
    with_campaign = any(group.contacted is not None for group in groups)
    contacted = ["contacted by a campaign"] if with_campaign else []
    columns = (attribute, "customers", "get recommendations", *contacted, *(f"kept back: {_words(r)}" for r in rules))
    lines = [[group.name, *_cells(group, rules, with_campaign, on_sale)] for group in groups]
    return Grid(f"By {attribute}", columns, lines)


def _cells(group: Group, rules: Sequence[str], with_campaign: bool, on_sale: int) -> list[str]:
    if group.customers < LEAST_CUSTOMERS:
        return [POOLED, *["–"] * (1 + with_campaign + len(rules))]
    contacted = [share_text(group.contacted or 0, group.customers)] if with_campaign else []
    offered = max(group.customers * on_sale, 1)
    kept_back = [f"{short(100 * group.kept_back.get(rule, 0) / offered, 1)} %" for rule in rules]
    return [f"{group.customers:,}", share_text(group.listed, group.customers), *contacted, *kept_back]


def _history(example: Example) -> str:
    taken = "; ".join(f"{month:%Y-%m} {name}" for month, name in example.history)
    return f"Took: {taken or 'nothing yet'}. Holds now: {', '.join(example.held) or 'nothing'}."


def _example_grid(place: int, example: Example) -> Grid:
    lines = [
        [str(rank), product.name, "; ".join(f"{text} ({weight:.0%})" for text, weight in product.reasons)]
        for rank, product in enumerate(example.listed, start=1)
    ]
    return Grid(f"Customer {place}", ("rank", "product", "because"), lines, note=_history(example))


def _words(rule: str) -> str:
    return rule.replace("_", " ")
