import numpy as np
import pytest

from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.exclusions import ProductRules
from finrec_spark.ranking.publishing import collect_list_counts, exclusions, offers, recommendations
from finrec_spark.ranking.scoring import NOTHING_ELIGIBLE, SCORED, SCORED_DDL

OFFER = "offer"
"""In place of a rule: the rank is that of an offer."""


def ranks(customer_id, *places):
    return [(customer_id, rank, rank, None, None) for rank in places]


def counts(customers, nothing_eligible):
    return [(None, None, None, SCORED, customers), (None, None, None, NOTHING_ELIGIBLE, nothing_eligible)]


def test_the_rows_of_the_pass_become_lists_and_summed_exclusions(scored, products):
    rows = scored(("ann", 1, 0, None, None), (None, None, 1, "owned", 3), (None, None, 1, "owned", 4), *counts(5, 1))
    assert [row.product_id for row in recommendations(rows, products).collect()] == ["card"]
    assert [tuple(row) for row in exclusions(rows, products).collect()] == [(None, "loan", "owned", 7)]


def test_offers_are_no_recommendations_and_no_fault_whatever_they_are(scored, counted, products):
    rows = (*ranks("ann", 1), ("ann", 1, 4, OFFER, None), ("ann", 3, 0, OFFER, None), *counts(1, 0))
    found = counted(*rows, customers=1, held=[4], suits=1)
    assert (found.listed, found.rows, sum(found.faults.values())) == (1, 1, 0)
    both = scored(*rows)
    assert [row.product_id for row in recommendations(both, products).collect()] == ["loan"]
    assert [tuple(row) for row in offers(both, products).collect()] == [("ann", 3, "card", 0.25, True)]


def test_every_customer_has_a_list_or_nothing_eligible(counted):
    lists = [*ranks("ann", 1, 2), *ranks("bob", 1), *ranks("cid", 2, 1, 3)]
    found = counted(*lists, *counts(3, 0), *counts(2, 2), customers=5)
    assert (found.scored, found.listed, found.rows) == (5, 3, 6)
    assert {name for name, broken in found.faults.items() if broken} == set()


@pytest.mark.parametrize(
    ("lists", "fault"),
    [
        ([*ranks("ann", 1, 2), *ranks("bob", 1)], "customers_scored"),
        ([*ranks("ann", 1, 2)], "listed_or_explained"),
        ([*ranks("ann", 1, 3), *ranks("bob", 1)], "ranks_contiguous"),
        ([*ranks("ann", 2, 3), *ranks("bob", 1)], "ranks_contiguous"),
        ([*ranks("ann", 1, 2, 1, 2), *ranks("bob", 1)], "ranks_contiguous"),
        ([*ranks("ann", 1, 1, 3), *ranks("bob", 1)], "products_distinct"),
        ([], "somebody_listed"),
    ],
)
def test_a_lost_customer_or_a_broken_list_is_a_fault(counted, lists, fault):
    assert counted(*lists, *counts(2, 0), customers=3).faults[fault] > 0


def test_customers_who_may_be_offered_nothing_are_no_fault_but_one_list_there_must_be(counted):
    faults = counted(*counts(2, 2), customers=2).faults
    assert {name for name, broken in faults.items() if broken} == {"somebody_listed"}


def test_pairs_that_were_excluded_are_no_lists(counted):
    rows = (*ranks("ann", 1), ("bob", None, 0, "owned", 1), ("bob", None, 1, "owned", 1), *counts(2, 1))
    found = counted(*rows, customers=2)
    assert (found.scored, found.listed, sum(found.faults.values())) == (2, 1, 0)


@pytest.mark.parametrize(
    ("held", "suits", "places", "fault"),
    [
        ([2], 5, (1, 2), "nothing_owned"),
        ([], 5, (1, 2, 3, 4), "nothing_off_sale"),
        ([], 2, (1, 2, 3), "nothing_too_risky"),
        ([], 0, (1, 2), "nothing_too_risky"),
    ],
)
def test_a_product_that_the_rules_forbid_is_a_fault_whoever_listed_it(counted, held, suits, places, fault):
    """Product 4 is off sale; risks are 1 (0 and 1), 2 and 3; who has no level suits 1."""
    found = counted(*ranks("ann", *places), *counts(1, 0), customers=1, held=held, suits=suits)
    assert {name for name, broken in found.faults.items() if broken} == {fault}


@pytest.fixture
def counted(spark, scored):
    """Counts of the rows of a pass over ann, bob, cid and others, who hold these products and suit this risk."""
    risks = np.array([1, 1, 2, 3, 1], dtype=np.int64)
    on_sale = np.array([True, True, True, True, False])
    catalogue = Catalogue([""] * 5, np.arange(5), np.arange(5), ProductRules(on_sale, risks, risk_where_unknown=1))

    def build(*rows, customers, held=(), suits=5):
        known = [(name, list(held), [True] * len(held), suits) for name in ("ann", "bob", "cid")]
        columns = "customer_id string, product_index array<int>, owned array<boolean>, risk_level int"
        return collect_list_counts(scored(*rows), spark.createDataFrame(known, columns), catalogue, customers)

    return build


@pytest.fixture
def scored(spark):
    def build(*rows):
        full = [
            (c, None, rank, p, 0.25, True, None, None, n)
            if rule == OFFER
            else (c, rank, None, p, None if rank is None else 0.5, None, None if rank is None else [], rule, n)
            for c, rank, p, rule, n in rows
        ]
        return spark.createDataFrame(full, SCORED_DDL)

    return build


@pytest.fixture
def products(spark):
    return spark.createDataFrame([("card", 0), ("loan", 1)], "product_id string, product_index int")
