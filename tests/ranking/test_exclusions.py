import numpy as np

from finrec_spark.ranking.exclusions import RULES, ProductRules, rule_counts


def test_the_first_rule_that_applies_is_told(customers):
    batch = customers(owned=[[1, 1, 0, 0], [0, 0, 0, 0]], risk_level=[3, 0])
    rules = ProductRules(np.array([False, True, True, True]), np.array([5, 5, 4, 1]), risk_where_unknown=1)
    told = [[RULES[code - 1] if code else "" for code in row] for row in rules.excluded(batch)]
    assert told == [
        ["not_on_sale", "owned", "risk_too_high", ""],
        ["not_on_sale", "risk_too_high", "risk_too_high", ""],  # unknown risk: only the lowest suits
    ]


def test_a_product_of_unknown_risk_suits_everyone(customers):
    rules = ProductRules(np.array([True]), np.array([0]), risk_where_unknown=0)
    assert rules.excluded(customers(owned=[[0]], risk_level=[0])).tolist() == [[0]]


def test_counts_add_up_to_the_excluded_pairs():
    excluded = np.array([[1, 0, 2], [1, 3, 2], [1, 0, 0]], dtype=np.uint8)
    counted = dict(
        zip(zip(*map(np.ndarray.tolist, rule_counts(excluded)[:2]), strict=True), rule_counts(excluded)[2], strict=True)
    )
    assert counted == {(0, 0): 3, (1, 2): 2, (2, 1): 1}
