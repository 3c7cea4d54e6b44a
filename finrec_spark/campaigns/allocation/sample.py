"""A few customers with their share of the limits: what prices, curvatures and levers are estimated on."""

from collections.abc import Iterable
from dataclasses import dataclass

from finrec_spark.arrays import Floats
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.choice import WHOLE, shares_of
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.allocation.prices import prices_of
from finrec_spark.campaigns.allocation.problem import Problem, Weights, reduced_value, weights_of
from finrec_spark.campaigns.allocation.report import LeverCost, LimitPrice
from finrec_spark.sampling import keyed_uniform

RIDGES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Of the mean value: the ridge shrinks from one at which prices are easily found to one that hardly bends them."""

_WARM_RIDGES = RIDGES[2:]


@dataclass(frozen=True)
class Sample:
    """Some customers, the campaign with its limits scaled to them, and which share of all customers they are."""

    block: Block
    problem: Problem
    share: float


def drawn_customers(block: Block, share: float) -> Block:
    """A seeded draw of about this share of the block's customers."""
    return block.of_customers(keyed_uniform(block.keys, "allocation sample") < share)


def sample_prices(sample: Sample, start: Iterable[LimitPrice]) -> Floats:
    """Prices of the sample's limits.

    Args:
        start: prices of an earlier campaign; where there are none the ridge starts larger.
    """
    prices = sample.problem.prices_from(start)
    ridges = _WARM_RIDGES if prices.any() else RIDGES
    return prices_of(sample.block, sample.problem, prices, ridges)


def lever_costs(sample: Sample, params: AllocationParams, prices: Floats) -> tuple[LeverCost, ...]:
    """What each lever costs in expected yuan, by a second search for prices on the sample, without the lever."""
    value = expected_yuan(sample, sample.problem.weights, prices) if params.levers else 0.0
    vocabulary, costs = sample.problem.vocabulary, []
    for lever in params.levers:
        others = tuple(other for other in params.levers if other is not lever)
        without = expected_yuan(sample, weights_of(others, vocabulary), prices)
        costs.append(LeverCost(lever.label, (without - value) / sample.share))
    return tuple(costs)


def expected_yuan(sample: Sample, weights: Weights, start: Floats) -> float:
    """Yuan without levers of the sample's best shares under these weights and the sample's limits."""
    problem = sample.problem.with_weights(weights)
    prices = prices_of(sample.block, problem, start, _WARM_RIDGES)
    reduced = reduced_value(sample.block, problem, prices)
    taken = shares_of(sample.block, reduced, problem.offers, RIDGES[-1] * problem.scale)
    return float(sample.block.value[taken.position] @ (taken.share / WHOLE))
