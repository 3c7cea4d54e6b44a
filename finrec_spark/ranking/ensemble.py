"""Several models' scores made into one: trees over what all of them say, or their mean where there are no trees yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from finrec_spark.arrays import Floats, Ints
from finrec_spark.models.calibration import Curve, calibrated
from finrec_spark.models.scorer import CustomerBatch, Explanation, Scorer
from finrec_spark.models.trees.boosting_params import BoostingParams
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.models.trees.voting import Vote
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
    boosting: BoostingParams = Field(BoostingParams(), description="The boosted trees beside it")
    learner: Literal["vote", "random_forest", "boosted_trees"] = Field(
        "vote", description="Which of the two rank: both by their vote (``models.trees.voting``), or one alone"
    )
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
class Candidates:
    """What trees look at in a batch.

    Attributes:
        products: positions, B × C, the best by the models' mean first; -1 where none are left.
        features: what trees read of each, B · C × F; where there is no product, that of product 0.
        n_products: P.
    """

    products: Ints
    features: Floats
    n_products: int


@dataclass(frozen=True)
class Ranked:
    """The best n products of B customers.

    Attributes:
        products: positions, B × n, best first; -1 where none are left.
        score: B × n; a calibrated probability where trees made it.
        parts: reason group → its part of the score before calibration, B × n.
        total: the score before calibration, B × n, what the parts are shares of.
        among: positions of all that was scored alike, B × C, C ≥ n; -1 where there are no more.
        among_score: their scores, B × C.
    """

    products: Ints
    score: Floats
    parts: Mapping[str, Floats]
    total: Floats
    among: Ints
    among_score: Floats


class Offered(NamedTuple):
    """What may be offered to B customers, each B × M.

    Attributes:
        products: positions, -1 where there is none.
        score: as in the list.
        listed: whether the product is on the list.
    """

    products: Ints
    score: Floats
    listed: NDArray[np.bool_]


@dataclass(frozen=True)
class Forest:
    """The trees on top of the models.

    Attributes:
        features: what the trees read.
        vote: a random forest, boosted trees, or both.
        groups: the reason groups, in the order of ``attribution``.
        attribution: what the path to each node adds, nodes × groups for each voter (``Vote.attribution_tables``).
        curve: from the trees' score to a probability.
        candidates: products a customer that the trees look at.
    """

    features: PairFeatures
    vote: Vote
    groups: tuple[str, ...]
    attribution: tuple[Floats, ...]
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
        return self.ranked_among(scores, self.candidates(batch, scores, eligible, n, id_rank), eligible, n, id_rank)

    def candidates(
        self, batch: CustomerBatch, scores: Scores, eligible: NDArray[np.bool_], n: int, id_rank: Ints
    ) -> Candidates | None:
        """What the forest looks at to rank ``n`` products; None without a forest."""
        if self.forest is None:
            return None
        products = best_by_mean(scores, eligible, max(self.forest.candidates, n), id_rank)
        customers, chosen = np.repeat(np.arange(batch.size), products.shape[1]), np.maximum(products, 0).ravel()
        features = self.forest.features.matrix(batch, scores.own, scores.shares, customers, chosen)
        return Candidates(products, features, batch.n_products)

    def ranked_among(
        self, scores: Scores, among: Candidates | None, eligible: NDArray[np.bool_], n: int, id_rank: Ints
    ) -> Ranked:
        """As ``ranked``, from the batch's ``scores`` and ``candidates``."""
        if self.forest is None or among is None:
            return _by_mean(scores, eligible, n, id_rank)
        return _by_forest(self.forest, among, n, id_rank)

    def explanations(self, batch: CustomerBatch, ranked: Ranked) -> dict[str, Explanation]:
        """Reason group → what stands behind it, for the groups that may be told."""
        products = np.maximum(ranked.products, 0)
        told = (group for group in ranked.parts if group != SENSITIVE_GROUP)
        return {
            group: self.scorers[group].explain(batch, products) if group in self.scorers else _plain(group, products)
            for group in told
        }


def forest_of(features: PairFeatures, vote: Vote, curve: Curve, n_candidates: int) -> Forest:
    """The trees with their attributions laid out by reason group."""
    groups = tuple(dict.fromkeys(features.groups.values()))
    group_of = [groups.index(group) for group in features.groups.values()]
    return Forest(features, vote, groups, vote.attribution_tables(group_of, len(groups)), curve, n_candidates)


def best_by_mean(scores: Scores, eligible: NDArray[np.bool_], n: int, id_rank: Ints) -> Ints:
    """The n best eligible products by the models' mean, B × min(n, P), best first; -1 where none are left."""
    return top_n(scores.mean, eligible, n, id_rank)


