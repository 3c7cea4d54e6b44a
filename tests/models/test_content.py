from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from finrec_spark.models import content
from finrec_spark.models.content import ContentParams, ContentWeights
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs
from finrec_spark.tables import PRODUCT_NEIGHBOURS, PRODUCTS

ONLY = dict.fromkeys(ContentWeights.model_fields, 0.0)


@pytest.fixture
def products(spark):
    """Rows of (product_id, further columns); what is not told is missing."""

    def build(*rows):
        nothing = {"category": "fund", "name": "", "tags": [], "attributes": {}}
        told = [{**nothing, "product_id": product_id, **columns} for product_id, columns in rows]
        names = [column.name for column in PRODUCTS.columns]
        schema = ", ".join(f"{column.name} {column.type}" for column in PRODUCTS.columns)
        return spark.createDataFrame([tuple(row.get(name) for name in names) for row in told], schema)

    return build


def fitted(products, weights=None, **params):
    ids = [row.product_id for row in products.select("product_id").collect()]
    chosen = ContentWeights(**{**ONLY, **weights}) if weights else ContentWeights()
    return content.content_neighbours(products, ids, ContentParams(weights=chosen, **params))


def test_products_that_the_bank_got_to_know_later_change_nothing(products):
    rows = [("a", {"text": "gold fund"}), ("b", {"text": "gold and silver"}), ("c", {"text": "silver bond"})]
    shelf, ids = products(*rows), ["a", "b", "c"]
    once, with_later = (content.content_neighbours(shelf, known, ContentParams()) for known in (ids, [*ids, "x", "y"]))
    assert similarities(once) == similarities(with_later) != {}


def scorer_of(products, ids):
    rows = content.content_neighbours(products, ids, ContentParams())
    return content.scorer(rows, ScorerInputs(tuple(ids)), ContentParams())


def similarities(rows):
    return {(row.product_id, row.neighbour_id): row.similarity for row in rows.collect()}


SHELF = [
    ("bond_new", {"category": "investment", "risk_level": 1, "tags": ["bond"]}),
    ("bond_old", {"category": "investment", "risk_level": 1, "tags": ["bond", "income"]}),
    ("money_fund", {"category": "investment", "risk_level": 2, "tags": ["cash"]}),
    ("stock_fund", {"category": "investment", "risk_level": 5, "tags": ["growth"]}),
    ("safe_deposit", {"category": "deposit", "risk_level": 1, "tags": ["cash"]}),
]


def test_who_looks_at_low_risk_investments_gets_other_low_risk_investments_new_ones_first(products):
    shelf = products(*SHELF)
    ids = [product_id for product_id, _ in SHELF]
    scorer = content.scorer(
        content.content_neighbours(shelf, ids, ContentParams()), ScorerInputs(tuple(ids)), ContentParams()
    )
    looked_at = csr_matrix(np.array([[0, 0.2, 0, 0, 0]]))
    scores = scorer.score(batch_of(looked_at))[0]
    order = [ids[place] for place in np.argsort(-scores) if place != 1]
    assert order[:2] == ["bond_new", "money_fund"]


def test_the_reason_names_the_product_that_was_looked_at(products):
    ids = [product_id for product_id, _ in SHELF]
    scorer = content.scorer(
        content.content_neighbours(products(*SHELF), ids, ContentParams()), ScorerInputs(tuple(ids)), ContentParams()
    )
    reasons = scorer.explain(batch_of(csr_matrix(np.array([[0, 0.2, 0, 0, 0]]))), np.array([[0]]))
    assert (reasons.code, reasons.product.tolist()) == ("similar_content", [[1]])


def test_near_risk_levels_are_similar_and_the_far_ends_have_nothing_in_common(products):
    rows = fitted(products(*[(f"r{level}", {"risk_level": level}) for level in (1, 2, 5)]), {"risk": 1})
    assert similarities(rows) == {
        ("r1", "r2"): 0.75,
        ("r2", "r1"): 0.75,
        ("r2", "r5"): 0.25,
        ("r5", "r2"): 0.25,
    }


