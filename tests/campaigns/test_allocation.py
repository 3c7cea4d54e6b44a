"""Limits are kept, HiGHS is nearly reached, and neither order nor partitions change an offer."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.allocate import decide
from finrec_spark.campaigns.allocation.block import Block
from finrec_spark.campaigns.allocation.campaign import allocated
from finrec_spark.campaigns.allocation.choice import WHOLE, shares_of
from finrec_spark.campaigns.allocation.params import AllocationParams, Lever
from finrec_spark.campaigns.allocation.prices import local_curvature, local_dual
from finrec_spark.campaigns.allocation.problem import Problem, Vocabulary, rows_of, weights_of
from finrec_spark.campaigns.allocation.rounding import closeness_sums, cut_of, settled
from finrec_spark.campaigns.allocation.staging import CANDIDATES_DDL, block_of
from finrec_spark.errors import ConfigError, DataQualityError
from tests.campaigns.held_candidates import HeldCandidates
from tests.campaigns.small_campaigns import small_campaign


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10_000))
def test_every_limit_is_kept_and_highs_is_nearly_reached(seed):
    candidates, params = small_campaign(seed, most=120)
    decision, report = decide(candidates, params)
    _, exact = decide(candidates, params.model_copy(update={"exact": True}))
    assert_kept(candidates.block, decision.chosen(candidates.block), params, candidates.vocabulary)
    assert report.objective_yuan >= 0.995 * exact.objective_yuan
    assert report.bound_yuan >= exact.objective_yuan - 1e-6
    assert report.passes <= 5 and exact.passes == 2


def test_the_report_counts_what_is_chosen():
    candidates, params = small_campaign(3)
    decision, report = decide(candidates, params)
    block, chosen = candidates.block, decision.chosen(candidates.block)
    assert report.offers == len(chosen)
    assert report.value_yuan == pytest.approx(block.value[chosen].sum())
    assert report.cost_yuan == pytest.approx(block.cost[chosen].sum() / 1e6)
    used = {(use.name, use.kind): use.used for use in report.limits}
    assert used["contacts", "maximum"] == len(chosen)
    assert used["channel app", "maximum"] == (block.channel[chosen] == 0).sum()


def test_prices_of_a_sample_are_brought_to_the_limits_of_all():
    candidates, params = small_campaign(11, least=3000, most=3000)
    params = params.model_copy(update={"sample_candidates": 2500})
    decision, report = decide(candidates, params)
    assert_kept(candidates.block, decision.chosen(candidates.block), params, candidates.vocabulary)
    assert report.sampled_share < 0.2 and report.gap < 0.005


def test_last_months_prices_lead_to_as_good_an_allocation():
    candidates, params = small_campaign(5)
    _, first = decide(candidates, params)
    _, again = decide(candidates, params, start=first.prices)
    assert again.objective_yuan >= 0.995 * first.objective_yuan and again.gap == pytest.approx(first.gap, abs=0.005)


def test_a_lever_costs_what_an_allocation_without_it_would_bring_more():
    candidates, params = small_campaign(8)
    lever = Lever(column="channel", name="sms", weight=3.0)
    _, without = decide(candidates, params.model_copy(update={"levers": ()}))
    _, pulled = decide(candidates, params.model_copy(update={"levers": (lever,)}))
    (cost,) = pulled.levers
    assert cost.lever == "channel=sms × 3"
    assert cost.cost_yuan > 0
    assert cost.cost_yuan == pytest.approx(without.value_yuan - pulled.value_yuan, abs=0.01 * without.value_yuan)


def test_without_limits_everyone_gets_the_best_of_what_is_worth_something():
    block = plain_block([[5.0, 3.0, -1.0], [-2.0, -1.0, -3.0]])
    decision, report = decide(HeldCandidates(block, VOCABULARY), AllocationParams(offers_per_customer=2))
    assert decision.chosen(block).tolist() == [0, 1]
    assert (report.value_yuan, report.gap) == (pytest.approx(8.0), pytest.approx(0.0, abs=1e-3))


def test_a_minimum_is_met_by_offers_that_lose_least():
    block = plain_block([[5.0, 3.0, -1.0], [4.0, 1.0, -3.0]])
    params = AllocationParams(product_minimum={"p2": 1})
    decision, _ = decide(HeldCandidates(block, VOCABULARY), params)
    assert decision.chosen(block).tolist() == [2, 3]


def test_customers_whose_offers_a_minimum_needs_are_left_open_and_not_dropped():
    block = plain_block([[9.0, 4.0, -1.0], [4.0, 1.0, -1.0], [3.0, 1.0, -1.0]])
    held = HeldCandidates(block, VOCABULARY)
    for least, are_open in ((1, [False, False, False]), (2, [False, True, True])):
        problem = problem_of(held, AllocationParams(by_channel={"app": 1}, product_minimum={"p0": least}))
        prices = np.zeros(len(problem.rows))
        cut = cut_of(closeness_sums(block, problem, prices), problem, prices, core_candidates=0)
        assert settled(block, problem, cut).open.tolist() == are_open


def test_minima_above_the_eligible_customers_are_named():
    block = plain_block([[5.0, 3.0, -1.0], [4.0, 1.0, -3.0]])
    params = AllocationParams(product_minimum={"p1": 3, "p7": 1, "p0": 2})
    with pytest.raises(ConfigError, match="p1 needs 3 and has 2; p7 needs 1 and has 0: lower them"):
        decide(HeldCandidates(block, VOCABULARY), params)


def test_minima_that_the_budget_cannot_pay_are_refused():
    block = replace(plain_block([[5.0, 3.0, -1.0], [4.0, 1.0, -3.0]]), cost=np.full(6, 2_000_000))
    params = AllocationParams(product_minimum={"p1": 2}, budget_yuan=3.99)
    with pytest.raises(ConfigError, match=r"no allocation keeps all limits .* lower the minima \(product p1\)"):
        decide(HeldCandidates(block, VOCABULARY), params)


def test_minima_that_contradict_other_parameters_are_refused():
    with pytest.raises(ValidationError, match="product_minimum above product_maximum: p1"):
        AllocationParams(product_minimum={"p1": 2}, product_maximum={"p1": 1})
    with pytest.raises(ValidationError, match="add up to 4 offers, above contacts: 3"):
        AllocationParams(product_minimum={"p1": 2, "p2": 2}, contacts=3)


def test_exact_mode_refuses_a_large_campaign():
    block = plain_block([[5.0, 3.0, -1.0]])
    with pytest.raises(ConfigError, match="3 candidates, above exact_candidates: 2"):
        decide(HeldCandidates(block, VOCABULARY), AllocationParams(exact=True, exact_candidates=2))


def test_names_that_no_candidate_carries_are_reported():
    params = AllocationParams(by_channel={"smss": 3, "app": 9}, product_maximum={"p9": 1})
    _, report = decide(HeldCandidates(plain_block([[5.0, 3.0, -1.0]]), VOCABULARY), params)
    assert report.unmatched == ("channel=smss", "product_id=p9")


def test_shares_under_a_ridge_fill_the_offers_and_no_more():
    block = plain_block([[5.0, 4.8, 4.7], [0.4, 0.1, -1.0]])
    taken = shares_of(block, block.value, 1, ridge=1.0)
    shares = np.zeros(6)
    shares[taken.position] = taken.share / WHOLE
    assert shares == pytest.approx([0.5, 0.3, 0.2, 0.4, 0.1, 0.0], abs=1e-3)


def test_the_curvature_is_that_of_the_dual_value():
    candidates, params = small_campaign(2)
    problem = problem_of(candidates, params)
    prices = np.linspace(1.0, 6.0, len(problem.rows)) * np.where(problem.resources == 1, 1e-6, 1.0)
    second = local_curvature(candidates.block, problem, 10.0)(prices)
    dual, step = local_dual(candidates.block, problem, 10.0), 1e-2
    for row in (0, 2, 8):
        moved = np.eye(len(prices))[row] * step
        above, below = dual([prices + moved, prices - moved])
        slope = (above.gradient - below.gradient) / (2 * step)
        assert slope[row] == pytest.approx(second[row, row], rel=0.05, abs=0.05)


def test_a_block_is_the_same_after_its_bytes():
    block = small_campaign(1)[0].block
    again = Block.from_bytes(block.to_bytes())
    assert all((getattr(block, name) == getattr(again, name)).all() for name in vars(again) if name != "owner")


def test_rows_in_any_order_are_one_block():
    names = ["customer_id", "product_id", "channel", "branch", "segment", "key", "value", "cost"]
    columns = [["b", "a", "b", "a"], ["p1", "p1", "p0", "p0"], ["app"] * 4, [None] * 4, [None] * 4]
    columns = [pa.array(column, pa.string()) for column in columns]
    numbers = [[2, 1, 2, 1], [1.0, 2.0, 3.0, 4.0], [5, 6, 7, 8]]
    block = block_of(pa.table([*columns, *numbers], names=names), VOCABULARY)
    assert (block.customers.tolist(), block.keys.tolist(), block.sizes.tolist()) == (["b", "a"], [2, 1], [2, 2])
    assert (block.value.tolist(), block.cost.tolist()) == ([3.0, 1.0, 4.0, 2.0], [7, 5, 8, 6])
    assert (block.product.tolist(), block.branch.tolist()) == ([0, 1, 0, 1], [-1] * 4)


def test_order_and_partitions_change_nothing(spark):
    held, params = small_campaign(4)
    rows = as_frame(spark, held)
    results = []
    as_decimals = rows.withColumn("cost", F.col("cost").cast("decimal(18,6)"))
    for candidates in (rows.coalesce(1), as_decimals.repartition(5).orderBy(F.xxhash64("value"))):
        with allocated(candidates, params) as allocation:
            results.append((allocation.offers.orderBy("customer_id", "rank").collect(), allocation.report))
    assert results[0] == results[1]
    offers, report = results[0]
    assert len(offers) == report.offers and sum(row.value for row in offers) == pytest.approx(report.value_yuan)
    chosen = {tuple(row[name] for name in rows.columns) for row in offers}
    assert len(chosen) == len(offers) and chosen <= {tuple(row) for row in rows.collect()}


def test_unsound_candidates_are_refused(spark):
    sound = ("ann", None, "p0", "app", None, 5.0, 1.0)
    for faults, message in (
        ([(*sound[:5], None, 1.0)], "1 candidates have a null"),
        ([(*sound[:5], float("nan"), 1.0), (*sound[:6], -1.0)], "2 candidates have a null"),
        ([sound], "1 candidates repeat another's customer, product and channel"),
    ):
        candidates = spark.createDataFrame([sound, *faults], CANDIDATES_DDL)
        with pytest.raises(DataQualityError, match=message), allocated(candidates, AllocationParams()):
            pass


def test_without_candidates_nobody_is_offered_anything_and_no_limit_is_used(spark):
    nothing = spark.createDataFrame([], CANDIDATES_DDL)
    params = AllocationParams(contacts=5, budget_yuan=9.0, by_channel={"sms": 2})
    with allocated(nothing, params) as allocation:
        assert allocation.offers.collect() == []
    report = allocation.report
    assert (report.offers, report.value_yuan, report.cost_yuan, report.bound_yuan, report.gap) == (0, 0, 0, 0, 0)
    assert [(use.name, use.limit, use.used) for use in report.limits] == [("contacts", 5, 0), ("budget", 9, 0)]


def test_without_candidates_a_minimum_cannot_be_kept(spark):
    nothing = spark.createDataFrame([], CANDIDATES_DDL)
    least = AllocationParams(product_minimum={"p0": 1})
    with pytest.raises(ConfigError, match="p0 needs 1 and has 0"), allocated(nothing, least):
        pass


VOCABULARY = Vocabulary(("p0", "p1", "p2"), ("app",), (), ())


def plain_block(values):
    """Customers × products, all in one channel, free of cost."""
    n, products = len(values), len(values[0])
    zeros = np.zeros(n * products, np.int32)
    return Block(
        np.array([f"c{i}" for i in range(n)], dtype=object),
        np.arange(n, dtype=np.uint64),
        np.full(n, products),
        np.tile(np.arange(products, dtype=np.int32), n),
        zeros,
        zeros - 1,
        zeros - 1,
        np.array(values, dtype=float).ravel(),
        np.zeros(n * products, np.int64),
    )


def problem_of(candidates, params):
    vocabulary = candidates.vocabulary
    rows, weights = rows_of(params, vocabulary), weights_of((), vocabulary)
    return Problem(vocabulary, rows, weights, params.offers_per_customer, 0, 2.0**-20, 20.0, 1000.0)


def as_frame(spark, held):
    block, names = held.block, held.vocabulary
    rows = [
        (
            str(block.customers[owner]),
            None,
            names.products[block.product[i]],
            names.channels[block.channel[i]],
            names.branches[block.branch[i]] if block.branch[i] >= 0 else None,
            float(block.value[i]),
            float(block.cost[i]) / 1e6,
        )
        for i, owner in enumerate(block.owner)
    ]
    return spark.createDataFrame(rows, CANDIDATES_DDL)


def assert_kept(block, chosen, params, vocabulary):
    """Counted anew, from the parameters themselves."""
    owner, product = block.owner[chosen], block.product[chosen]
    assert len(set(zip(owner.tolist(), product.tolist(), strict=True))) == len(chosen) <= params.contacts
    assert np.bincount(owner, minlength=1).max() <= params.offers_per_customer
    assert block.cost[chosen].sum() <= round(params.budget_yuan * 1e6)
    for names, positions, limits in (
        (vocabulary.channels, block.channel, params.by_channel),
        (vocabulary.branches, block.branch, params.by_branch),
        (vocabulary.products, block.product, params.product_maximum),
    ):
        used = {name: (positions[chosen] == place).sum() for place, name in enumerate(names)}
        assert all(used[name] <= limit for name, limit in limits.items())
    offered = {name: (product == place).sum() for place, name in enumerate(vocabulary.products)}
    assert all(offered[name] >= limit for name, limit in params.product_minimum.items())
