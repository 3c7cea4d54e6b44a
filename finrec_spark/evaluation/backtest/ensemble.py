"""Trees of several horizons that vote, and the plain fusion that they refine.

Of each horizon boosted trees and a random forest learn from the same rows and vote: their probabilities are averaged.

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
from finrec_spark.models.trees.boosting import bagged_trees, boosted_trees
from finrec_spark.models.trees.kernel import Trees, probabilities

BOOSTED, FOREST = "boosted_trees", "random_forest"
VOTERS = (BOOSTED, FOREST)

_LEAST = 1e-9
_BELOW = 1e-6


@dataclass(frozen=True)
class HorizonTrees:
    """Trees of one horizon.

    Attributes:
        voters: trees of each of ``VOTERS``, which score a candidate's features.
        weight: a of the formula, in (0, 1).
    """

    voters: dict[str, Trees]
    weight: float


@dataclass(frozen=True)
class Refined:
    """Scores in [0, 1 + 1e-6], B × P each.

    Attributes:
        voters: of each of ``VOTERS`` the geometric mean of the horizons' trees; the fusion where there are none.
        ensemble: that refines the fusion.
    """

    voters: dict[str, Floats]
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
    told = (learned_from.features, learned_from.label, learned_from.weight, names)
    voters = {BOOSTED: boosted_trees(*told, params.boosting), FOREST: bagged_trees(*told, params.forest)}
    return HorizonTrees(voters, positives / (positives + params.learning.settled_positives))


def refined_scores(pairs: Pairs, scores: Scored, horizons: tuple[HorizonTrees, ...], n_horizons: int) -> Refined:
    """What trees, and the ensemble of trees and fusion, say of B customers.

    Args:
        pairs: the customers' candidates.
        scores: what plain signals say of them.
        horizons: the trees that there are.
        n_horizons: H, those without trees among them.
    """
    fusion = _log_share(scores.fusion[pairs.customer, pairs.product], pairs, scores)
    of_horizons = [
        {name: probabilities(trees, pairs.features) for name, trees in horizon.voters.items()} for horizon in horizons
    ]
    votes = [_log_share(np.mean(list(of_voters.values()), axis=0), pairs, scores) for of_voters in of_horizons]
    weights = [horizon.weight / n_horizons for horizon in horizons]
    refined = (1.0 - sum(weights)) * fusion + sum((w * log for w, log in zip(weights, votes, strict=True)), start=0.0)
    alone = {
        name: np.mean([_log_share(of_voters[name], pairs, scores) for of_voters in of_horizons] or [fusion], axis=0)
        for name in VOTERS
    }
    return Refined(
        {name: _on_products(np.exp(logs), pairs, scores) for name, logs in alone.items()},
        _on_products(np.exp(refined), pairs, scores),
    )


def _log_share(values: Floats, pairs: Pairs, scores: Scored) -> Floats:
    log: Floats = np.log(np.maximum(_share(values, pairs.customer, len(scores.fusion)), _LEAST))
    return log


def _share(values: Floats, customer: Ints, n_customers: int) -> Floats:
    total = np.bincount(customer, values, minlength=n_customers)[customer]
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def _on_products(values: Floats, pairs: Pairs, scores: Scored) -> Floats:
    """B × P: the candidates' shares, and below all of them what was no candidate, by the fusion."""
    dense = scores.fusion * _BELOW
    dense[pairs.customer, pairs.product] = _BELOW + _share(values, pairs.customer, len(dense))
    return dense