def test_prices_are_compared_by_ratio(products):
    prices = {"p100": "100", "p130": "120", "p210": "210", "p9000": "9000"}
    rows = fitted(products(*[(name, {"price": Decimal(price)}) for name, price in prices.items()]), {"price": 1})
    found = similarities(rows)
    assert (found["p100", "p130"], found["p100", "p210"]) == (1.0, 0.75)
    assert ("p100", "p9000") not in found


def test_greek_words_meet_without_their_accents_and_case(products):
    shelf = products(("a", {"text": "Αμοιβαίο κεφάλαιο"}), ("b", {"text": "ΑΜΟΙΒΑΙΟ"}), ("c", {"text": "Ομόλογο"}))
    assert similarities(fitted(shelf, {"text": 1})).keys() == {("a", "b"), ("b", "a")}


def test_chinese_texts_meet_by_pairs_of_characters_also_in_further_columns(products):
    shelf = products(
        ("a", {"text": "稳健理财"}), ("b", {"attributes": {"text_zh": "理财产品"}}), ("c", {"text": "财理"})
    )
    assert similarities(fitted(shelf, {"text": 1})).keys() == {("a", "b"), ("b", "a")}


def test_a_word_that_few_products_have_counts_more(products):
    texts = {"a": "gold fund", "b": "gold card", "c": "blue fund", "d": "fund", "e": "fund"}
    found = similarities(fitted(products(*[(name, {"text": text}) for name, text in texts.items()]), {"text": 1}))
    assert found["a", "b"] > found["a", "c"]


def test_similarity_is_the_weighted_mean_of_the_blocks_cosines(products):
    shelf = products(("a", {"risk_level": 1, "tags": ["x", "y"]}), ("b", {"risk_level": 2, "tags": ["x"]}))
    found = similarities(fitted(shelf, {"category": 1, "risk": 2, "tags": 5}))
    assert found["a", "b"] == pytest.approx((1 + 2 * 0.75 + 5 / np.sqrt(2)) / 8, abs=1e-9)


def test_the_rows_fit_their_table_and_ties_go_by_id(products):
    rows = fitted(products(*[(name, {}) for name in ("c", "a", "d", "b")]), neighbours=2)
    declared = {column.name: column.type for column in PRODUCT_NEIGHBOURS.columns}
    assert all(declared[name] == kind for name, kind in rows.dtypes)
    assert sorted(similarities(rows)) == [
        ("a", "b"), ("a", "c"), ("b", "a"), ("b", "c"), ("c", "a"), ("c", "b"), ("d", "a"), ("d", "b"),
    ]  # fmt: skip


def test_repartitioning_changes_nothing(products):
    shelf = products(*[(f"p{n}", {"text": f"fund {n % 3} alpha beta", "risk_level": n % 5 + 1}) for n in range(8)])
    assert_df_equality(fitted(shelf.coalesce(1)), fitted(shelf.repartition(7)), ignore_row_order=True)


def test_no_products_no_rows(products):
    assert fitted(products(("a", {})).where("false")).isEmpty()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), min_size=0, max_size=4), min_size=1, max_size=6), st.integers(1, 4))
def test_neighbours_are_those_of_the_slow_version(tags, k):
    ids = [f"p{n}" for n in range(len(tags))]
    rows = [(ids[n], "tags", str(tag), 1) for n, own in enumerate(tags) for tag in set(own)]
    features = pd.DataFrame(rows, columns=["product_id", "block", "feature", "times"])
    pairs = content.similar_rows(content.block_vectors(features, ids, ContentWeights()), ContentParams(neighbours=k))
    found = list(zip(pairs.left, pairs.right, pairs.similarity, pairs.support, strict=True))
    assert found == slow_neighbours([set(own) for own in tags], k)


def slow_neighbours(tags, k):
    found = []
    for p, own in enumerate(tags):
        common = [(q, len(own & other)) for q, other in enumerate(tags) if q != p and own & other]
        near = [(-round(n / np.sqrt(len(own) * len(tags[q])), 9), q, n) for q, n in common]
        found += [(p, q, pytest.approx(-s, abs=2e-9), n) for s, q, n in sorted(near)[:k]]
    return found


def batch_of(strength):
    nobody = csr_matrix(strength.shape)
    zeros = np.zeros(strength.shape[0], np.int64)
    return CustomerBatch(strength, nobody, nobody, nobody, np.full(1, "all", object), zeros, zeros.astype(np.uint64))
