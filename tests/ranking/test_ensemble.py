from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from finrec_spark.models.calibration import AS_IT_IS, Curve
from finrec_spark.models.scorer import Explanation
from finrec_spark.models.trees.kernel import arrange_trees
from finrec_spark.models.trees.voting import Vote
from finrec_spark.ranking.ensemble import Ensemble, Ranked, forest_of, worth_offering
from finrec_spark.ranking.pairs import PairFeatures, ProductNumbers
from finrec_spark.ranking.reasons import heaviest

PRODUCTS = 4
NUMBERS = ProductNumbers(np.zeros((PRODUCTS, 10)), np.ones(PRODUCTS), csr_matrix(np.ones((PRODUCTS, 1))), PRODUCTS)
EVERYTHING = np.ones((1, PRODUCTS), dtype=bool)


@dataclass(frozen=True)
class Fixed:
    scores: tuple[float, ...]
    code: str

    def score(self, batch):
        return np.tile(self.scores, (batch.size, 1))

    def explain(self, batch, products):
        nothing = np.zeros(products.shape, dtype=np.int64)
        return Explanation(self.code, nothing - 1, np.ones(products.shape), nothing)


@pytest.fixture
def ensemble():
    """One tree: als above 2 is taken by 0.5, then popularity above 0.2 by 0.9; all others by 0.1."""

    def build(als, popularity=(0.1, 0.2, 0.3, 0.4), curve=AS_IT_IS, candidates=PRODUCTS):
        columns = ("tree", "node", "left", "right", "feature", "threshold", "probability", "weight")
        nodes = [
            (0, 0, 1, 2, "als:score", 2.0, 0.3, 10.0),
            (0, 1, -1, -1, None, None, 0.1, 5.0),
            (0, 2, 3, 4, "popularity:score", 0.2, 0.5, 5.0),
            (0, 3, -1, -1, None, None, 0.2, 2.0),
            (0, 4, -1, -1, None, None, 0.9, 3.0),
        ]
        features = PairFeatures(("popularity", "als"), NUMBERS, ())
        trees = arrange_trees(pd.DataFrame(nodes, columns=columns), features.names)
        scorers = {"popularity": Fixed(popularity, "popular_in_segment"), "als": Fixed(als, "similar_taste")}
        return Ensemble(scorers, forest_of(features, Vote((trees,)), curve, candidates))

    return build


def ranked(ensemble, batch, n=PRODUCTS, eligible=EVERYTHING):
    return ensemble.ranked(batch, eligible, n, np.arange(PRODUCTS))


def test_the_trees_order_the_products(ensemble, customers):
    found = ranked(ensemble(als=(3.0, 1.0, 3.0, 0.0)), customers(owned=[[0] * PRODUCTS]))
    assert found.products.tolist() == [[2, 0, 1, 3]]
    assert found.score.ravel() == pytest.approx([0.9, 0.2, 0.1, 0.1], abs=2e-6)


def test_parts_and_the_base_rate_add_up_to_the_score(ensemble, customers):
    found = ranked(ensemble(als=(3.0, 1.0, 3.0, 0.0)), customers(owned=[[0] * PRODUCTS]))
    assert 0.3 + sum(found.parts.values()) == pytest.approx(found.total)
    assert found.parts["als"].ravel() == pytest.approx([0.2, 0.2, -0.2, -0.2])
    assert found.parts["popularity"].ravel() == pytest.approx([0.4, -0.3, 0.0, 0.0])


def test_a_reason_s_weight_is_its_share_of_all_that_speaks_for_the_product(ensemble, customers):
    batch, model = customers(owned=[[0] * PRODUCTS]), ensemble(als=(3.0, 1.0, 3.0, 0.0))
    found = ranked(model, batch)
    told = heaviest(found.parts, model.explanations(batch, found), found.total, found.products, n=2)
    assert told.weight[0, 0] == pytest.approx([0.4 / 0.9, 0.2 / 0.9], abs=1e-5)
    assert told.weight[0, 1] == pytest.approx([0.2 / 0.5, 0.0], abs=1e-5)  # popularity spoke against it


def test_a_product_that_nothing_speaks_for_still_has_a_reason(ensemble, customers):
    batch, model = customers(owned=[[0] * PRODUCTS]), ensemble(als=(3.0, 1.0, 3.0, 0.0))
    found = ranked(model, batch)
    told = heaviest(found.parts, model.explanations(batch, found), found.total, found.products, n=2)
    assert told.weight[0, 3].tolist() == [1.0, 0.0]


