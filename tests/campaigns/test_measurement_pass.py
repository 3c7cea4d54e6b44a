"""What a target brought, and the sums of it: Spark's pass against numpy on the same rows."""

from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from benchmarks.measured_campaigns import CONTROL_SHARE, EXPLORER_CONTROL_SHARE, cells_of, simulated_customers
from finrec_spark.campaigns.arms import ArmParams, is_held_out
from finrec_spark.campaigns.measurement.outcomes import campaign_outcomes, programme_outcomes
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.measurement.power import collect_launch_power, product_outcomes
from finrec_spark.campaigns.measurement.statistics import CELL, collect_statistics, sufficient_statistics, winsorised
from finrec_spark.campaigns.measurement.verdicts import measured
from finrec_spark.tables import CAMPAIGN_OUTCOMES

JUNE = date(2022, 6, 1)
PARAMS = MeasureParams(window_days=30, baseline_days=60)
TARGETS = (
    "campaign_id string, customer_id string, product_id string, channel string, segment string, stratum string, "
    "exploration boolean, arm string, control_share double"
)
EVENTS = (
    "customer_id string, product_id string, event_type string, event_time timestamp, value decimal(18,2), "
    "currency string"
)
CONTACTS = "customer_id string, product_id string, contact_time timestamp, arm string"
OUTCOMES = (
    "campaign_id string, product_id string, channel string, segment string, stratum string, exploration boolean, "
    "arm string, control_share double, taken boolean, contacted boolean, yuan decimal(18,2), "
    "baseline_yuan decimal(18,2)"
)


@pytest.fixture(scope="module")
def interactions(spark):
    rows = [
        ("ann", "card", "open", datetime(2022, 6, 1), 100, "CNY"),
        ("ann", "card", "buy", datetime(2022, 6, 30, 23, 59), 50, None),
        ("ann", "card", "buy", datetime(2022, 7, 1), 900, "CNY"),  # after the window
        ("ann", "loan", "open", datetime(2022, 6, 9), 7, "CNY"),  # another product
        ("ann", "loan", "open", datetime(2022, 5, 31, 23, 59), 30, "CNY"),
        ("ann", "loan", "open", datetime(2022, 4, 2), 5, "CNY"),
        ("ann", "loan", "open", datetime(2022, 4, 1, 23, 59), 900, "CNY"),  # before the baseline
        ("bob", "card", "view", datetime(2022, 6, 5), 900, "CNY"),  # brings no money
        ("cid", "card", "open", datetime(2022, 6, 5), 40, "USD"),  # taken, with other money
    ]
    return spark.createDataFrame([(*row[:4], _money(row[4]), row[5]) for row in rows], EVENTS)


@pytest.fixture(scope="module")
def contacts(spark):
    rows = [
        ("ann", "card", datetime(2022, 6, 2), "treatment"),
        ("bob", "card", datetime(2022, 6, 2), "control"),  # kept back
        ("cid", "card", datetime(2022, 6, 2), "treatment"),  # a control that was contacted all the same
        ("cid", "card", datetime(2022, 6, 3), "treatment"),
        ("bob", "loan", datetime(2022, 6, 2), "treatment"),  # about something else
    ]
    return spark.createDataFrame(rows, CONTACTS)


def test_a_target_is_credited_with_its_product_in_the_window_and_all_before(spark, interactions, contacts):
    arms = {"ann": "treatment", "bob": "control", "cid": "control"}
    rows = [("K1", name, "card", "app", "young", name, False, arm, 0.1) for name, arm in arms.items()]
    targets = spark.createDataFrame(rows, TARGETS)
    found = campaign_outcomes(targets, interactions, contacts, JUNE, PARAMS).toPandas().set_index("stratum")
    assert found.taken.to_dict() == {"ann": True, "bob": False, "cid": True}
    assert found.yuan.astype(float).to_dict() == {"ann": 150.0, "bob": 0.0, "cid": 0.0}
    assert found.baseline_yuan.astype(float).to_dict() == {"ann": 35.0, "bob": 0.0, "cid": 0.0}
    assert found.contacted.to_dict() == {"ann": True, "bob": False, "cid": True}


