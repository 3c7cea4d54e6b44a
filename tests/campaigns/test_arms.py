"""Arms by chance: exact shares, the same whatever the partitions, a hold-out that nothing moves."""

from datetime import date

import numpy as np
import pytest
from pyspark.sql import functions as F

from finrec_spark.campaigns.arms import ArmParams, exploration_offers, is_explorer, is_held_out, with_arms

JUNE, JULY = date(2022, 6, 1), date(2022, 7, 1)
PARAMS = ArmParams(holdout_share=0.1, control_share=0.2, exploration_share=0.1, exploration_control_share=0.5)


@pytest.fixture(scope="module")
def targets(spark):
    """8,000 customers in two campaigns; a tenth of them offered by chance."""
    rows = spark.range(8000).select(
        F.format_string("C%05d", "id").alias("customer_id"),
        F.when(F.col("id") < 1200, F.format_string("S%d", F.floor(F.col("id") / 2))).otherwise("rest").alias("stratum"),
        (F.col("id") % 10 == 0).alias("exploration"),
    )
    campaigns = rows.withColumn("campaign_id", F.explode(F.array(F.lit("K1"), F.lit("K2"))))
    return campaigns.localCheckpoint()


@pytest.fixture(scope="module")
def dealt(targets):
    return with_arms(targets, PARAMS, JUNE).toPandas().sort_values(["campaign_id", "customer_id"], ignore_index=True)


def test_arms_do_not_depend_on_partitions_or_order(targets, dealt):
    shuffled = targets.orderBy(F.desc("customer_id")).repartition(7)
    again = with_arms(shuffled, PARAMS, JUNE).toPandas().sort_values(["campaign_id", "customer_id"], ignore_index=True)
    assert again[dealt.columns].equals(dealt)


def test_the_hold_out_is_the_same_in_every_campaign_and_month(targets, dealt):
    july = with_arms(targets, PARAMS.model_copy(update={"seed": 4}), JULY).toPandas()
    held_out = [
        set(rows.customer_id[rows.arm == "holdout"])
        for rows in (dealt, dealt[dealt.campaign_id == "K1"], dealt[dealt.campaign_id == "K2"], july)
    ]
    assert all(found == held_out[0] for found in held_out)
    assert 0.08 < len(held_out[0]) / 8000 < 0.12


def test_another_salt_draws_another_hold_out(targets):
    others = PARAMS.model_copy(update={"salt": "2"})
    both = targets.where(is_held_out(PARAMS) & is_held_out(others)).count()
    assert 0 < both < 2 * 8000 * 0.1 * 0.2  # a tenth of a tenth, where the same would be a tenth


def test_a_large_stratum_has_its_share_of_controls_but_for_the_rounding(dealt):
    inside = dealt[(dealt.arm != "holdout") & (dealt.stratum == "rest")]
    for (_, _), own in inside.groupby(["campaign_id", "exploration"]):
        controls = (own.arm == "control").sum()
        assert abs(controls - len(own) * own.control_share.iloc[0]) < 1


def test_customers_alone_in_their_stratum_are_controls_as_often_as_the_others(dealt):
    inside = dealt[(dealt.arm != "holdout") & (dealt.stratum != "rest") & ~dealt.exploration]
    sizes = inside.groupby(["campaign_id", "stratum"]).customer_id.transform("size")
    alone = inside[sizes == 1]
    assert len(alone) > 300
    share = (alone.arm == "control").mean()
    assert abs(share - 0.2) < 4 * np.sqrt(0.2 * 0.8 / len(alone))


def test_what_is_stored_is_the_probability_of_the_arm(dealt):
    stored = dealt.groupby(["arm", "exploration"]).probability.agg(["min", "max"]).round(12)
    assert (stored["min"] == stored["max"]).all()
    assert stored["min"].to_dict() == {
        ("control", False): 0.18,
        ("control", True): 0.45,
        ("holdout", False): 0.1,
        ("holdout", True): 0.1,
        ("treatment", False): 0.72,
        ("treatment", True): 0.45,
    }


def test_controls_of_two_campaigns_are_drawn_apart(dealt):
    arms = dealt[~dealt.exploration].pivot(index="customer_id", columns="campaign_id", values="arm")
    kept = arms[(arms.K1 != "holdout")]
    both = ((kept.K1 == "control") & (kept.K2 == "control")).mean()
    assert abs(both - 0.04) < 0.02


def test_explorers_are_offered_one_allowed_offer_each_of_them_as_likely(spark, targets):
    everyone = targets.where("campaign_id = 'K1'").select("customer_id", "campaign_id")
    allowed = [("P1", "sms"), ("P1", "app"), ("P2", "app")]
    options = everyone.crossJoin(spark.createDataFrame(allowed, "product_id string, channel string"))
    offers = exploration_offers(options, PARAMS, JUNE).toPandas()
    assert sorted(offers.customer_id) == sorted(
        row.customer_id for row in everyone.where(is_explorer(PARAMS, JUNE)).collect()
    )
    assert (offers.offer_probability.round(12) == round(1 / 3, 12)).all()
    counts = offers.groupby(["product_id", "channel"]).size()
    assert len(counts) == 3 and counts.min() > len(offers) / 3 - 4 * np.sqrt(len(offers) * 2 / 9)
