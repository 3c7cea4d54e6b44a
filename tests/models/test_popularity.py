from fractions import Fraction

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from finrec_spark.models.popularity import PopularityParams, scorer, segment_popularity
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs

ROWS = [
    ("ann", "card", "young", 3.0),
    ("ann", "loan", "young", 1.0),
    ("bob", "loan", "old", 2.0),
    ("cem", "gold", None, 4.0),
]
PRODUCTS = ["card", "fund", "gold", "loan"]
FOUR = PopularityParams(smoothing=4)


def test_everyones_scores_are_shares_of_all_strength(scores):
    assert scores(ROWS, "all") == {"card": Fraction(3, 10), "gold": Fraction(4, 10), "loan": Fraction(3, 10)}


def test_a_segments_scores_are_drawn_towards_everyones(scores):
    young = {"card": Fraction(3 * 10 + 4 * 3, 80), "gold": Fraction(4 * 4, 80), "loan": Fraction(1 * 10 + 4 * 3, 80)}
    assert scores(ROWS, "young") == young


def test_a_segment_has_every_product_that_anyone_holds(scores):
    assert scores(ROWS, "old").keys() == {"card", "gold", "loan"}
    assert min(scores(ROWS, "old").values()) > 0


def test_repartitioning_changes_no_bit(matrix):
    rows = [(f"c{i}", f"p{i % 3}", f"s{i % 2}", 1 / (i + 3)) for i in range(10)]
    once = segment_popularity(matrix(rows).coalesce(1), FOUR).collect()
    assert segment_popularity(matrix(rows[::-1]).repartition(7), FOUR).collect() == once


def test_nothing_to_count_gives_no_rows(matrix):
    assert segment_popularity(matrix([]), FOUR).isEmpty()


def test_customers_are_scored_with_their_segments_popularity(popularity):
    np.testing.assert_allclose(popularity.score(batch("young", "old"))[:, 3], [22 / 80, (2 * 10 + 4 * 3) / 60])


def test_a_customer_of_an_unknown_or_no_segment_has_everyones_popularity(popularity):
    np.testing.assert_allclose(popularity.score(batch("students", None)), [[0.3, 0.0, 0.4, 0.3]] * 2)


def test_the_reason_names_no_product(popularity):
    reason = popularity.explain(batch("young"), np.array([[0, 3]]))
    assert (reason.code, reason.product.tolist(), reason.share.tolist()) == ("popular_in_segment", [[-1, -1]], [[1, 1]])


@pytest.fixture
def popularity(matrix):
    return scorer(segment_popularity(matrix(ROWS), FOUR), ScorerInputs(tuple(PRODUCTS)), FOUR)


@pytest.fixture
def scores(matrix):
    def of(rows, segment):
        found = segment_popularity(matrix(rows), FOUR).where(f"segment = '{segment}'").collect()
        return {row.product_id: Fraction(row.score).limit_denominator(1000) for row in found}

    return of


@pytest.fixture
def matrix(spark):
    schema = "customer_id string, product_id string, segment string, strength double"
    return lambda rows: spark.createDataFrame(rows, schema)


def batch(*segments):
    size = len(segments)
    none = csr_matrix((size, len(PRODUCTS)))
    nobody = np.zeros(size, dtype=np.int64)
    return CustomerBatch(none, none, none, none, np.array(segments, dtype=object), nobody, nobody.astype(np.uint64))
