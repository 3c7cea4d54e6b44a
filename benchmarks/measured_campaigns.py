"""Whether the intervals of ``measure`` hold what they promise, on simulated campaigns whose truth is known.

    .venv/bin/python benchmarks/measured_campaigns.py [--campaigns 200] [--customers 40000] [--seed 17] [--more SHARE]

Few customers take anything, amounts are log-normal with a long tail and hang on the money before, strata differ in
size, takers and amounts, controls are 10 % of the chosen and 50 % of the explorers. Contact makes 10 to 80 % more take;
in every other campaign they also take up to 30 % more money. The truth is what the treated brought less what the same
customers would have brought untreated. Prints, for every method, how often the interval covers it, on which side it
misses, its median width, and how often a campaign without any effect is called significant. Ends with 1 where the
method to believe covers less than 92 % or more than 98 %, or calls more than 7 % of nothing.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from finrec_spark.arrays import Bools, Floats, Ints
from finrec_spark.campaigns.measurement.estimates import METHODS, SHARED, YUAN, Estimate, estimate, strata_of
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.measurement.statistics import CELL, PRODUCTS
from finrec_spark.vocabulary import CONTROL, TREATMENT

SEGMENTS = (0.5, 0.3, 0.15, 0.045, 0.005)  # shares; the smallest is there to be joined with others
CONTROL_SHARE, EXPLORER_SHARE, EXPLORER_CONTROL_SHARE = 0.1, 0.1, 0.5
TAIL = 1.2  # σ of the logarithm of an amount: the largest of a hundred is some twenty times the median


@dataclass(frozen=True)
class Customers:
    """A simulated campaign's customers, an array each, and the yuan that its treated truly brought beyond."""

    segment: Ints
    explorer: Bools
    is_control: Bools
    taken: Bools
    yuan: Floats
    baseline: Floats
    truth: float


@dataclass(frozen=True)
class Campaign:
    """The cells of a simulated campaign and the yuan that its treated truly brought beyond what they would have."""

    cells: pd.DataFrame
    truth: float


@dataclass(frozen=True)
class Score:
    """What became of one method's intervals over many campaigns."""

    covered: float
    too_high: float
    too_low: float
    width: float
    false_alarms: float


def simulated_campaign(seed: int, customers: int, lift: float, more: float = 0.0) -> Campaign:
    """One campaign; see ``simulated_customers``."""
    simulated = simulated_customers(seed, customers, lift, more)
    return Campaign(cells_of(simulated), simulated.truth)


def simulated_customers(seed: int, customers: int, lift: float, more: float = 0.0) -> Customers:
    """The customers of one campaign.

    Args:
        lift: share by which contact raises everyone's probability of taking.
        more: share by which contact raises what a taker takes.
    """
    rng = np.random.default_rng(seed)
    segment = rng.choice(len(SEGMENTS), customers, p=SEGMENTS)
    explorer = rng.random(customers) < EXPLORER_SHARE
    control_share = np.where(explorer, EXPLORER_CONTROL_SHARE, CONTROL_SHARE)
    is_control = rng.random(customers) < control_share
    wealth = rng.normal(size=customers) + 0.4 * segment
    baseline = np.where(rng.random(customers) < 0.4, np.round(np.exp(9 + wealth), 2), 0.0)
    amount = np.round(np.exp(9 + 0.5 * wealth + TAIL * rng.normal(size=customers)), 2)
    would = 0.012 * np.exp(0.25 * wealth) * np.where(explorer, 0.6, 1.0)
    draw = rng.random(customers)
    untreated, treated = draw < would, draw < would * (1 + lift)
    with_contact, without = np.round(amount * (1 + more), 2) * treated, amount * untreated
    truth = float((with_contact - without)[~is_control].sum())
    taken = np.where(is_control, untreated, treated)
    yuan = np.where(is_control, without, with_contact)
    return Customers(segment, explorer, is_control, taken, yuan, baseline, truth)


def simulated_campaigns(
    seed: int, n: int, customers: int, more: float | None = None
) -> tuple[list[Campaign], list[Campaign]]:
    """``n`` campaigns that make 10 to 80 % more take, and ``n`` that do nothing; no two of them share a customer.

    Args:
        more: share by which each of the first also raises amounts; None: every other one by 0 to 30 %.
    """
    rng = np.random.default_rng(seed)
    lifts, drawn = rng.uniform(0.1, 0.8, n), rng.uniform(0, 0.3, n) * (np.arange(n) % 2)
    raised = drawn if more is None else np.full(n, more)
    first = seed * 1_000_000
    effects = enumerate(zip(lifts, raised, strict=True))
    effective = [simulated_campaign(first + i, customers, *effect) for i, effect in effects]
    return effective, [simulated_campaign(first + 500_000 + i, customers, 0.0) for i in range(n)]


