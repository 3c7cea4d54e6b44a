from datetime import date, datetime

import numpy as np
import pytest

from finrec_spark.campaigns.expected_amounts import AmountParams
from finrec_spark.campaigns.measurement.params import MeasureParams
from finrec_spark.campaigns.spending import Spending, fit_spending, spending_of, spending_rows
from finrec_spark.transforms.profiles.vector import ProfileFeature

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)
PROFILE = (ProfileFeature("numbers:income", "number"), ProfileFeature("numbers:shoe_size", "number"))
PARAMS = AmountParams(least=100, boosting={"minimum_rows": 10, "rounds": 60, "learning_rate": 0.1})
_EVENTS = "event_id string, customer_id string, product_id string, event_type string, event_time timestamp, " + (
    "value double, currency string"
)


def bank(spark, customers=600):
    """Customers who take cards and loans in May, four times the amount with sixteen times the income."""
    chance = np.random.default_rng(3)
    income = chance.choice([1.0, 16.0], customers)
    usual = {"card": 100.0, "loan": 9000.0}
    events, profiles = [], []
    for n in range(customers):
        profiles.append((MAY, f"c{n}", [float(income[n]), float(chance.normal())]))
        for product, amount in usual.items():
            value = float(amount * np.sqrt(income[n]) * np.exp(0.3 * chance.normal()))
            events.append((f"{n}-{product}", f"c{n}", product, "buy", datetime(2022, 5, 7), value, "CNY"))
    mean = float(np.sqrt(income).mean())
    amounts = [(product, amount * mean) for product, amount in usual.items()]
    return (
        spark.createDataFrame(events, _EVENTS),
        spark.createDataFrame(amounts, "product_id string, amount double"),
        spark.createDataFrame(profiles, "month date, customer_id string, profile array<double>"),
    )


@pytest.fixture(scope="module")
def learned(spark, tmp_path_factory):
    rows = spending_rows(*bank(spark), JUNE, MeasureParams(), 365)
    nodes = fit_spending(rows, [f.name for f in PROFILE], PARAMS, str(tmp_path_factory.mktemp("spending") / "trees"))
    return spending_of(nodes, PROFILE)


def test_who_earns_more_is_expected_to_take_the_same_product_with_more(learned):
    poor, rich = learned.factor(np.array([[1.0, 0.0], [16.0, 0.0]]))
    assert rich / poor == pytest.approx(4, rel=0.1)


def test_the_factor_is_1_on_average_over_who_buys(learned, spark):
    *_, profiles = bank(spark)
    factors = learned.factor(np.array([row["profile"] for row in profiles.collect()]))
    assert factors.mean() == pytest.approx(1, abs=0.1)


def test_many_options_of_one_customer_have_the_factor_that_each_would_have_alone(learned):
    chance = np.random.default_rng(5)
    customers = np.column_stack([chance.choice([1.0, 16.0, np.nan], 40), chance.choice([0.0, -0.0, np.nan], 40)])
    options = customers.repeat(chance.integers(1, 4, 40), axis=0)
    one_by_one = [float(learned.factor(option[None, :])[0]) for option in options]
    assert learned.factor(options).tolist() == one_by_one
    assert learned.factor(options[:0]).tolist() == []


def test_a_customer_of_whom_nothing_is_known_has_a_factor_too(learned):
    assert 0 < learned.factor(np.array([[np.nan, np.nan]]))[0] < 4


def test_purchases_of_the_decided_month_and_of_months_without_profiles_teach_nothing(spark):
    interactions, amounts, profiles = bank(spark, 5)
    told = spending_rows(interactions, amounts, profiles, MAY, MeasureParams(), 365)
    assert told.isEmpty()
    assert spending_rows(interactions, amounts, profiles.limit(0), JUNE, MeasureParams(), 365).isEmpty()


def test_with_too_few_purchases_everyone_spends_alike(spark, tmp_path):
    rows = spending_rows(*bank(spark, 5), JUNE, MeasureParams(), 365)
    nodes = fit_spending(rows, [f.name for f in PROFILE], PARAMS, str(tmp_path / "trees"))
    assert nodes.isEmpty()
    assert spending_of(nodes, PROFILE) == Spending()
    assert Spending().factor(np.zeros((3, 2))).tolist() == [1.0, 1.0, 1.0]
