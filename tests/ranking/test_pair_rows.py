from dataclasses import dataclass

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from finrec_spark.models.scorer import Explanation
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble
from finrec_spark.ranking.exclusions import ProductRules
from finrec_spark.ranking.pair_rows import PairSample, chosen_pairs
from finrec_spark.ranking.pairs import PairFeatures, ProductNumbers
from finrec_spark.sampling import keys_of, pair_draws

PRODUCTS = 6
KEYS = keys_of(list("abcdef"))


@dataclass(frozen=True)
class Fixed:
    def score(self, batch):
        return np.tile(np.linspace(1, 0.1, PRODUCTS), (batch.size, 1))

    def explain(self, batch, products):
        return Explanation("popular_in_segment", products, np.ones(products.shape), products)


@pytest.fixture
def chosen(customers):
    def build(taken, owned=None, share=1.0, candidates=PRODUCTS, keys=KEYS):
        numbers = ProductNumbers(
            np.zeros((PRODUCTS, 10)), np.ones(PRODUCTS), csr_matrix(np.ones((PRODUCTS, 1))), PRODUCTS
        )
        rules = ProductRules(np.ones(PRODUCTS, bool), np.zeros(PRODUCTS, int), 1)
        sample = PairSample(
            ensemble=Ensemble({"popularity": Fixed()}),
            features=PairFeatures(("popularity",), numbers, ()),
            catalogue=Catalogue(list("abcdef"), keys, np.arange(PRODUCTS), rules),
            candidates=candidates,
            share=share,
            seed=7,
        )
        taken = np.array(taken, dtype=float)
        return chosen_pairs(
            customers(owned=np.zeros_like(taken) if owned is None else owned), csr_matrix(taken), sample
        )

    return build


def test_a_pair_is_positive_where_the_product_was_taken(chosen):
    pairs = chosen([[0, 1, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0]])
    assert pairs.label.tolist() == [0, 1, 0, 0, 0, 0] + [0] * 6


def test_what_could_not_be_recommended_is_no_pair(chosen):
    assert len(chosen([[0] * 6], owned=[[1, 0, 0, 1, 0, 0]]).label) == 4


def test_every_taken_candidate_is_kept_and_the_others_stand_for_all(chosen):
    taken = np.zeros((400, PRODUCTS))
    taken[:, 2] = 1
    pairs = chosen(taken, share=0.25)
    assert pairs.label.sum() == 400
    assert pairs.weight[pairs.label == 1].tolist() == [1.0] * 400
    assert pairs.weight[pairs.label == 0].sum() == pytest.approx(400 * 5, rel=0.1)


def test_which_pairs_are_drawn_follows_from_the_products_ids_and_not_from_their_positions(chosen):
    taken = np.zeros((100, PRODUCTS))
    once, moved = (chosen(taken, share=0.25, keys=keys) for keys in (KEYS, KEYS[::-1]))
    assert 0 < len(once.key) < 600
    assert sorted(once.key) == sorted(moved.key)


def test_only_candidates_are_pairs(chosen):
    pairs = chosen([[0, 0, 0, 0, 0, 1]], candidates=2)
    assert pairs.label.tolist() == [0, 0]


def test_a_pair_s_draw_depends_on_customer_product_and_seed_alone():
    keys = np.arange(4, dtype=np.uint64)
    products = np.arange(3)
    whole = pair_draws(keys, products, seed=1)
    assert (pair_draws(keys[2:], np.array([[2, 0], [1, 2]]), seed=1) == [whole[2, [2, 0]], whole[3, [1, 2]]]).all()
    assert (pair_draws(keys, products, seed=2) != whole).all()
    assert ((whole >= 0) & (whole < 1)).all()
