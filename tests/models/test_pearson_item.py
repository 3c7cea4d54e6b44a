import numpy as np
import pytest
from chispa import assert_df_equality
from scipy.sparse import csr_matrix

from finrec_spark.models.neighbours import pearson_item
from finrec_spark.models.neighbours.neighbour_scorer import NeighbourScorer
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.scorer import CustomerBatch
from finrec_spark.models.spec import ScorerInputs

IDS = ["card", "deposit", "fund", "house", "insurance", "loan"]
SCHEMA = "product_index array<int>, value array<double>"


def random_table(customers=40, seed=0):
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 6, (customers, len(IDS))).astype(float)
    return np.where(rng.random(table.shape) < 0.6, table, 0.0)


def slow_neighbours(table, over, support, shrinkage, k):
    found = {}
    for p, x in enumerate(table.T):
        near = []
        for q, y in enumerate(table.T):
            both = (x > 0) & (y > 0)
            kept = both if over == "co_rated" else np.full(len(x), True)
            if p != q and both.sum() >= support and np.ptp(x[kept]) > 0 and np.ptp(y[kept]) > 0:
                rho = round(np.corrcoef(x[kept], y[kept])[0, 1] * both.sum() / (both.sum() + shrinkage), 9)
                near += [(-rho, IDS[q], int(both.sum()))] if rho > 0 else []
        found |= {(IDS[p], q): (-rho, n) for rho, q, n in sorted(near)[:k]}
    return found


@pytest.fixture
def histories(spark):
    def build(table):
        rows = [(np.flatnonzero(row).tolist(), row[row > 0].tolist()) for row in table]
        return spark.createDataFrame(rows, SCHEMA)

    return build


@pytest.mark.parametrize("over", ["co_rated", "all"])
def test_the_fit_is_the_slow_version(histories, over):
    params = pearson_item.PearsonItemParams(over=over, minimum_support=5, shrinkage=3.0, neighbours=2)
    found = product_neighbours(histories(random_table()), IDS, "pearson", params).collect()
    slow = slow_neighbours(random_table(), over, 5, 3.0, 2)
    assert slow
    assert {(r.product_id, r.neighbour_id): (pytest.approx(r.similarity, abs=2e-9), r.support) for r in found} == slow


def test_repartitioning_changes_nothing(histories):
    once = histories(random_table(80, seed=1))
    params = pearson_item.PearsonItemParams(minimum_support=1)
    first, second = (product_neighbours(df, IDS, "pearson", params) for df in (once.coalesce(1), once.repartition(7)))
    assert_df_equality(first, second, ignore_row_order=True)


def test_of_equally_similar_products_the_first_id_is_kept(histories):
    table = np.array([[1, 1, 1, 0, 0, 0], [2, 2, 2, 0, 0, 0]], float)
    params = pearson_item.PearsonItemParams(over="co_rated", minimum_support=2, neighbours=1)
    found = product_neighbours(histories(table), IDS, "pearson", params).collect()
    assert {(r.product_id, r.neighbour_id) for r in found} == {
        ("card", "deposit"),
        ("deposit", "card"),
        ("fund", "card"),
    }


def batch_of(strength):
    matrix = csr_matrix(np.array(strength, float))
    size = matrix.shape[0]
    owned = csr_matrix((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    nobody = csr_matrix(matrix.shape)
    segment, key = np.full(size, "all", object), np.zeros(size, np.uint64)
    return CustomerBatch(matrix, owned, nobody, nobody, segment, np.zeros(size, np.int64), key)


@pytest.fixture
def scorer(spark):
    rows = [("loan", "card", 0.5, 7), ("loan", "fund", 0.25, 9), ("fund", "card", 0.1, 3), ("gone", "card", 0.9, 4)]
    fitted = spark.createDataFrame(rows, "product_id string, neighbour_id string, similarity double, support bigint")
    return pearson_item.scorer(fitted, ScorerInputs(tuple(IDS)), pearson_item.PearsonItemParams())


def test_a_score_is_the_weighted_sum_over_the_held_neighbours(scorer):
    scores = scorer.score(batch_of([[1, 0, 4, 0, 0, 0], [0, 0, 0, 0, 0, 0]]))
    np.testing.assert_allclose(scores, [[0, 0, 0.1, 0, 0, 1.5], [0, 0, 0, 0, 0, 0]])


def test_the_reason_is_the_largest_contribution(scorer):
    reasons = scorer.explain(batch_of([[1, 0, 4, 0, 0, 0]]), np.array([[5, 2, 1]]))
    assert reasons.product.tolist() == [[2, 0, -1]]
    assert reasons.count.tolist() == [[9, 3, 0]]
    np.testing.assert_allclose(reasons.share, [[1.0 / 1.5, 1.0, 1.0]])


@pytest.mark.parametrize("at_once", [5, 1_000_000])
def test_share_times_score_is_the_contribution_however_the_batch_is_cut(monkeypatch, at_once):
    monkeypatch.setattr("finrec_spark.models.neighbours.similarity.PAIRS_AT_ONCE", at_once)
    rng = np.random.default_rng(3)
    similarity = np.where(rng.random((6, 6)) < 0.6, rng.random((6, 6)), 0.0)
    strength = np.where(rng.random((20, 6)) < 0.6, rng.random((20, 6)), 0.0)
    scorer = NeighbourScorer(csr_matrix(similarity), csr_matrix(similarity), "code", "strength")
    products = np.tile([4, 0, 5], (20, 1))
    reasons = scorer.explain(batch_of(strength), products)
    parts = similarity[products] * strength[:, None, :]
    score = np.take_along_axis(scorer.score(batch_of(strength)), products, axis=1)
    np.testing.assert_allclose(np.where(reasons.product >= 0, reasons.share * score, 0), parts.max(axis=2), atol=1e-12)
    assert (np.where(reasons.product >= 0, reasons.product, parts.argmax(axis=2)) == parts.argmax(axis=2)).all()


def test_the_owned_matrix_is_scored_where_the_model_was_fitted_to_it():
    scorer = NeighbourScorer(csr_matrix(np.eye(2)), csr_matrix(np.eye(2)), "code", "owned")
    assert scorer.score(batch_of([[5.0, 0.0]])).tolist() == [[1.0, 0.0]]
