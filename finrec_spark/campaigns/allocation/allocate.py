"""The method: prices on a sample, prices on all, a cut, and HiGHS for the closest calls."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Floats, Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.candidates import Candidates, PassCount
from finrec_spark.campaigns.allocation.decision import (
    Decision,
    chosen_sums,
    limit_use,
    offer_keys,
    reached,
    settled_part,
)
from finrec_spark.campaigns.allocation.exact import Effort, Solved, solve
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.allocation.prices import (
    Dual,
    Search,
    dual_of,
    duals_of,
    local_curvature,
    minimised,
    ridge_sums,
    trust_of,
)
from finrec_spark.campaigns.allocation.problem import Problem, Vocabulary, rows_of, weights_of
from finrec_spark.campaigns.allocation.report import AllocationReport, LeverCost, LimitPrice
from finrec_spark.campaigns.allocation.rounding import BINS, Cut, closeness_sums, cut_of
from finrec_spark.campaigns.allocation.sample import RIDGES, Sample, lever_costs, sample_prices
from finrec_spark.campaigns.allocation.survey import Survey, check_survey, sum_unit, survey_of, survey_part, unmatched
from finrec_spark.errors import ConfigError

_WIDENED_BY, _WIDENINGS = 4, 2
_CURVED_RIDGE = 0.3  # of the mean value: a wider ridge than that of the prices, for a steadier curvature
_STEPS, _ENOUGH = 4, 1e-5
_WHOLE_CAMPAIGN = Effort(gap=1e-3, gap_yuan=1e-9, nodes=200)
_CLOSE_CALLS = Effort(gap=1e-4, gap_yuan=0.0, nodes=50)
_CLOSE_CALLS_GAP = 3e-4  # of what the whole campaign may bring


class Rounded(NamedTuple):
    """A decision, its sums over all customers, and the bound in weighted yuan."""

    decision: Decision
    sums: Ints
    bound: float


def decide(
    candidates: Candidates, params: AllocationParams, start: Iterable[LimitPrice] = ()
) -> tuple[Decision, AllocationReport]:
    """The allocation that the parameters ask for; without candidates one without offers.

    Args:
        start: ``AllocationReport.prices`` of an earlier campaign; those of limits that this one does not have are
            ignored.

    Raises:
        DataQualityError: a candidate is given twice.
        ConfigError: limits that no allocation keeps, or too many candidates for exact mode.
    """
    if not candidates.count:
        return nothing_to_allocate(candidates.vocabulary, params)
    if params.exact and candidates.count > params.exact_candidates:
        raise ConfigError(f"exact: {candidates.count} candidates, above exact_candidates: {params.exact_candidates}")
    read = PassCount(candidates)
    problem, sample = surveyed(read, params)
    prices = sample_prices(sample, start)
    if sample.share < 1 and not params.exact:
        prices = prices_of_all(read, problem, sample, prices, params)
    found = decided_exactly(read, problem, prices) if params.exact else rounded(read, problem, prices, params)
    levers = lever_costs(sample, params, prices)
    return found.decision, report_of(found, levers, sample.share, read.passes, params)


def nothing_to_allocate(vocabulary: Vocabulary, params: AllocationParams) -> tuple[Decision, AllocationReport]:
    """The allocation without offers, of a campaign without candidates.

    Raises:
        ConfigError: a product has a minimum.
    """
    check_survey(Survey(0, 0, 0, 0.0, np.zeros(len(vocabulary.products), np.int64)), params, vocabulary)
    rows, weights = rows_of(params, vocabulary), weights_of(params.levers, vocabulary)
    problem = Problem(vocabulary, rows, weights, params.offers_per_customer, params.seed, 1.0, 1.0, 0.0)
    decision = Decision(problem, _everyone_open(problem, np.zeros(len(rows))), frozenset())
    found = Rounded(decision, np.zeros(2 + vocabulary.n_resources, np.int64), 0.0)
    return decision, report_of(found, (), 1.0, 0, params)


def surveyed(read: PassCount, params: AllocationParams) -> tuple[Problem, Sample]:
    """The campaign as a problem, checked against what there is to choose from, and a sample of that; one pass."""
    vocabulary, count = read.candidates.vocabulary, read.candidates.count
    weights = weights_of(params.levers, vocabulary)
    largest = read.candidates.largest_yuan * weights.largest
    unit, share = sum_unit(count, largest), min(1.0, params.sample_candidates / count)
    products = len(vocabulary.products)
    part = partial(survey_part, weights=weights, unit=unit, n_products=products, share=share)
    sums, drawn = read.collect_customers(part)
    survey = survey_of(sums, unit)
    check_survey(survey, params, vocabulary)
    scale = max(survey.size_yuan / count, 1e-6)
    rows = rows_of(params, vocabulary)
    problem = Problem(vocabulary, rows, weights, params.offers_per_customer, params.seed, unit, scale, largest)
    share = len(drawn.sizes) / survey.customers or share
    return problem, Sample(drawn, problem.of_share(share), share)


def prices_of_all(read: PassCount, problem: Problem, sample: Sample, start: Floats, params: AllocationParams) -> Floats:
    """The sample's prices, brought to the limits by passes over all candidates; the curvature stays the sample's."""
    of_sample = local_curvature(sample.block, sample.problem, _CURVED_RIDGE * problem.scale)
    ridge = RIDGES[-1] * problem.scale

    def evaluate(tried: Sequence[Floats]) -> list[Dual]:
        sums = read.total(partial(ridge_sums, problem=problem, tried=tried, ridge=ridge))
        return duals_of(sums, tried, problem)

    def curvature(prices: Floats) -> Floats:
        return of_sample(prices) / sample.share

    trust = trust_of(sample.block, sample.problem, sample.share)
    search = Search(params.price_passes - 1, _STEPS, _ENOUGH)
    return minimised(evaluate, curvature, start, trust, search)


def rounded(read: PassCount, problem: Problem, prices: Floats, params: AllocationParams) -> Rounded:
    """Cut at these prices; where HiGHS finds that the open customers cannot keep the limits, more are opened."""
    n = problem.vocabulary.n_resources
    closeness = read.tally(partial(closeness_sums, problem=problem, prices=prices))
    bound = dual_of(closeness[: 1 + n], prices, problem).value
    effort = _CLOSE_CALLS._replace(gap_yuan=_CLOSE_CALLS_GAP * abs(bound))
    for widening in range(1 + _WIDENINGS):
        core = params.core_candidates * _WIDENED_BY**widening
        found = _closed(read, problem, cut_of(closeness, problem, prices, core), effort)
        if found is not None:
            return found._replace(bound=bound)
        if core >= read.candidates.count:
            break
    raise ConfigError(_no_allocation(problem, f"tried with {core} candidates left open"))


def decided_exactly(read: PassCount, problem: Problem, prices: Floats) -> Rounded:
    """Every customer left to HiGHS."""
    found = _closed(read, problem, _everyone_open(problem, prices), _WHOLE_CAMPAIGN)
    if found is None:
        raise ConfigError(_no_allocation(problem, "HiGHS found none"))
    return found


def _everyone_open(problem: Problem, prices: Floats) -> Cut:
    none = np.zeros(problem.vocabulary.n_resources + 1, np.int64)
    return Cut(prices, none, none > 0, none, BINS)


def _closed(read: PassCount, problem: Problem, cut: Cut, effort: Effort) -> Rounded | None:
    """The settled customers' offers with the best for the open ones; none where those cannot keep the limits."""
    sums, block = read.collect_customers(partial(settled_part, problem=problem, cut=cut))
    left = problem.limits - sums[2:][problem.resources]
    left = np.where(problem.signs < 0, np.maximum(left, 0), left)
    found = solve(block, problem, left, effort)
    return None if found is None else _with_open(problem, cut, sums, block, found)


def _with_open(problem: Problem, cut: Cut, sums: Ints, block: Block, found: Solved) -> Rounded:
    decision = Decision(problem, cut, frozenset(offer_keys(block, found.chosen)))
    return Rounded(decision, sums + chosen_sums(block, found.chosen, problem), found.bound)


def _no_allocation(problem: Problem, how: str) -> str:
    minima = ", ".join(row.name for row in problem.rows if row.sign < 0)
    return f"no allocation keeps all limits ({how}): lower the minima ({minima}) or raise what they compete for"


def report_of(
    found: Rounded, levers: tuple[LeverCost, ...], share: float, passes: int, params: AllocationParams
) -> AllocationReport:
    """The decision in numbers; refuses one that does not keep its limits."""
    problem, prices = found.decision.problem, found.decision.cut.prices
    figures = reached(found.sums, problem)
    return AllocationReport(
        figures.offers,
        figures.value_yuan,
        figures.cost_yuan,
        figures.objective_yuan,
        found.bound,
        tuple(limit_use(row, figures.used, price) for row, price in zip(problem.rows, prices, strict=True)),
        levers,
        share,
        unmatched(params, problem.vocabulary),
        passes,
        "exact" if params.exact else "prices",
    )
