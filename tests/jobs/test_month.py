import logging
from datetime import date

import pytest
from pyspark.sql import Window
from pyspark.sql import functions as F

from finrec_spark.pipeline.runner import Outcome
from finrec_spark.steps.summary import print_summary
from finrec_spark.tables import (
    BRONZE,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMERS,
    EXCLUSIONS,
    INTERACTIONS,
    METRICS,
    PRODUCTS,
    RECOMMENDATIONS,
    REGISTRY,
    RUNS,
)
from finrec_spark.transforms.eligibility import on_sale
from finrec_spark.transforms.ingest.customers import customers_as_of
from jobs import month as month_job
from jobs import recommend

JUNE = date(2022, 6, 1)


def test_every_known_customer_gets_ten_products(finished):
    lists = (
        finished.lake.read(RECOMMENDATIONS)
        .groupBy("month", "customer_id")
        .agg(F.count("*").alias("n"), F.count_distinct("product_id").alias("products"), F.max("rank").alias("last"))
    )
    known = customers_as_of(finished.lake.read(CUSTOMERS), JUNE).count()
    assert lists.where("n = 10 and products = 10 and last = 10").count() == known == lists.count()


def test_nothing_owned_or_off_sale_is_recommended(finished):
    lists = finished.lake.read(RECOMMENDATIONS)
    owned = finished.lake.read(CUSTOMER_PRODUCT_MATRIX, month=JUNE).where("owned")
    off_sale = finished.lake.read(PRODUCTS).where(~on_sale(JUNE))
    assert lists.join(owned, ["customer_id", "product_id"], "left_semi").isEmpty()
    assert lists.join(off_sale, "product_id", "left_semi").isEmpty()


def test_nothing_riskier_than_the_customer_is_recommended(finished):
    customers = customers_as_of(finished.lake.read(CUSTOMERS), JUNE).select("customer_id", "risk_level")
    products = finished.lake.read(PRODUCTS).select("product_id", F.col("risk_level").alias("product_risk"))
    pairs = finished.lake.read(RECOMMENDATIONS).join(customers, "customer_id").join(products, "product_id")
    assert pairs.where("product_risk > coalesce(risk_level, 1)").isEmpty()


def test_scores_fall_and_reasons_are_shares(finished):
    by_rank = Window.partitionBy("customer_id").orderBy("rank")
    lists = finished.lake.read(RECOMMENDATIONS).withColumn("above", F.lag("score").over(by_rank))
    shares = F.aggregate("reasons", F.lit(0.0), lambda total, reason: total + reason["weight"])
    assert lists.where("above < score").isEmpty()
    assert lists.where(F.size("reasons") == 0).isEmpty()
    assert lists.where((shares <= 0) | (shares > 1.00001)).isEmpty()


def test_exclusions_count_what_is_owned(finished):
    counted = finished.lake.read(EXCLUSIONS).where("rule = 'owned'").agg(F.sum("customers")).head()[0]
    sold = finished.lake.read(PRODUCTS).where(on_sale(JUNE))
    owned = finished.lake.read(CUSTOMER_PRODUCT_MATRIX, month=JUNE).where("owned")
    assert counted == owned.join(sold, "product_id", "left_semi").count()


def test_metrics_of_every_model_stand_beside_popularity(finished):
    metrics = finished.lake.read(METRICS).where("segment = 'all'")
    models = {row.model for row in metrics.where("metric = 'ndcg' and k = 10").collect()}
    assert models == {
        "popularity", "als", "ease", "slit", "pearson_item", "pearson_user", "euclidean", "content", "naive_bayes",
        "decision_tree", "random_forest", "boosted_trees", "rank_fusion", "ensemble", "random", "true_propensity",
    }  # fmt: skip


def test_lists_are_measured_at_every_length_and_reach_at_every_capacity(finished):
    found = {}
    for row in finished.lake.collect(METRICS, protocol="last_month"):
        if row["model"] == "ensemble" and row["segment"] == "all":
            found.setdefault(row["metric"], {})[row["k"]] = row["value"]
    assert found["ndcg"].keys() == found["mrr"].keys() == found["coverage"].keys() == {3, 5, 10}
    assert found.keys() >= {"novelty", "diversity", "popularity_bias"}
    captured = [found["captured_purchases"][k] for k in (1, 2, 5, 10, 20, 50)]
    assert captured == sorted(captured) and 0 <= captured[0] <= captured[-1] <= 1
    assert found["contact_lift"][50] == pytest.approx(captured[-1] * 2)


def test_cold_and_warm_customers_are_measured_apart(finished):
    rows = finished.lake.collect(METRICS, protocol="last_month")
    assert {row["segment"] for row in rows if row["metric"] == "ndcg"} >= {"all", "warm"}
    assert {row["segment"] for row in rows if row["metric"] == "ndcg_gain_of_ensemble"} >= {"all", "warm"}


