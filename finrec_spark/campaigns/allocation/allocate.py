"""The method: survey, prices on a sample, prices on all, a cut, and HiGHS for the closest calls."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from finrec_spark.arrays import Floats, Ints
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.candidates import Candidates, PassCount
from finrec_spark.campaigns.allocation.choice import dual_sums
from finrec_spark.campaigns.allocation.decision import (
    Decision,
    chosen_sums,
    limit_use,
    offer_keys,
    open_customers,
    reached,
    settled_sums,
)
from finrec_spark.campaigns.allocation.exact import CLOSE_CALLS, WHOLE_CAMPAIGN, Solved, solve
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.allocation.prices import Dual, dual_of, local_curvature, minimised, trust_of
from finrec_spark.campaigns.allocation.problem import Problem, reduced_value, rows_of, weights_of
from finrec_spark.campaigns.allocation.report import AllocationReport, LeverCost
from finrec_spark.campaigns.allocation.rounding import BINS, Cut, closeness_sums, cut_of
from finrec_spark.campaigns.allocation.sample import RIDGES, Sample, lever_costs, sample_of, sample_prices
from finrec_spark.campaigns.allocation.survey import (
    Survey,
    check_survey,
    sum_unit,
    survey_of,
    survey_sums,
    unmatched,
)
from finrec_spark.errors import ConfigError, InputMissing

_WIDENED_BY, _WIDENINGS = 4, 2
_OTHER_PASSES = 3 + 2 * (1 + _WIDENINGS)  # survey, sample, closeness, and two for each core that is tried
_CURVED_RIDGE = 0.1  # of the mean value: a wider ridge than that of the prices, for a steadier curvature

StartPrices = Mapping[tuple[str, str], float]
"""``AllocationReport.prices`` of an earlier campaign; those of limits that this one does not have are ignored."""


class Rounded(NamedTuple):
    """A decision, its sums over all customers, and the bound in weighted yuan."""

    decision: Decision
    sums: Ints
    bound: float


def decide(
    candidates: Candidates, params: AllocationParams, start: StartPrices | None = None
) -> tuple[Decision, AllocationReport]:
    """The allocation that the parameters ask for.

    Raises:
        InputMissing: there are no candidates.
        DataQualityError: a candidate is given twice.
        ConfigError: limits that no allocation keeps, or too many candidates for exact mode.
    """
    if not candidates.count:
        raise InputMissing("there are no candidates to allocate: check what was scored for the campaign")
    if params.exact and candidates.count > params.exact_candidates:
        raise ConfigError(f"exact: {candidates.count} candidates, above exact_candidates: {params.exact_candidates}")
    read = PassCount(candidates)
    problem, survey = surveyed(read, params)
    sample = sample_of(read, problem, survey.customers, params)
    prices = sample_prices(sample, start or {})
    if sample.share < 1 and not params.exact:
        prices = prices_of_all(read, problem, sample, prices, params)
    found = decided_exactly(read, problem, prices) if params.exact else rounded(read, problem, prices, params)
    levers = lever_costs(sample, params, prices)
    return found.decision, report_of(found, levers, sample.share, read.passes, params)


def surveyed(read: PassCount, params: AllocationParams) -> tuple[Problem, Survey]:
    """The campaign as a problem, and what there is to choose from, checked."""
    vocabulary = read.candidates.vocabulary
    weights = weights_of(params.levers, vocabulary)
    largest = read.candidates.largest_yuan * weights.largest
    unit = sum_unit(read.candidates.count, largest)
    part = partial(survey_sums, weights=weights, unit=unit, n_products=len(vocabulary.products))
    survey = survey_of(read.total(part), unit)
    check_survey(survey, params, vocabulary)
    scale = max(survey.size_yuan / max(survey.candidates, 1), 1e-6)
    rows = rows_of(params, vocabulary)
    offers, seed = params.offers_per_customer, params.seed
    return Problem(vocabulary, rows, weights, offers, seed, unit, scale, largest), survey


def prices_of_all(read: PassCount, problem: Problem, sample: Sample, start: Floats, params: AllocationParams) -> Floats:
    """The sample's prices, brought to the limits by passes over all candidates; the curvature stays the sample's."""
    block, scaled = sample.block, sample.problem
    second = local_curvature(block, scaled, _CURVED_RIDGE * problem.scale)(start) / sample.share
    ridge = RIDGES[-1] * problem.scale

    def evaluate(prices: Floats) -> Dual:
        sums = read.total(partial(ridge_sums, problem=problem, prices=prices, ridge=ridge))
        return dual_of(sums, prices, problem)

    trust = trust_of(block, scaled, sample.share)
    return minimised(evaluate, lambda _: second, start, trust, params.passes - _OTHER_PASSES)


def ridge_sums(block: Block, problem: Problem, prices: Floats, ridge: float) -> Ints:
    """``dual_sums`` of a block at these prices."""
    return dual_sums(block, reduced_value(block, problem, prices), problem, ridge)


def rounded(read: PassCount, problem: Problem, prices: Floats, params: AllocationParams) -> Rounded:
    """Cut at these prices; where HiGHS finds that the open customers cannot keep the limits, more are opened."""
    n = problem.vocabulary.n_resources
    closeness = read.total(partial(closeness_sums, problem=problem, prices=prices))
    bound = dual_of(closeness[: 1 + n], prices, problem).value
    for widening in range(1 + _WIDENINGS):
        core = params.core_candidates * _WIDENED_BY**widening
        found = _closed(read, problem, cut_of(closeness, problem, prices, core))
        if found is not None:
            return found._replace(bound=bound)
        if core >= read.candidates.count:
            break
    raise ConfigError(_no_allocation(problem, f"tried with {core} candidates left open"))


def decided_exactly(read: PassCount, problem: Problem, prices: Floats) -> Rounded:
    """Every customer left to HiGHS."""
    nothing = np.zeros(problem.vocabulary.n_resources + 1, np.int64)
    found = _closed(read, problem, Cut(prices, nothing, nothing, BINS), exact=True)
    if found is None:
        raise ConfigError(_no_allocation(problem, "HiGHS found none"))
    return found


def _closed(read: PassCount, problem: Problem, cut: Cut, exact: bool = False) -> Rounded | None:
    """The settled customers' offers with the best for the open ones; none where those cannot keep the limits."""
    sums = read.total(partial(settled_sums, problem=problem, cut=cut))
    block = read.collect_customers(partial(open_customers, problem=problem, cut=cut))
    left = problem.limits - sums[2:][problem.resources]
    left = np.where(problem.signs < 0, np.maximum(left, 0), left)
    found = solve(block, problem, left, WHOLE_CAMPAIGN if exact else CLOSE_CALLS)
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
