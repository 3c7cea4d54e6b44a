import pytest

from finrec_spark.evaluation.cold_products import fold_of_products, with_targets, without_history

COLUMNS = (
    "customer_id string, product array<int>, event_type array<int>, amount array<int>, gap array<int>,"
    " event_month array<int>, length int, target array<int>, owned array<int>"
)


@pytest.fixture
def sequences(spark):
    rows = [
        ("ann", [5, 7, 5, 0], [1, 2, 3, 0], [1, 1, 2, 0], [1, 4, 6, 0], [1, 2, 3, 0], 3, [7, 9], [5, 7]),
        ("bob", [7, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0], [4, 0, 0, 0], 1, [9, 0], [7, 0]),
    ]
    return spark.createDataFrame(rows, COLUMNS)


def test_a_cold_product_leaves_no_event_and_no_holding(sequences):
    row = without_history(sequences, [7]).first()
    assert (row.product, row.event_type, row.gap, row.length) == ([5, 5, 0, 0], [1, 3, 0, 0], [1, 6, 0, 0], 2)
    assert row.owned == [5, 0]


def test_who_met_cold_products_alone_has_no_sequence(sequences):
    assert [row.customer_id for row in without_history(sequences, [7]).collect()] == ["ann"]


@pytest.mark.parametrize(("wanted", "targets"), [(True, {"ann": [7, 0]}), (False, {"ann": [9, 0], "bob": [9, 0]})])
def test_targets_are_parted_by_what_is_cold(sequences, wanted, targets):
    assert {row.customer_id: row.target for row in with_targets(sequences, [7], wanted).collect()} == targets


def test_every_product_is_in_one_fold_whatever_the_order(spark):
    products = spark.createDataFrame([(f"p{n}",) for n in range(60)], "product_id string")
    folds = [
        {row.product_id: row.fold for row in df.select("product_id", fold_of_products(5, 17).alias("fold")).collect()}
        for df in (products, products.repartition(7))
    ]
    assert folds[0] == folds[1]
    assert set(folds[0].values()) == set(range(5))
