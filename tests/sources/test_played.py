"""Customers of the synthetic bank answer to the bank's own campaigns."""

from datetime import date

import numpy as np
import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from finrec_spark.evaluation.campaign_truth import Truth, with_true_value
from finrec_spark.sources.generator import (
    GeneratorParams,
    generated_bank,
    simulated_histories,
    true_amounts,
    true_effects,
    true_propensities,
    true_spending,
)

PARAMS = GeneratorParams(customers=2000, products=60, months=10, campaign_every_months=4, own_campaigns=8)
NUMBERS = range(1, 2001)
FIRST, SECOND = PARAMS.month(8), PARAMS.month(9)


def of(known):
    return PARAMS.model_copy(update={"known_months": known})


@pytest.fixture(scope="module")
def offer(spark):
    """The product that is opened most."""
    opened = landing(spark, 8).interactions.where("event_type = 'open'").groupBy("product_id").count()
    return opened.orderBy(F.desc("count"), "product_id").head()["product_id"]


@pytest.fixture(scope="module")
def targets(spark, offer):
    """Every customer in April: half of them treated, all with the same offer."""
    rows = [
        (FIRST, "2022-04-a", f"C{n:010}", offer, "sms", "treatment" if n % 2 else "control") for n in range(1, 2001)
    ]
    return spark.createDataFrame(
        rows, "month date, campaign_id string, customer_id string, product_id string, channel string, arm string"
    )


def landing(spark, known, targets=None):
    params = of(known)
    return generated_bank(spark, params, simulated_histories(spark, params, targets=targets))


def test_what_is_known_does_not_change_with_what_comes_later(spark):
    """A month more delivers the same rows again, and new ones."""
    short, long = (landing(spark, known).interactions for known in (8, 9))
    earlier = long.where(F.col("event_time") < FIRST.isoformat())
    assert_df_equality(short, earlier, ignore_row_order=True)
    assert long.count() > short.count()


def test_the_months_of_the_bank_have_no_campaigns_of_the_generator(spark):
    months = landing(spark, 10).contacts.select("campaign_id").distinct().collect()
    assert months and all(row["campaign_id"] < FIRST.isoformat() for row in months)


def test_contacts_are_the_targets_with_their_campaign_and_answers_are_given_by_the_treated(spark, targets):
    bank = landing(spark, 9, targets)
    contacts = bank.contacts.where("campaign_id = '2022-04-a'")
    key = ["customer_id", "product_id", "channel", "arm"]
    assert_df_equality(contacts.select(key), targets.select(key), ignore_row_order=True, ignore_nullable=True)
    answers = bank.campaign_responses.join(contacts, "contact_id")
    assert answers.count() == targets.where("arm = 'treatment'").count()


def test_only_what_the_treated_were_offered_changes_and_only_from_then_on(spark, targets):
    without, treated = landing(spark, 9).interactions, targets.where("arm = 'treatment'")
    with_them = landing(spark, 9, targets).interactions
    changed = with_them.exceptAll(without).unionByName(without.exceptAll(with_them))
    assert changed.where(F.col("event_time") < FIRST.isoformat()).isEmpty()
    opened = changed.where("event_type = 'open'")
    assert opened.count() > 0 and opened.join(treated, "customer_id", "left_anti").isEmpty()


def test_the_true_value_is_the_raised_propensity_times_the_amount(spark, targets, offer):
    params = of(8)
    products = [row["product_id"] for row in landing(spark, 8).products.orderBy("product_id").collect()]
    histories = simulated_histories(spark, params)
    truth = Truth(
        propensities=true_propensities(histories, params).where(F.col("month") == F.lit(FIRST)).drop("month"),
        effects=true_effects(spark, params),
        spending=true_spending(spark, params),
        amounts=true_amounts(spark, params),
        product_ids=products,
    )
    category = landing(spark, 8).products.where(F.col("product_id") == offer).head()["category"]
    found = with_true_value(targets.withColumn("category", F.lit(category)), truth).orderBy("customer_id").toPandas()
    chance = {row["customer_id"]: row["propensities"][products.index(offer)] for row in truth.propensities.collect()}
    effect = {r["customer_id"]: r["log_odds"][category] for r in truth.effects.where("channel = 'sms'").collect()}
    factor = {row["customer_id"]: row["factor"] for row in truth.spending.collect()}
    amount = truth.amounts.where(F.col("product_id") == offer).head()["amount_yuan"]
    expected = []
    for name in found["customer_id"]:
        odds = chance[name] / (1 - chance[name]) * np.exp(effect[name])
        expected.append((odds / (1 + odds) - chance[name]) * factor[name] * amount)
    assert len(found) == 2000 and np.allclose(found["true_value"], expected, rtol=1e-9)


def test_parameters_name_the_month_to_decide():
    assert of(8).month(of(8).known) == date(2022, 4, 1) and PARAMS.month(PARAMS.known) == date(2022, 6, 1)
    assert date(2022, 5, 1) == SECOND
