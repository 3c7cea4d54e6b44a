"""Boosted trees of several horizons, and the plain fusion that they refine.

The trees never replace the fusion: the ensemble's score is a geometric mean of both, in which trees count the less the
fewer positives they have seen. With F the fusion's share of a candidate, Sₕ the share of the trees of horizon h (their
probability ÷ the sum over the customer's candidates), nₕ the positives that they learned from and n₀ the
``settled_positives``:

    aₕ = nₕ ÷ (nₕ + n₀)          score = ∏ₕ (Sₕ^aₕ · F^(1 − aₕ))^(1 ÷ H)

A horizon without trees has a = 0.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from finrec_spark.arrays import Floats, Ints
from finrec_spark.evaluation.backtest.pairs import Pairs, Scored
from finrec_spark.evaluation.backtest.params import BacktestParams
from finrec_spark.evaluation.backtest.training_rows import TrainingRows, examples
from finrec_spark.models.trees.boosting import boosted_trees
from finrec_spark.models.trees.kernel import Trees, probabilities

_LEAST = 1e-9
_BELOW = 1e-6


@dataclass(frozen=True)
class HorizonTrees:
    """Trees of one horizon.

    Attributes:
        trees: they score a candidate's features.
        weight: a of the formula, in (0, 1).
    """

    trees: Trees
    weight: float


@dataclass(frozen=True)
class Refined:
    """Scores in [0, 1 + 1e-6], B × P each.

    Attributes:
        trees: geometric mean of the horizons' trees; the fusion where there are none.
        ensemble: that refines the fusion.
    """

    trees: Floats
    ensemble: Floats


def fitted_horizons(
    rows: TrainingRows, day: int, names: tuple[str, ...], params: BacktestParams
) -> tuple[HorizonTrees, ...]:
    """The trees of a date, one group a horizon that had enough positives by then."""
    with ThreadPoolExecutor(params.learning.fits_at_once) as pool:
        fitted = pool.map(lambda horizon: _fitted(rows, day, horizon, names, params), params.learning.horizons_days)
        return tuple(trees for trees in fitted if trees is not None)


def _fitted(
    rows: TrainingRows, day: int, horizon_days: int, names: tuple[str, ...], params: BacktestParams
) -> HorizonTrees | None:
    learned_from = examples(rows, day, horizon_days, params.learning)
    positives = float(learned_from.label.sum())
    if positives < params.learning.least_positives:
        return None
    trees = boosted_trees(learned_from.features, learned_from.label, learned_from.weight, names, params.boosting)
    return HorizonTrees(trees, positives / (positives + params.learning.settled_positives))


def refined_scores(pairs: Pairs, scores: Scored, horizons: tuple[HorizonTrees, ...], n_horizons: int) -> Refined:
    """What trees, and the ensemble of trees and fusion, say of B customers.

    Args:
        pairs: the customers' candidates.
        scores: what plain signals say of them.
        horizons: the trees that there are.
        n_horizons: H, those without trees among them.
    """
    n_customers = len(scores.fusion)
    fusion = _log_share(scores.fusion[pairs.customer, pairs.product], pairs.customer, n_customers)
    logs = [_log_share(probabilities(h.trees, pairs.features), pairs.customer, n_customers) for h in horizons]
    weights = [h.weight / n_horizons for h in horizons]
    refined = (1.0 - sum(weights)) * fusion + sum((w * log for w, log in zip(weights, logs, strict=True)), start=0.0)
    trees = np.mean(logs, axis=0) if logs else fusion
    return Refined(*(_on_products(np.exp(values), pairs, scores) for values in (trees, refined)))


def _log_share(values: Floats, customer: Ints, n_customers: int) -> Floats:
    log: Floats = np.log(np.maximum(_share(values, customer, n_customers), _LEAST))
    return log


def _share(values: Floats, customer: Ints, n_customers: int) -> Floats:
    total = np.bincount(customer, values, minlength=n_customers)[customer]
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def _on_products(values: Floats, pairs: Pairs, scores: Scored) -> Floats:
    """B × P: the candidates' shares, and below all of them what was no candidate, by the fusion."""
    dense = scores.fusion * _BELOW
    dense[pairs.customer, pairs.product] = _BELOW + _share(values, pairs.customer, len(dense))
    return dense
