import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.ranking.publishing import collect_listed, exclusions, recommendations
from finrec_spark.ranking.scoring import NOTHING_ELIGIBLE, SCORED, SCORED_DDL


def ranks(customer_id, *places):
    return [(customer_id, rank, rank, None, None) for rank in places]


def counts(customers, nothing_eligible):
    return [(None, None, None, SCORED, customers), (None, None, None, NOTHING_ELIGIBLE, nothing_eligible)]


def test_the_rows_of_the_pass_become_lists_and_summed_exclusions(scored, products):
    rows = scored(("ann", 1, 0, None, None), (None, None, 1, "owned", 3), (None, None, 1, "owned", 4), *counts(5, 1))
    assert [row.product_id for row in recommendations(rows, products).collect()] == ["card"]
    assert [tuple(row) for row in exclusions(rows, products).collect()] == [(None, "loan", "owned", 7)]


def test_every_customer_has_a_list_or_nothing_eligible(scored):
    lists = [*ranks("ann", 1, 2), *ranks("bob", 1), *ranks("cid", 2, 1, 3)]
    assert collect_listed(scored(*lists, *counts(3, 0), *counts(2, 2)), customers=5) == (5, 3)


@pytest.mark.parametrize(
    ("lists", "fault"),
    [
        ([*ranks("ann", 1, 2), *ranks("bob", 1)], "3 customers, 2 of them scored"),
        ([*ranks("ann", 1, 2)], "2 scored, but 1 lists and 0 customers with nothing eligible"),
        ([*ranks("ann", 1, 3), *ranks("bob", 1)], "1 lists whose ranks are not 1, 2, 3"),
        ([*ranks("ann", 2, 3), *ranks("bob", 1)], "1 lists whose ranks are not 1, 2, 3"),
        ([*ranks("ann", 1, 2, 1, 2), *ranks("bob", 1)], "1 lists whose ranks are not 1, 2, 3"),
        ([*ranks("ann", 1, 1, 3), *ranks("bob", 1)], "1 lists whose ranks are not 1, 2, 3"),
        ([], "nobody got a list"),
    ],
)
def test_a_lost_customer_or_a_broken_list_is_published_nowhere(scored, lists, fault):
    with pytest.raises(DataQualityError, match=f"{fault}.*; nothing was published"):
        collect_listed(scored(*lists, *counts(2, 0)), customers=3)


def test_customers_who_may_be_offered_nothing_are_no_fault_but_one_list_there_must_be(scored):
    with pytest.raises(DataQualityError, match="recommendations: nobody got a list; nothing"):
        collect_listed(scored(*counts(2, 2)), customers=2)


def test_pairs_that_were_excluded_are_no_lists(scored):
    rows = scored(*ranks("ann", 1), ("bob", None, 0, "owned", 1), ("bob", None, 1, "owned", 1), *counts(2, 1))
    assert collect_listed(rows, customers=2) == (2, 1)


@pytest.fixture
def scored(spark):
    def build(*rows):
        full = [
            (c, rank, p, None if rank is None else 0.5, None if rank is None else [], rule, n)
            for c, rank, p, rule, n in rows
        ]
        return spark.createDataFrame(full, SCORED_DDL)

    return build


@pytest.fixture
def products(spark):
    return spark.createDataFrame([("card", 0), ("loan", 1)], "product_id string, product_index int")
