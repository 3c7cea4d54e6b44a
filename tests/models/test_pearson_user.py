import numpy as np
import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F
from scipy.sparse import csr_matrix

from finrec_spark.models.neighbours import pearson_user
from finrec_spark.models.neighbours.clusters import nearest_centroids
from finrec_spark.models.neighbours.recall import neighbour_recall
from finrec_spark.models.neighbours.similar_customers import FOUND, customer_neighbours, group_rows, neighbourhood
from finrec_spark.models.scorer import CustomerBatch

SCHEMA = "customer_id string, customer_index int, product_index array<int>, value array<double>"


def random_table(customers, n_products=8, seed=0):
    rng = np.random.default_rng(seed)
    table = rng.integers(1, 6, (customers, n_products)).astype(float)
    return np.where(rng.random(table.shape) < 0.5, table, 0.0)


def kinds_of_customers(customers, kinds=12, n_products=40, seed=0):
    """Customers of a few kinds; each kind has its own favourite products."""
    rng = np.random.default_rng(seed)
    liking = rng.random((kinds, n_products)) ** 6
    held = rng.random((customers, n_products)) < liking[np.arange(customers) % kinds]
    return np.where(held, rng.random((customers, n_products)) + 0.5, 0.0)


@pytest.fixture
def histories(spark):
    def build(table):
        lists = [(np.flatnonzero(row).tolist(), row[row > 0].tolist()) for row in table]
        return spark.createDataFrame([(f"c{i}", i, *row) for i, row in enumerate(lists)], SCHEMA)

    return build


def slow_neighbours(table, i, params, keys):
    """Ties by the hash of the ID."""
    near = []
    for j, y in enumerate(table):
        both = (table[i] > 0) & (y > 0)
        kept = both if params.over == "co_rated" else np.full(table.shape[1], True)
        x, y = table[i][kept], y[kept]
        if i != j and both.sum() >= params.minimum_support and np.ptp(x) > 0 and np.ptp(y) > 0:
            rho = round(np.corrcoef(x, y)[0, 1] * both.sum() / (both.sum() + params.shrinkage), 9)
            near += [(-rho, keys[j], j)] if rho > 0 else []
    return [(j, pytest.approx(-rho, abs=2e-9)) for rho, _, j in sorted(near)[: params.neighbours]]


@pytest.mark.parametrize("over", ["co_rated", "all"])
def test_exact_neighbours_are_those_of_brute_force(histories, monkeypatch, over):
    monkeypatch.setattr("finrec_spark.models.neighbours.similar_customers.EXACT_BLOCK", 20)
    table = random_table(50)
    params = pearson_user.PearsonUserParams(over=over, minimum_support=3, shrinkage=1.0, neighbours=4)
    df = histories(table)
    keys = dict(df.selectExpr("customer_index", "xxhash64(customer_id)").collect())
    found = customer_neighbours(df, np.arange(8), params).collect()
    assert len(found) == 50
    for row in found:
        near = [(n.customer_index, n.similarity) for n in row.neighbours]
        assert near == slow_neighbours(table, int(row.customer_id[1:]), params, keys)


def test_evidence_sums_what_the_neighbours_have(histories):
    table = np.array([[1, 2, 0, 0], [1, 2, 4, 0], [2, 4, 0, 3]], float)
    row = customer_neighbours(histories(table), np.arange(4), pearson_user.PearsonUserParams()).where(
        "customer_id = 'c0'"
    )
    neighbours, evidence = row.select("neighbours", "evidence").first()
    weight = {n.customer_index: n.similarity for n in neighbours}
    slow = {p: sum(s * table[j, p] for j, s in weight.items()) for p in range(4)}
    assert {e.product_index: e.score for e in evidence} == pytest.approx({p: s for p, s in slow.items() if s > 0})
    assert {e.product_index: e.holders for e in evidence} == {
        p: int((table[list(weight), p] > 0).sum()) for p in range(4) if slow[p] > 0
    }
    assert [e.score for e in evidence] == sorted((e.score for e in evidence), reverse=True)


def test_only_the_largest_evidence_is_kept(histories):
    table = np.array([[1, 2, 0, 0], [1, 2, 4, 0], [2, 4, 0, 3]], float)
    params = pearson_user.PearsonUserParams(evidence_products=1)
    row = customer_neighbours(histories(table), np.arange(4), params).where("customer_id = 'c0'").first()
    assert [e.product_index for e in row.evidence] == [1]


def clustered(**params):
    return pearson_user.PearsonUserParams(exact_up_to=0, neighbours=10, **params)


@pytest.mark.parametrize("over", ["co_rated", "all"])
def test_clusters_find_nine_in_ten_of_the_nearest(histories, over):
    df = histories(kinds_of_customers(3_000))
    params = clustered(over=over, minimum_support=2, shrinkage=2.0, cluster_size=200, probes=7)
    found = customer_neighbours(df, np.arange(40), params)
    assert neighbour_recall(df, found, np.arange(40), params, sample=100) >= 0.9