def best_by_vote(vote: Vote, among: Candidates, n: int, id_rank: Ints) -> Ints:
    """The n candidates to which the trees give the highest probability, B × n; -1 where none are left."""
    own = vote.probabilities(among.features).reshape(among.products.shape)
    return _best_of(own, among.products, among.n_products, n, id_rank)


def worth_offering(ranked: Ranked, amounts: Floats, n: int, id_rank: Ints) -> Offered:
    """The n products of the greatest score × amount among all that was scored, then the others of the list.

    A list names what the customer is likeliest to take; a loan that is taken less often can be worth more than all of
    it. The list's stay, so that a campaign can sell a minimum of what brings little.

    Args:
        ranked: the lists of B customers, of N products.
        amounts: money that each product is taken with, P; where all of a customer's are 0 the score decides.
        n: products a customer, beside the list's.
        id_rank: P, each product's place in the order of the product IDs.

    """
    dearest, score = _by_worth(ranked, amounts, n, id_rank)
    both = dearest[:, :, None] == ranked.products[:, None, :]
    others = np.where(both.any(axis=1), -1, ranked.products)
    listed = np.hstack([both.any(axis=2), np.ones(others.shape, bool)])
    return Offered(np.hstack([dearest, others]), np.hstack([score, ranked.score]), listed)


def relative(scores: Floats, eligible: NDArray[np.bool_]) -> Floats:
    """Scores divided by the row's best eligible one; what is negative or not eligible becomes 0.

    >>> relative(np.array([[4.0, 2.0, -1.0], [0.0, 0.0, 0.0]]), np.array([[False, True, True]] * 2))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    kept = np.where(eligible, np.maximum(scores, 0.0), 0.0)
    best = kept.max(axis=1, keepdims=True, initial=0.0)
    return np.divide(kept, best, out=np.zeros_like(kept), where=best > 0)


def _by_mean(scores: Scores, eligible: NDArray[np.bool_], n: int, id_rank: Ints) -> Ranked:
    products = best_by_mean(scores, eligible, n, id_rank)
    rows, chosen = np.arange(products.shape[0])[:, None], np.maximum(products, 0)
    parts = {name: shares[rows, chosen] / len(scores.shares) for name, shares in scores.shares.items()}
    parts[FALLBACK] = parts[FALLBACK] + _FALLBACK_WEIGHT * scores.shares[FALLBACK][rows, chosen]
    total = scores.mean[rows, chosen]
    return Ranked(products, total, parts, total, among=products, among_score=total)


def _by_forest(forest: Forest, among: Candidates, n: int, id_rank: Ints) -> Ranked:
    own = forest.vote.probabilities(among.features).reshape(among.products.shape)
    score = calibrated(forest.curve, own) + _TIE * own
    products = _best_of(score, among.products, among.n_products, n, id_rank)
    place = _places(products, among.products)
    rows = np.arange(products.shape[0])[:, None]
    flat = (rows * among.products.shape[1] + place).ravel()  # of all that was looked at the chosen alone are explained
    explained = forest.vote.attributed(forest.attribution, forest.vote.leaves(among.features[flat]))
    made = explained.reshape(*products.shape, len(forest.groups))
    parts = {group: made[..., position] for position, group in enumerate(forest.groups)}
    return Ranked(products, score[rows, place], parts, own[rows, place], among.products, score)


def _by_worth(ranked: Ranked, amounts: Floats, n: int, id_rank: Ints) -> tuple[Ints, Floats]:
    there = ranked.among >= 0
    worth = relative(ranked.among_score * amounts[np.maximum(ranked.among, 0)], there) + _TIE * ranked.among_score
    products = _best_of(worth, ranked.among, len(amounts), n, id_rank)
    return products, np.take_along_axis(ranked.among_score, _places(products, ranked.among), axis=1)


def _best_of(score: Floats, among: Ints, n_products: int, n: int, id_rank: Ints) -> Ints:
    """The n of the products ``among`` (B × C, -1: none) with the highest scores (B × C, in [0, 2)), B × n."""
    by_product = np.full((among.shape[0], n_products), -1.0)
    rows, places = np.nonzero(among >= 0)
    by_product[rows, among[rows, places]] = score[rows, places]
    return top_n(by_product, by_product >= 0, n, id_rank)


def _places(products: Ints, among: Ints) -> Ints:
    """Where in its row of ``among`` (B × C) each of the products (B × n) stands."""
    return np.asarray(np.argmax(among[:, None, :] == products[:, :, None], axis=2))


def _plain(group: str, products: Ints) -> Explanation:
    """A reason without particulars."""
    nothing = np.zeros(products.shape, dtype=np.int64)
    return Explanation(group, nothing - 1, np.ones(products.shape), nothing)
