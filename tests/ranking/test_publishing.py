import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.ranking.publishing import collect_listed, exclusions, recommendations
from finrec_spark.ranking.scoring import PASS_DDL


def test_the_rows_of_the_pass_become_lists_and_summed_exclusions(scored, products):
    rows = scored(("ann", 1, 0, None, None), (None, None, 1, "owned", 3), (None, None, 1, "owned", 4), COUNT)
    assert [row.product_id for row in recommendations(rows, products).collect()] == ["card"]
    assert [tuple(row) for row in exclusions(rows, products).collect()] == [(None, "loan", "owned", 7)]


def test_customers_in_and_lists_out_are_counted(scored):
    assert collect_listed(scored(("ann", 1, 0, None, None), ("ann", 2, 1, None, None), COUNT)) == (5, 1)


@pytest.mark.parametrize("listed", [[], [("ann", 1, 0, None, None)] * 2])
def test_nobody_listed_or_somebody_twice_is_published_nowhere(scored, listed):
    with pytest.raises(DataQualityError, match="nothing was published"):
        collect_listed(scored(*listed, COUNT))


COUNT = (None, None, None, "scored", 5)


@pytest.fixture
def scored(spark):
    def build(*rows):
        full = [
            (c, rank, p, None if rank is None else 0.5, None if rank is None else [], rule, n)
            for c, rank, p, rule, n in rows
        ]
        return spark.createDataFrame(full, PASS_DDL)

    return build


@pytest.fixture
def products(spark):
    return spark.createDataFrame([("card", 0), ("loan", 1)], "product_id string, product_index int")
