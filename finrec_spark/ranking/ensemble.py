"""Several models' scores made into one: trees over what all of them say, or their mean where there are no trees yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.calibration import Curve, calibrated
from finrec_spark.models.scorer import CustomerBatch, Explanation, Scorer
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.models.trees.kernel import Trees, attributed, attribution_table, leaves, probabilities
from finrec_spark.params import Params
from finrec_spark.ranking.pairs import SENSITIVE_GROUP, PairFeatures
from finrec_spark.ranking.top_n import top_n

FALLBACK = "popularity"
_FALLBACK_WEIGHT = 1e-6  # orders what no other model has scored, changes nothing else
_TIE = 1e-6  # of the trees' own score, so that a flat piece of the calibration curve makes no ties


class EnsembleParams(Params):
    """What the ensemble looks at."""

    candidates: int = Field(
        50, ge=1, le=1000, description="Products a customer that the trees look at, the best by the models' mean"
    )
    sensitive: tuple[str, ...] = Field(
        ("categories:gender", "categories:marital_status", "categories:region", "numbers:children", "numbers:age"),
        description="Profile features that are never given as a reason",
    )
    excluded: tuple[str, ...] = Field((), description="Profile features that no tree may be trained on")
    forest: TreesParams = Field(TreesParams(), description="The random forest")
    tree: TreesParams = Field(TreesParams(depth=5, minimum_rows=50), description="The single tree beside it")
    pairs_a_month: int = Field(
        150_000, ge=1_000, description="Pairs that were not taken, of one month, that the trees learn from, about"
    )
    calibration: Literal["isotonic", "sigmoid"] = Field("isotonic", description="How the score becomes a probability")


@dataclass(frozen=True)
class Scores:
    """What the models say of a batch; every matrix is B × P.

    Attributes:
        own: each model's scores as they are.
        shares: the same as shares of the customer's best eligible product, in [0, 1]; 0 where not eligible.
        mean: mean of the shares, with a trace of popularity so that what no model scored has an order.
    """

    own: Mapping[str, Floats]
    shares: Mapping[str, Floats]
    mean: Floats


@dataclass(frozen=True)
class Ranked:
    """The best n products of B customers.

    Attributes:
        products: positions, B × n, best first; -1 where none are left.
        score: B × n; a calibrated probability where trees made it.
        parts: reason group → its part of the score before calibration, B × n.
        total: the score before calibration, B × n, what the parts are shares of.
    """

    products: Ints
    score: Floats
    parts: Mapping[str, Floats]
    total: Floats


@dataclass(frozen=True)
class Forest:
    """The trees on top of the models.

    Attributes:
        features: what the trees read.
        trees: the random forest.
        groups: the reason groups, in the order of ``attribution``.
        attribution: what the path to each node adds, nodes × groups (``models.trees.attribution_table``).
        curve: from the forest's score to a probability.
        candidates: products a customer that the trees look at.
    """

    features: PairFeatures
    trees: Trees
    groups: tuple[str, ...]
    attribution: Floats
    curve: Curve
    candidates: int


@dataclass(frozen=True)
class Ensemble:
    """The models of one month and what is made of their scores.

    Attributes:
        scorers: the models by name; ``popularity`` is among them and is the fallback.
        forest: None while the bank has too little history for one; the models' mean then ranks.
    """

    scorers: Mapping[str, Scorer]
    forest: Forest | None = None

    def scores(self, batch: CustomerBatch, eligible: NDArray[np.bool_]) -> Scores:
        """Every model's word on every product."""
        own = {name: scorer.score(batch) for name, scorer in self.scorers.items()}
        shares = {name: relative(scores, eligible) for name, scores in own.items()}
        mean = sum(shares.values(), start=np.zeros(eligible.shape)) / len(shares)
        return Scores(own, shares, mean + _FALLBACK_WEIGHT * shares[FALLBACK])

    def ranked(self, batch: CustomerBatch, eligible: NDArray[np.bool_], n: int, id_rank: Ints) -> Ranked:
        """The best ``n`` eligible products of each customer."""
        scores = self.scores(batch, eligible)
        if self.forest is None:
            return _by_mean(scores, eligible, n, id_rank)
        return _by_forest(self.forest, batch, scores, eligible, n, id_rank)

    def explanations(self, batch: CustomerBatch, ranked: Ranked) -> dict[str, Explanation]:
        """Reason group → what stands behind it, for the groups that may be told."""
        products = np.maximum(ranked.products, 0)
        told = (group for group in ranked.parts if group != SENSITIVE_GROUP)
        return {
            group: self.scorers[group].explain(batch, products) if group in self.scorers else _plain(group, products)
            for group in told
        }


