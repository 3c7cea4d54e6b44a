import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_matrix

from finrec_spark.ranking.pairs import PairFeatures, ProductNumbers, collect_product_numbers
from finrec_spark.transforms.profiles.vector import ProfileFeature

PROFILE = (ProfileFeature("held", "number"), ProfileFeature("categories:gender", "category", ("f", "m")))
NUMBERS = ProductNumbers(
    values=np.arange(30, dtype=float).reshape(3, 10),
    risk_level=np.array([1.0, 4.0, np.nan]),
    kind=csr_matrix(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])),
    known=3,
)
_PROFILE_DDL = (
    "product_id string, category string, risk_level int, price double, age_days int, holders int, takers_30d int,"
    " takers_90d int, takers_365d int, takers_same_month int"
)


@pytest.fixture
def column(customers):
    """One named column of the matrix of two customers' two candidates each."""
    batch = customers(
        owned=[[1, 0, 0], [0, 0, 0]], strength=[[3, 1, 0], [0, 0, 0]], risk_level=[3, 0], profile=[[1, 2], [0, np.nan]]
    )
    scores = {"als": np.array([[4.0, 2.0, 1.0], [0.0, 6.0, 3.0]])}
    shares = {"als": np.array([[0.0, 1.0, 0.5], [0.0, 1.0, 0.5]])}

    def build(name, **fields):
        features = PairFeatures(("als",), NUMBERS, PROFILE, **fields)
        matrix = features.matrix(batch, scores, shares, np.array([0, 0, 1, 1]), np.array([1, 2, 2, 0]))
        return matrix[:, features.names.index(name)].reshape(2, 2).tolist()

    return build


def test_a_model_s_score_stands_as_it_is_and_as_a_share_of_the_best(column):
    assert column("als:score") == [[2.0, 1.0], [3.0, 0.0]]
    assert column("als:share") == [[1.0, 0.5], [0.5, 0.0]]


def test_the_risk_gap_is_missing_where_either_risk_is(column):
    assert column("pair:risk_gap")[0][0] == -1.0
    assert np.isnan([column("pair:risk_gap")[0][1], column("pair:risk_gap")[1][0]]).all()


def test_the_kind_is_that_of_the_product(column):
    assert column("pair:kind_strength_share") == [[1.0, 0.0], [0.0, 0.0]]
    assert column("pair:kind_held") == [[1.0, 0.0], [0.0, 0.0]]


def test_days_are_those_of_the_product_and_the_least_of_its_kind(customers):
    batch = customers([[0, 0, 0], [0, 0, 0]], days=[[40, 7, 0], [0, 0, 3]])
    none = {"als": np.zeros((2, 3))}
    features = PairFeatures(("als",), NUMBERS, ())
    found = features.matrix(batch, none, none, np.array([0, 0, 1, 1]), np.array([0, 2, 0, 2]))
    own, kind = (found[:, features.names.index(f"pair:{name}")].reshape(2, 2) for name in ("days", "kind_days"))
    assert_array_equal(own, [[40, np.nan], [np.nan, 3]])
    assert_array_equal(kind, [[7, np.nan], [np.nan, 3]])


def test_the_profile_is_repeated_for_each_candidate(column):
    assert column("held") == [[1.0, 1.0], [0.0, 0.0]]


def test_an_excluded_feature_is_not_there(column):
    features = PairFeatures(("als",), NUMBERS, PROFILE, excluded=frozenset({"categories:gender"}))
    assert "held" in features.names
    assert "categories:gender" not in features.names


def test_a_sensitive_feature_is_seen_and_told_under_no_reason():
    features = PairFeatures(("als",), NUMBERS, PROFILE, sensitive=frozenset({"categories:gender"}))
    assert features.groups["categories:gender"] == "sensitive"
    assert features.groups["held"] == "similar_profile"


def test_counts_are_shares_of_the_customers_and_a_product_to_come_is_missing(spark):
    rows = spark.createDataFrame([("fund", "investment", 3, 1.0, 9, 20, 5, 5, 60, 0)], _PROFILE_DDL)
    numbers = collect_product_numbers(rows, ["loan", "fund"], n_customers=100)
    assert np.isnan(numbers.values[0, [*range(8), 9]]).all()
    assert numbers.values[1].tolist() == [3.0, 1.0, 9.0, 0.2, 0.05, 0.05, 0.6, 0.0, 1.0, 0.0]
    assert (numbers.known, numbers.kind.toarray().tolist()) == (1, [[0.0, 1.0], [1.0, 0.0]])


def test_a_category_has_the_same_number_in_every_month_whatever_came_later(spark):
    may = [("fund", "investment", 900), ("loan", "loan", None)]
    june = [("fund", "investment", 931), ("loan", "loan", None), ("coin", "crypto", 20)]
    ids = ["fund", "loan", "coin"]
    codes = []
    for month, products in ((may, ids[:2]), (may, ids), (june, ids)):
        rows = spark.createDataFrame([(*row[:2], 1, 1.0, row[2], 0, 0, 0, 0, 0) for row in month], _PROFILE_DDL)
        codes.append(collect_product_numbers(rows, products, n_customers=10).values[:2, -1].tolist())
    assert codes == [[1.0, 0.0]] * 3