def cells_of(customers: Customers) -> pd.DataFrame:
    """The customers as ``collect_statistics`` adds them up; a test holds the two against each other."""
    amounts = {"yuan": customers.yuan, "capped": _capped(customers.yuan), "baseline": _capped(customers.baseline)}
    summands = {"contacted": ~customers.is_control, "active": customers.baseline > 0, **amounts}
    summands |= {name: amounts[left] * amounts[right] for name, (left, right) in PRODUCTS.items()}
    code = ((customers.segment * 2 + customers.explorer) * 2 + customers.is_control) * 2 + customers.taken
    counts = np.bincount(code)
    cell = np.flatnonzero(counts)
    sums = {name: np.bincount(code, weights=summand)[cell] for name, summand in summands.items()}
    segment, explored = (cell // 8).astype(str), cell // 4 % 2 == 1
    share = np.where(explored, EXPLORER_CONTROL_SHARE, CONTROL_SHARE)
    arm = np.where(cell // 2 % 2 == 1, CONTROL, TREATMENT)
    keys = ("simulated", "P001", "app", segment, segment, explored, share, arm, cell % 2 == 1)
    named = dict(zip(CELL, keys, strict=True))
    return pd.DataFrame({**named, "units": counts[cell].astype(np.float64), **sums})


def _capped(amounts: Floats) -> Floats:
    """Cut to the 99 % quantile of what is above zero, read from steps of 1 % as Spark does."""
    steps = np.ceil(np.log(amounts[amounts > 0]) * 100)
    limit = np.exp(np.ceil(np.quantile(steps, MeasureParams().winsor_quantile)) / 100) if len(steps) else 0.0
    return np.asarray(np.round(np.minimum(amounts, limit), 2))


def scores(effective: Sequence[Campaign], idle: Sequence[Campaign], params: MeasureParams) -> dict[str, Score]:
    """By method: the intervals of the campaigns with an effect, the p-values of those without."""
    truth = np.array([campaign.truth for campaign in effective])
    found, nothing = ([_estimates(campaign, params) for campaign in group] for group in (effective, idle))
    return {
        method: _score([one[i] for one in found], [one[i] for one in nothing], truth, params)
        for i, method in enumerate(METHODS)
    }


def _score(found: Sequence[Estimate], nothing: Sequence[Estimate], truth: Floats, params: MeasureParams) -> Score:
    low, high = (np.array([getattr(one, end) for one in found]) for end in ("low", "high"))
    return Score(
        covered=float(np.mean((low <= truth) & (truth <= high))),
        too_high=float(np.mean(low > truth)),
        too_low=float(np.mean(high < truth)),
        width=float(np.median((high - low) / np.abs(truth))),
        false_alarms=float(np.mean([one.p_value < 1 - params.level for one in nothing])),
    )


def _estimates(campaign: Campaign, params: MeasureParams) -> list[Estimate]:
    strata = strata_of(campaign.cells, YUAN, CONTROL, params.smallest_stratum)
    return [estimate(strata, method, params.level) for method in METHODS]


def main(argv: Sequence[str] | None = None) -> int:
    """Simulate, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--campaigns", type=int, default=200)
    parser.add_argument("--customers", type=int, default=40_000)
    parser.add_argument("--seed", type=int, default=17)
    parser.add_argument("--more", type=float, help="share by which every campaign raises amounts; default: drawn")
    options = parser.parse_args(argv)
    start = time.perf_counter()
    effective, idle = simulated_campaigns(options.seed, options.campaigns, options.customers, options.more)
    simulated = time.perf_counter()
    table = Table("method", "covers", "too high", "too low", "width ÷ truth", "false alarms")
    by_method = scores(effective, idle, MeasureParams())
    for method, score in by_method.items():
        shares = (score.covered, score.too_high, score.too_low)
        table.add_row(method, *[f"{share:.1%}" for share in shares], f"{score.width:.2f}", f"{score.false_alarms:.1%}")
    console = Console(width=120)
    console.print(table)
    console.print(
        f"{options.campaigns} campaigns with an effect and as many without, {options.customers:,} customers each: "
        f"simulated in {simulated - start:.1f} s, measured in {time.perf_counter() - simulated:.1f} s"
    )
    believed = by_method[SHARED]
    return 0 if 0.92 <= believed.covered <= 0.98 and believed.false_alarms <= 0.07 else 1


if __name__ == "__main__":
    sys.exit(main())