def forest_of(features: PairFeatures, trees: Trees, curve: Curve, n_candidates: int) -> Forest:
    """The forest with its attributions laid out by reason group."""
    groups = tuple(dict.fromkeys(features.groups.values()))
    group_of = [groups.index(group) for group in features.groups.values()]
    return Forest(features, trees, groups, attribution_table(trees, group_of, len(groups)), curve, n_candidates)


def candidates(scores: Scores, eligible: NDArray[np.bool_], n: int, id_rank: Ints) -> Ints:
    """The n best eligible products by the models' mean, B × min(n, P); -1 where none are left."""
    return top_n(scores.mean, eligible, n, id_rank)


def relative(scores: Floats, eligible: NDArray[np.bool_]) -> Floats:
    """Scores divided by the row's best eligible one; what is negative or not eligible becomes 0.

    >>> relative(np.array([[4.0, 2.0, -1.0], [0.0, 0.0, 0.0]]), np.array([[False, True, True]] * 2))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    kept = np.where(eligible, np.maximum(scores, 0.0), 0.0)
    best = kept.max(axis=1, keepdims=True, initial=0.0)
    return np.divide(kept, best, out=np.zeros_like(kept), where=best > 0)


def on_products(values: Floats, products: Ints, n_products: int) -> Floats:
    """B × P: the candidates' values at their positions, -1 elsewhere."""
    dense = np.full((products.shape[0], n_products), -1.0)
    rows, places = np.nonzero(products >= 0)
    dense[rows, products[rows, places]] = values[rows, places]
    return dense


def _by_mean(scores: Scores, eligible: NDArray[np.bool_], n: int, id_rank: Ints) -> Ranked:
    products = top_n(scores.mean, eligible, n, id_rank)
    rows, chosen = np.arange(products.shape[0])[:, None], np.maximum(products, 0)
    parts = {name: shares[rows, chosen] / len(scores.shares) for name, shares in scores.shares.items()}
    parts[FALLBACK] = parts[FALLBACK] + _FALLBACK_WEIGHT * scores.shares[FALLBACK][rows, chosen]
    total = scores.mean[rows, chosen]
    return Ranked(products, total, parts, total)


def _by_forest(
    forest: Forest, batch: CustomerBatch, scores: Scores, eligible: NDArray[np.bool_], n: int, id_rank: Ints
) -> Ranked:
    looked_at = candidates(scores, eligible, max(forest.candidates, n), id_rank)
    reached = leaves(forest.trees, forest.features.matrix(batch, scores.own, scores.shares, looked_at))
    own = probabilities(forest.trees, reached).reshape(looked_at.shape)
    score = calibrated(forest.curve, own) + _TIE * own
    by_product = on_products(score, looked_at, batch.n_products)
    products = top_n(by_product, by_product >= 0, n, id_rank)
    return _chosen(forest, reached, own, score, looked_at, products)


def _chosen(
    forest: Forest, reached: NDArray[np.int32], own: Floats, score: Floats, looked_at: Ints, products: Ints
) -> Ranked:
    """Score, total and parts of the chosen products alone, out of all that were looked at."""
    place = np.argmax(looked_at[:, None, :] == products[:, :, None], axis=2)
    rows = np.arange(products.shape[0])[:, None]
    flat = (rows * looked_at.shape[1] + place).ravel()
    made = attributed(forest.attribution, reached[flat]).reshape(*products.shape, len(forest.groups))
    parts = {group: made[..., position] for position, group in enumerate(forest.groups)}
    return Ranked(products, score[rows, place], parts, own[rows, place])


def _plain(group: str, products: Ints) -> Explanation:
    """A reason without particulars."""
    nothing = np.zeros(products.shape, dtype=np.int64)
    return Explanation(group, nothing - 1, np.ones(products.shape), nothing)