def test_the_programme_counts_every_product_of_every_customer_once(spark, interactions, contacts):
    rows = [(name, name) for name in ("ann", "bob", "cid", "dee")]
    customers = spark.createDataFrame(rows, "customer_id string, segment string")
    arms = ArmParams(holdout_share=0.4)
    held_out = {row.customer_id for row in customers.where(is_held_out(arms)).collect()}
    found = programme_outcomes(customers, interactions, contacts, JUNE, arms, PARAMS).toPandas().set_index("segment")
    assert found.yuan.astype(float).to_dict() == {"ann": 157.0, "bob": 0.0, "cid": 0.0, "dee": 0.0}
    assert found.contacted.to_dict() == {"ann": True, "bob": True, "cid": True, "dee": False}
    assert {name for name, arm in found.arm.items() if arm == "holdout"} == held_out
    assert (found.control_share == 0.4).all()


@pytest.fixture(scope="module")
def outcomes(spark):
    """500 outcomes in 2 campaigns, with amounts up to a hundred million yuan."""
    return spark.createDataFrame(_random_outcomes(500), OUTCOMES).localCheckpoint()


def test_sparks_sums_are_those_of_numpy(outcomes):
    rows = winsorised(outcomes, 0.9).toPandas()
    found = collect_statistics(outcomes, 0.9).set_index(list(CELL)).sort_index()
    yuan, capped, x = (rows[name].astype(float) for name in ("yuan", "capped_yuan", "baseline_yuan"))
    wanted = rows.assign(
        units=1.0,
        contacted=rows.contacted.astype(float),
        active=(x > 0).astype(float),
        yuan=yuan,
        capped=capped,
        baseline=x,
        yuan_squares=yuan**2,
        capped_squares=capped**2,
        baseline_squares=x**2,
        yuan_baseline=yuan * x,
        capped_baseline=capped * x,
    )
    sums = wanted.groupby(list(CELL))[list(found.columns)].sum().sort_index()
    pd.testing.assert_frame_equal(found, sums, rtol=1e-12)


def test_the_sums_are_equal_to_the_digit_in_any_order(outcomes):
    once, again = (
        sufficient_statistics(rows).orderBy(*CELL).collect()
        for rows in (winsorised(outcomes, 0.9), winsorised(outcomes.orderBy("yuan").repartition(5), 0.9))
    )
    assert once == again


def test_the_largest_amounts_of_a_campaign_are_cut_to_its_quantile(outcomes):
    rows = winsorised(outcomes, 0.9).toPandas()
    for _, own in rows.groupby("campaign_id"):
        yuan, capped = own.yuan.astype(float), own.capped_yuan.astype(float)
        limit = np.quantile(yuan[yuan > 0], 0.9, method="closest_observation")
        assert limit / 1.2 <= capped.max() <= limit * 1.2
        assert ((capped == yuan) | (capped == capped.max())).all()


def test_a_products_outcomes_are_means_over_all_customers(spark):
    events = [
        ("ann", "loan", "open", 5, 100.0),
        ("ann", "loan", "open", 6, 50.0),
        ("ben", "loan", "open", 9, 10.0),
        ("cem", "loan", "view", 9, None),
        ("dan", "loan", "open", 31, 70.0),  # after the window
        ("dan", "card", "open", 4, None),
    ]
    rows = [(c, p, e, datetime(2022, 5, day), value, "CNY") for c, p, e, day, value in events]
    names = (
        "customer_id string, product_id string, event_type string, event_time timestamp, value double, currency string"
    )
    found = product_outcomes(spark.createDataFrame(rows, names), 10, date(2022, 5, 1), PARAMS)
    assert sorted(map(tuple, found.collect())) == [("card", 0.1, 0.0, 0.0), ("loan", 0.2, 16.0, (150**2 + 10**2) / 10)]