def test_without_the_named_driver_the_score_falls_as_the_reason_said(ensemble, customers):
    batch = customers(owned=[[0] * PRODUCTS])
    full, without = (ranked(ensemble(als=als), batch) for als in ((3.0, 1.0, 3.0, 0.0), (3.0, 1.0, 0.0, 0.0)))
    assert full.products[0, 0] == 2
    lost = full.score[0, 0] - without.score[0, without.products[0].tolist().index(2)]
    assert lost >= full.parts["als"][0, 0]


def test_what_is_not_eligible_or_no_candidate_never_comes_out(ensemble, customers):
    eligible = np.array([[True, True, False, True]])
    found = ranked(ensemble(als=(3.0, 1.0, 3.0, 0.0)), customers(owned=[[0] * PRODUCTS]), eligible=eligible)
    assert found.products.tolist() == [[0, 1, 3, -1]]


def test_as_many_candidates_are_looked_at_as_are_asked_for(ensemble, customers):
    found = ranked(ensemble(als=(3.0, 1.0, 3.0, 0.0), candidates=1), customers(owned=[[0] * PRODUCTS]), n=3)
    assert (found.products >= 0).all()


def test_a_flat_curve_makes_no_ties(ensemble, customers):
    flat = Curve(np.array([0.0, 1.0]), np.array([0.5, 0.5]))
    found = ranked(ensemble(als=(3.0, 1.0, 3.0, 0.0), curve=flat), customers(owned=[[0] * PRODUCTS]))
    assert found.products[0, :2].tolist() == [2, 0]
    assert found.score.ravel() == pytest.approx([0.5] * PRODUCTS, abs=2e-6)


def test_sensitive_features_are_told_under_no_reason(ensemble, customers):
    batch = customers(owned=[[0] * PRODUCTS])
    found = ranked(ensemble(als=(3.0, 1.0, 3.0, 0.0)), batch)
    with_sensitive = replace(found, parts={**found.parts, "sensitive": found.total})
    assert "sensitive" not in ensemble(als=(0.0,) * PRODUCTS).explanations(batch, with_sensitive)


@given(data=st.data(), n=st.integers(1, 6), listed=st.integers(0, 3))
def test_offers_are_of_the_greatest_score_times_amount_in_the_order_of_a_plain_sort_then_the_list(data, n, listed):
    products, hundredths = 5, st.integers(0, 100)
    amounts = np.array(data.draw(st.lists(st.sampled_from([0, 1, 50, 3000]), min_size=products, max_size=products)))
    among = np.array(data.draw(st.permutations(range(products)))[:4] + [-1])
    score = np.array(data.draw(st.lists(hundredths, min_size=5, max_size=5))) / 100
    known = {product: value for product, value in zip(among.tolist(), score.tolist(), strict=True) if product >= 0}
    on_list = sorted(known, key=lambda product: (-known[product], product))[:listed]
    offered = worth_offering(looked_at(among, score, on_list), amounts.astype(float), n, np.arange(products))

    dearest = sorted(known, key=lambda product: (-known[product] * amounts[product], -known[product], product))[:n]
    plain = [*dearest, *(product for product in on_list if product not in dearest)]
    there = offered.products[0] >= 0
    assert offered.products[0][there].tolist() == plain
    assert offered.score[0][there].tolist() == [known[product] for product in plain]
    assert offered.listed[0][there].tolist() == [product in on_list for product in plain]


def test_a_dear_product_beyond_the_list_is_offered_first(ensemble, customers):
    model, batch = ensemble(als=(3.0, 1.0, 3.0, 0.0)), customers(owned=[[0] * PRODUCTS])
    listed = ranked(model, batch, n=2)
    offered, score, _ = worth_offering(listed, np.array([10.0, 10.0, 1.0, 1_000_000.0]), 2, np.arange(PRODUCTS))
    assert listed.products.tolist() == [[2, 0]]
    assert offered.tolist() == [[3, 0, 2, -1]]
    assert score[0, :3] == pytest.approx([0.1, 0.2, 0.9], abs=2e-6)


def test_without_trees_the_list_itself_is_offered(customers):
    plain = Ensemble({"popularity": Fixed((0.1, 0.4, 0.3, 0.2), "popular_in_segment")})
    listed = ranked(plain, customers(owned=[[0] * PRODUCTS]), n=2)
    offered, score, _ = worth_offering(listed, np.array([9.0, 1.0, 5.0, 9.0]), 2, np.arange(PRODUCTS))
    assert listed.products.tolist() == [[1, 2]] and offered.tolist() == [[2, 1, -1, -1]]
    assert score[0, :2].tolist() == listed.score[0, ::-1].tolist()


def looked_at(among, score, listed):
    products = np.array(listed, int)[None, :]
    of_list = np.array([score[among.tolist().index(product)] for product in listed])[None, :]
    return Ranked(products, of_list, {}, of_list, among[None, :], score[None, :])
