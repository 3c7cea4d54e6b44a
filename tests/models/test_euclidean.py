import numpy as np
import pytest

from finrec_spark.models.neighbours import euclidean
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.models.spec import ScorerInputs

IDS = ["card", "fund", "loan"]
TABLE = np.array([[1, 1, 0], [4, 5, 1], [2, 0, 3], [3, 2, 4]], float)


def slow_similarity(x, y, over):
    if over == "all":
        return 1 / (1 + np.linalg.norm(x - y))
    both = (x > 0) & (y > 0)
    return 1 / (1 + np.sqrt(np.mean((x[both] - y[both]) ** 2)))


@pytest.mark.parametrize("over", ["co_rated", "all"])
def test_the_fit_is_the_slow_version(spark, over):
    rows = [(np.flatnonzero(row).tolist(), row[row > 0].tolist()) for row in TABLE]
    histories = spark.createDataFrame(rows, "product_index array<int>, value array<double>")
    params = euclidean.EuclideanParams(over=over, minimum_support=1, shrinkage=0.0)
    rows = product_neighbours(histories, IDS, "euclidean", params).collect()
    found = {(r.product_id, r.neighbour_id): r.similarity for r in rows}
    places = [(p, q) for p in range(3) for q in range(3) if p != q]
    slow = {(IDS[p], IDS[q]): slow_similarity(TABLE[:, p], TABLE[:, q], over) for p, q in places}
    assert found == pytest.approx(slow, abs=2e-9)


def test_the_reason_says_that_a_close_product_is_held(spark):
    rows = [("loan", "card", 0.5, 7)]
    fitted = spark.createDataFrame(rows, "product_id string, neighbour_id string, similarity double, support bigint")
    assert euclidean.scorer(fitted, ScorerInputs(tuple(IDS)), euclidean.EuclideanParams()).code == "close_product"