def test_the_power_before_launch_is_that_of_what_the_offered_products_brought(spark, outcomes):
    targets = outcomes.drop("taken", "contacted", "yuan", "baseline_yuan")
    products = [row["product_id"] for row in targets.select("product_id").distinct().orderBy("product_id").collect()]
    rows = [(product, 0.01 * place, 3.0 * place, 900.0 * place) for place, product in enumerate(products, start=1)]
    past = spark.createDataFrame(rows, "product_id string, taken double, yuan double, yuan_squares double")
    found = collect_launch_power(targets, past, PARAMS)
    assert [(one.campaign_id, one.measure) for one in found] == [
        (campaign, measure) for campaign in ("K1", "K2") for measure in ("yuan", "takers")
    ]
    first = targets.toPandas().query("campaign_id == 'K1'")
    assert (found[0].treated, found[0].control) == ((first.arm == "treatment").sum(), (first.arm == "control").sum())
    place = first.product_id.map({product: place for place, product in enumerate(products, start=1)})
    assert found[0].past_mean == pytest.approx(3.0 * place.mean()) and found[0].detectable > 0
    assert found[1].past_mean == pytest.approx(0.01 * place.mean()) and "K1" in found[1].sentence


@pytest.fixture(scope="module")
def simulated(spark):
    """3,000 customers of the benchmark, and the same as rows of Spark."""
    customers = simulated_customers(3, 3000, lift=4.0)
    segment, share = customers.segment.astype(str), np.where(customers.explorer, EXPLORER_CONTROL_SHARE, CONTROL_SHARE)
    arm = np.where(customers.is_control, "control", "treatment")
    columns = (segment, segment, customers.explorer, arm, share, customers.taken, ~customers.is_control)
    money = ([_money(amount) for amount in amounts] for amounts in (customers.yuan, customers.baseline))
    values = zip(*(column.tolist() for column in columns), *money, strict=True)
    rows = [("simulated", "P001", "app", *row) for row in values]
    return customers, spark.createDataFrame(rows, OUTCOMES).localCheckpoint()


def test_the_benchmarks_cells_are_those_of_sparks_pass(simulated):
    customers, rows = simulated
    found = collect_statistics(rows, PARAMS.winsor_quantile)
    wanted = cells_of(customers).sort_values(list(CELL), ignore_index=True)
    pd.testing.assert_frame_equal(found, wanted[found.columns], rtol=1e-9)


def test_a_measured_campaign_fits_its_table(spark, simulated):
    cells = collect_statistics(simulated[1], PARAMS.winsor_quantile)
    rows = measured(cells, PARAMS).rows(PARAMS, "en")
    stored = spark.createDataFrame(rows, CAMPAIGN_OUTCOMES.ddl_without("month", "run_id"))
    filled = stored.selectExpr("*", "date'2022-06-01' AS month", "'r1' AS run_id")
    broken = " OR ".join(f"NOT coalesce({condition}, false)" for condition in CAMPAIGN_OUTCOMES.conditions)
    assert CAMPAIGN_OUTCOMES.conform(filled).where(broken).count() == 0
    assert filled.count() == len(rows) > 0


def _random_outcomes(n):
    rng = np.random.default_rng(7)
    rows = []
    for _ in range(n):
        taken = bool(rng.random() < 0.3)
        segment = str(rng.choice(["young", "old"]))
        explored = bool(rng.random() < 0.3)
        keys = (str(rng.choice(["K1", "K2"])), str(rng.choice(["P1", "P2"])), "app", segment, segment, explored)
        arm = str(rng.choice(["treatment", "control", "holdout"], p=[0.5, 0.4, 0.1]))
        money = [round(float(np.exp(rng.normal(9, 3))), 2) * flag for flag in (taken, rng.random() < 0.5)]
        rows.append((*keys, arm, 0.5 if explored else 0.1, taken, arm == "treatment", *map(_money, money)))
    return rows


def _money(amount):
    return Decimal(str(amount)).quantize(Decimal("0.01"))