def test_the_recall_of_exact_neighbours_is_one(histories):
    df = histories(random_table(60))
    params = pearson_user.PearsonUserParams(neighbours=5)
    assert neighbour_recall(df, customer_neighbours(df, np.arange(8), params), np.arange(8), params, sample=30) == 1.0


def test_the_recall_of_no_neighbours_is_zero(histories):
    df = histories(random_table(60))
    params = pearson_user.PearsonUserParams(neighbours=5)
    nobody = df.selectExpr(
        "customer_id", "cast(array() as array<struct<customer_index:int,similarity:double>>) neighbours"
    )
    assert neighbour_recall(df, nobody, np.arange(8), params, sample=30) == 0.0


def test_repartitioning_changes_nothing_in_clusters(histories):
    df = histories(kinds_of_customers(300))
    first, second = (
        customer_neighbours(part, np.arange(40), clustered(cluster_size=100, probes=2))
        for part in (df.coalesce(1), df.repartition(5))
    )
    assert first.count() == 300
    assert_df_equality(first, second, ignore_row_order=True)


@pytest.mark.parametrize("exact_up_to", [0, 1_000])
def test_positions_and_later_products_that_other_months_brought_change_nothing(histories, exact_up_to):
    """With many ties: whoever is one of a kind is as near as all others of it."""
    table = np.tile(kinds_of_customers(12), (25, 1))
    places = np.random.default_rng(3).permutation(45)[:40]  # of the 40 products among 45
    wide = np.zeros((len(table), 45))
    wide[:, places] = table
    params = clustered(cluster_size=100, probes=2).model_copy(
        update={"exact_up_to": exact_up_to, "evidence_products": 3}
    )
    moved = histories(wide).withColumn("customer_index", 2_000 - 3 * F.col("customer_index"))
    once = found_by(customer_neighbours(histories(table), np.arange(40), params), np.arange(40))
    again = found_by(customer_neighbours(moved, places, params), places, lambda index: (2_000 - index) // 3)
    assert once == again
    assert all(near and evidence for near, evidence in once.values())


def found_by(neighbours, products, customer=lambda index: index):
    """Customer → (neighbours, evidence), by numbers that no position changes."""
    number = {place: n for n, place in enumerate(products.tolist())}
    return {
        row.customer_id: (
            [(customer(near.customer_index), near.similarity) for near in row.neighbours],
            [(number[each.product_index], each.score, each.holders) for each in row.evidence],
        )
        for row in neighbours.collect()
    }


def test_a_cluster_that_is_nobodys_nearest_finds_nothing(spark, histories):
    rows = histories(random_table(5)).selectExpr("*", "xxhash64(customer_id) AS key", "false AS own", "0 AS `group`")
    found = rows.groupBy("group").applyInPandas(group_rows(np.arange(8), pearson_user.PearsonUserParams()), FOUND)
    assert found.count() == 0


def test_a_huge_cluster_of_identical_customers_is_cut_into_groups(histories):
    table = np.tile([1.0, 1.0, 0.0], (250, 1))
    found = customer_neighbours(histories(table), np.arange(3), clustered(max_references=100))
    assert {len(row.neighbours) for row in found.collect()} == {10}


def test_however_the_queries_are_cut_the_neighbours_are_the_same(monkeypatch):
    references = csr_matrix(random_table(40))
    params, own = pearson_user.PearsonUserParams(neighbours=3), np.arange(40)

    def neighbours():
        return {
            (int(rows[q]), int(r))
            for rows, found in neighbourhood(references, own, params)
            for q, r in zip(found.query, found.reference, strict=True)
        }

    at_once = neighbours()
    monkeypatch.setattr("finrec_spark.models.neighbours.screening.PAIRS_AT_ONCE", 120)
    assert neighbours() == at_once
    monkeypatch.setattr("finrec_spark.models.neighbours.similar_customers.MOST_DENSE", 0)  # too many to be screened
    assert neighbours() == at_once
    monkeypatch.setattr("finrec_spark.models.neighbours.similarity.PAIRS_AT_ONCE", 50)
    assert neighbours() == at_once


def test_of_equally_near_clusters_the_lower_comes_first():
    centroids = np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    assert nearest_centroids(np.array([[1.0, 0.0], [0.0, 0.0]]), centroids, 2).tolist() == [[1, 2], [0, 1]]


def test_the_score_is_the_evidence_and_the_reason_counts_the_holders():
    evidence, holders = csr_matrix([[0.0, 1.5, 0.2]]), csr_matrix([[0.0, 3.0, 1.0]])
    nothing = csr_matrix((1, 3))
    batch = CustomerBatch(
        nothing, nothing, evidence, holders, np.array(["all"], object), np.zeros(1, np.int64), np.zeros(1, np.uint64)
    )
    scorer = pearson_user.PearsonUserScorer()
    reasons = scorer.explain(batch, np.array([[1, 2, 0]]))
    assert scorer.score(batch).tolist() == [[0.0, 1.5, 0.2]]
    assert (reasons.count.tolist(), reasons.product.tolist()) == ([[3, 1, 0]], [[-1, -1, -1]])