def test_the_ensemble_is_held_against_every_model_and_against_the_truth(finished):
    metrics = finished.lake.read(METRICS).where("segment = 'all'")
    gains = {row.model for row in metrics.where("metric = 'ndcg_gain_of_ensemble'").collect()}
    assert {"als", "naive_bayes", "decision_tree", "rank_fusion", "popularity"} <= gains
    claimed = {row.model for row in metrics.where("metric = 'calibration_error'").collect()}
    assert claimed in (set(), {"ensemble", "base_rate"})
    share = metrics.where("metric = 'ndcg_share_of_truth'").head()
    assert share.value > 0
    assert share.low <= 1  # nothing beats the bank's own propensities beyond chance
    truth = metrics.where("metric = 'ndcg_gain_of_ensemble' and model = 'true_propensity'").head()
    assert truth.low <= 0


def test_a_score_is_a_probability_and_the_forest_s_reasons_are_told(finished):
    lists = finished.lake.read(RECOMMENDATIONS)
    assert lists.where("not score between 0 and 1").isEmpty()
    codes = {row.code for row in lists.select(F.explode("reasons.code").alias("code")).distinct().collect()}
    assert codes & {"in_demand", "kind_in_use", "similar_profile", "fits_risk"}
    assert "sensitive" not in codes


@pytest.fixture
def steps_of(context, monkeypatch, tmp_path):
    """Names and months of June's plan, given the months whose outcomes teach and the one that is held out."""

    def build(labels, held_out, without=()):
        acquired = {date(2021, 12, 1): 0, **dict.fromkeys(labels, 99)}
        monkeypatch.setattr("finrec_spark.steps.earlier_months._acquisitions", lambda context: acquired)
        monkeypatch.setattr("finrec_spark.steps.month_plan.held_out_month", lambda context, month: held_out)
        plan = month_job.plan_of(context(tmp_path), JUNE, without)
        return [(step.name, month) for step, month in plan.steps]

    return build


def test_a_month_without_history_needs_no_trees(steps_of):
    names = [name for name, _ in steps_of((), None)]
    assert names[-2:] == ["recommend", "report"]
    assert not {"train_forest", "evaluate"} & set(names)


def test_what_is_left_out_is_not_planned_and_nothing_else_is_missing(steps_of):
    labels = [date(2022, 4, 1), date(2022, 5, 1)]
    whole, less = steps_of(labels, labels[-1]), steps_of(labels, labels[-1], ("evaluate", "report"))
    assert less == [(name, month) for name, month in whole if name not in ("evaluate", "report")]
    assert len(less) == len(whole) - 2


@pytest.mark.parametrize(
    ("labels", "measured", "decided"),
    [((4, 5), True, {4, 5, 6}), ((1, 3), True, {1, 3, 5, 6}), ((5,), True, {5, 6}), ((), False, {6})],
)
def test_the_months_that_teach_and_the_one_that_measures_are_decided_too(steps_of, labels, measured, decided):
    plan = steps_of([date(2022, month, 1) for month in labels], date(2022, 5, 1) if measured else None)
    assert {month.month for name, month in plan if name == "build_matrix"} == decided


def test_every_step_is_in_the_ledger_with_the_versions_that_it_read(finished):
    runs = {(row.step, f"{row.month:%m}"): row for row in finished.lake.read(RUNS).collect()}
    assert {row.status for row in runs.values()} == {"done"}
    read = {entry.table: entry.version for entry in runs["recommend", "06"].inputs}
    assert read.keys() >= {"gold.scoring_rows", "model.product_factors", "model.trees"}
    assert min(read.values()) >= 0
    assert runs["build_matrix", "05"].rows > 0


def test_the_generated_bank_loses_no_row(finished):
    delivered = sum(finished.lake.read(table).count() for table in BRONZE[:3])
    silver = sum(finished.lake.read(table).count() for table in (CUSTOMERS, PRODUCTS, INTERACTIONS))
    assert 0 < silver <= delivered  # equal versions of a profile are one


def test_models_are_registered_with_their_parameters(finished):
    params = {row.model: row.params for row in finished.lake.read(REGISTRY, month=JUNE).collect()}
    assert '"rank":4' in params["als"]


def test_a_second_submission_writes_nothing(finished, options, caplog):
    versions = [finished.lake.version(table) for table in (RECOMMENDATIONS, METRICS, INTERACTIONS)]
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        month_job.run(finished, options)
    assert [finished.lake.version(table) for table in (RECOMMENDATIONS, METRICS, INTERACTIONS)] == versions


def test_no_customer_is_named_on_the_screen_or_in_the_log(finished, options, capsys, caplog):
    with caplog.at_level(logging.DEBUG, logger="finrec_spark"):
        month_job.run(finished, options)
    capsys.readouterr()
    print_summary(finished, JUNE, [Outcome(recommend.STEP, JUNE, 1, 1.0)])  # with examples, as after a run
    ids = [row.customer_id for row in finished.lake.read(CUSTOMERS).select("customer_id").distinct().collect()]
    shown = capsys.readouterr().out
    assert "Example 1" in shown
    said = shown + caplog.text
    assert [name for name in ids if name in said] == []
