import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrec_spark.evaluation.policy_value import (
    PolicyCells,
    contact_probability,
    of_chance,
    of_policy,
    policy_gain,
    policy_value,
)


def test_the_policy_of_everyone_is_worth_what_the_contacted_brought():
    found = policy_value(cells(*trial(seed=1, n=50)), of_chance(cells(*trial(seed=1, n=50)), 1.0))
    _, contacted, amount, _ = trial(seed=1, n=50)
    assert found.value == pytest.approx(amount[contacted].mean())
    assert found.variance == pytest.approx(amount[contacted].var() / contacted.sum())


def test_a_policy_gains_nothing_over_itself():
    of = cells(*trial(seed=2, n=50))
    assert policy_gain(of, of_policy(of, 0.3), of_policy(of, 0.3)) == (0.0, 0.0)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
@settings(max_examples=50, deadline=None)
def test_sums_of_cells_tell_what_single_customers_do(seed, share):
    """Value and variance as the formulas have them, customer by customer."""
    score, contacted, amount, chance = trial(seed, n=80)
    of = cells(score, contacted, amount, chance)
    found = policy_gain(of, of_policy(of, share), of_chance(of, share))
    contact = contact_probability(score, np.ones(80), share)
    weights = [np.where(contacted, p / chance, (1 - p) / (1 - chance)) for p in (contact, np.full(80, share))]
    values = [weight @ amount / weight.sum() for weight in weights]
    parts = [w * (amount - v) / w.sum() for w, v in zip(weights, values, strict=True)]
    assert found.value == pytest.approx(values[0] - values[1], abs=1e-9)
    assert found.variance == pytest.approx(((parts[0] - parts[1]) ** 2).sum(), abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.99))
@settings(max_examples=50, deadline=None)
def test_exactly_the_share_is_contacted_and_nobody_below_someone_who_is_not(seed, share):
    rng = np.random.default_rng(seed)
    score, customers = rng.integers(0, 5, 30).astype(float), rng.integers(1, 9, 30).astype(float)
    contact = contact_probability(score, customers, share)
    assert contact @ customers == pytest.approx(share * customers.sum())
    assert all((contact[score > cut] == 1).all() for cut in score[contact > 0])


def test_the_truth_lies_within_the_interval():
    """Contact brings the customers of the upper half 1 more; the policy finds half of them."""
    rng = np.random.default_rng(3)
    n, score = 40_000, rng.random(40_000)
    chance = np.where(score > 0.75, 0.2, 0.6)
    contacted = rng.random(n) < chance
    amount = rng.normal(1, 1, n) + (contacted & (score > 0.5))
    of = cells(score.round(3), contacted, amount, chance)
    value, gain = policy_value(of, of_policy(of, 0.25)), policy_gain(of, of_policy(of, 0.25), of_chance(of, 0.25))
    assert abs(value.value - 1.25) < 4 * value.variance**0.5 < 0.1
    assert abs(gain.value - 0.125) < 4 * gain.variance**0.5 < 0.1


def trial(seed, n):
    """Scores, contact, amounts and the probability of contact."""
    rng = np.random.default_rng(seed)
    contacted = np.r_[True, False, rng.random(n - 2) < 0.5]
    return rng.integers(0, 9, n) / 10, contacted, rng.exponential(2, n), np.full(n, 0.5)


def cells(score, contacted, amount, chance):
    """Customers of one offer, those of one score and treatment added up."""
    weight = 1 / np.where(contacted, chance, 1 - chance)
    sums = np.stack([weight, weight * amount, weight**2, weight**2 * amount, weight**2 * amount**2], axis=1)
    keys, group = np.unique(np.stack([score, contacted], axis=1), axis=0, return_inverse=True)
    added = np.stack([np.bincount(group, weights=column) for column in sums.T], axis=1)
    made = keys[:, 1] == 1
    return PolicyCells(keys[:, 0], np.bincount(group).astype(float), made, made, ~made, added)
