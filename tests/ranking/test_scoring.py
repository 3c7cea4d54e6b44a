from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from finrec_spark.models.popularity import PopularityScorer
from finrec_spark.models.scorer import Explanation
from finrec_spark.ranking.catalogue import Catalogue
from finrec_spark.ranking.ensemble import Ensemble
from finrec_spark.ranking.exclusions import ProductRules
from finrec_spark.ranking.reasons import Wording
from finrec_spark.ranking.scoring import OfferPlan, ScoringPlan, score_batch, score_customers, scoring_rows
from finrec_spark.tables import SCORING_ROWS

JUNE = date(2022, 6, 1)


@dataclass(frozen=True)
class Fixed:
    """Scores every customer alike."""

    scores: tuple[float, ...]
    code: str = "popular_in_segment"

    def score(self, batch):
        return np.tile(self.scores, (batch.size, 1))

    def explain(self, batch, products):
        return Explanation(
            self.code, np.full(products.shape, 0), np.ones(products.shape), np.zeros(products.shape, int)
        )


def test_owned_and_expired_products_never_come_out(customers, decide):
    batch = customers(owned=[[0, 1, 0, 0], [0, 0, 0, 0]])
    lists, _ = decide(batch, on_sale=[True, True, False, True])
    assert lists == {"c0": [0, 3], "c1": [0, 1, 3]}


def test_every_customer_gets_n_products_wherever_n_are_eligible(customers, decide):
    batch = customers(owned=np.eye(4)[[0, 1, 2, 3, 0]])
    lists, _ = decide(batch, n=3)
    assert [len(products) for products in lists.values()] == [3] * 5


def test_exclusions_are_counted_by_rule_and_product(customers, decide):
    _, counts = decide(customers(owned=[[1, 0, 0, 0], [1, 0, 0, 0]]), on_sale=[True, True, True, False])
    assert counts == {("not_on_sale", 3): 2, ("owned", 0): 2}


def test_customers_are_counted_and_those_for_whom_nothing_is_eligible_too(customers, passed):
    batch = customers(owned=[[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
    decided = passed({"popularity": Fixed((0.4, 0.3, 0.2, 0.1))}, n=3, on_sale=[True, True, True, False])
    *_, counts = score_batch(pa.array(["c0", "c1", "c2"]), batch, decided)
    assert {row["rule"]: row["customers"] for row in counts.to_pylist()} == {"scored": 3, "nothing_eligible": 2}


def test_reasons_weigh_what_made_the_score(customers, passed):
    scorers = {"popularity": Fixed((0.4, 0.2, 0.1, 0.1)), "als": Fixed((0.0, 1.0, 0.5, 0.0), "similar_taste")}
    rows = next(score_batch(pa.array(["c0"]), customers(owned=[[0, 0, 0, 0]]), passed(scorers, n=1))).to_pylist()
    assert [(r["code"], r["text"]) for r in rows[0]["reasons"]] == [
        ("similar_taste", "goes with an earlier choice, product 0"),
        ("popular_in_segment", "popular in the customer's segment"),
    ]
    assert rows[0]["product_index"] == 1
    assert rows[0]["reasons"][0]["weight"] == pytest.approx(0.5 / 0.75, abs=1e-5)


def test_reasons_speak_chinese(customers, passed):
    scorers = {"popularity": Fixed((0.4, 0.2, 0.1, 0.1)), "als": Fixed((0.0, 1.0, 0.5, 0.0), "similar_taste")}
    decided = passed(scorers, n=1, language="zh")
    rows = next(score_batch(pa.array(["c0"]), customers(owned=[[0, 0, 0, 0]]), decided)).to_pylist()
    assert [r["text"] for r in rows[0]["reasons"]] == ["与以往选择的product 0相配", "受同类客群欢迎"]


def test_what_no_other_model_scores_is_ordered_by_popularity(customers, decide):
    scorers = {"popularity": Fixed((0.1, 0.2, 0.3, 0.4)), "als": Fixed((1.0, 0.0, 0.0, 0.0))}
    lists, _ = decide(customers(owned=[[0, 0, 0, 0]]), n=4, scorers=scorers)
    assert lists == {"c0": [0, 3, 2, 1]}


def test_the_pass_gives_the_same_lists_whatever_the_partitions(spark, passed):
    rows = [(JUNE, f"c{n}", n, "all", 5, [n % 4], [1.0], [None], [True], [3], []) for n in range(8)]
    known = spark.createDataFrame(rows, SCORING_ROWS.ddl)
    popular = PopularityScorer(("all",), np.array([[0.4, 0.3, 0.2, 0.1]]))
    decided = passed({"popularity": popular}, n=2)
    once, again = (score_customers(scoring_rows(known.repartition(n), None), decided) for n in (1, 5))
    lists = [
        sorted((r.customer_id, r.rank, r.product_index) for r in df.where("rule is null").collect())
        for df in (once, again)
    ]
    assert lists[0] == lists[1]
    assert len(lists[0]) == 16


def test_offers_come_beside_the_lists_by_what_they_are_worth_without_reasons(customers, passed):
    scorers, ids = {"popularity": Fixed((0.4, 0.3, 0.2, 0.1))}, pa.array(["c0", "c1"])
    batch = customers(owned=[[0, 0, 0, 0], [0, 0, 1, 0]])
    plain, offering = passed(scorers, n=3), passed(scorers, n=3, offers=OfferPlan(np.array([1.0, 2.0, 50.0, 1.0]), 2))
    listed, offered, *rest = (rows.to_pylist() for rows in score_batch(ids, batch, offering))
    assert [listed, *rest] == [rows.to_pylist() for rows in score_batch(ids, batch, plain)]
    told = [(row["customer_id"], row["offer_rank"], row["product_index"], row["score"]) for row in offered]
    scores = {(row["customer_id"], row["product_index"]): row["score"] for row in listed}
    places = [("c0", 1, 2), ("c0", 2, 1), ("c0", 3, 0), ("c1", 1, 1), ("c1", 2, 0), ("c1", 3, 3)]
    assert told == [(customer, place, product, scores[customer, product]) for customer, place, product in places]
    assert all(
        row["listed"] and row["rank"] is None and row["reasons"] is None and row["rule"] is None for row in offered
    )


@pytest.fixture
def passed():
    def build(scorers, n, on_sale=(True, True, True, True), language="en", offers=None):
        rules = ProductRules(np.array(on_sale), np.zeros(4, int), risk_where_unknown=1)
        names = [f"product {p}" for p in range(4)]
        catalogue, wording = Catalogue(names, np.arange(4), np.arange(4), rules), Wording(language, names)
        return ScoringPlan(Ensemble(scorers), catalogue, n, 3, wording, offers=offers)

    return build


@pytest.fixture
def decide(passed):
    def run(batch, n=3, on_sale=(True, True, True, True), scorers=None):
        decided = passed(scorers or {"popularity": Fixed((0.4, 0.3, 0.2, 0.1))}, n, on_sale)
        ids = pa.array([f"c{position}" for position in range(batch.size)])
        listed, excluded, _ = (rows.to_pylist() for rows in score_batch(ids, batch, decided))
        lists = {}
        for row in listed:
            lists.setdefault(row["customer_id"], []).append(row["product_index"])
        return lists, {(row["rule"], row["product_index"]): row["customers"] for row in excluded}

    return run
