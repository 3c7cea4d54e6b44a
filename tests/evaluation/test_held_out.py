import pytest
from statsmodels.stats.proportion import proportion_confint

from finrec_spark.evaluation.calibration_metrics import calibration_metrics
from finrec_spark.evaluation.held_out import LastMonthParams, collect_outcomes, measured_customers, share_of_truth

PAIRS = "score double, label double, weight double"
MEASURED = "model string, customer_id string, ndcg double"


@pytest.fixture
def pairs(spark):
    return lambda *rows: spark.createDataFrame(list(rows), PAIRS)


@pytest.fixture
def measured(spark):
    def build(**ndcg):
        rows = [(model, f"c{n}", value) for model, values in ndcg.items() for n, value in enumerate(values)]
        return spark.createDataFrame(rows, MEASURED)

    return build


def figures(metrics):
    return {(row.model, row.metric): row.value for row in metrics.collect()}


def test_what_is_promised_too_much_in_one_group_and_too_little_in_another_does_not_cancel(pairs):
    rows = pairs((0.1, 1.0, 1.0), (0.1, 0.0, 3.0), (0.8, 1.0, 1.0), (0.8, 0.0, 3.0))
    errors = figures(calibration_metrics(rows, base_rate=0.25))
    assert errors["ensemble", "calibration_error"] == pytest.approx((4 * 0.15 + 4 * 0.55) / 8)
    assert errors["base_rate", "calibration_error"] == pytest.approx(0.0, abs=1e-12)  # a quarter of each group took


def test_the_base_rate_is_held_against_the_groups_that_the_scores_tell_apart(pairs):
    rows = pairs((0.1, 0.0, 4.0), (0.8, 1.0, 4.0))
    errors = figures(calibration_metrics(rows, base_rate=0.5))
    assert errors["ensemble", "calibration_error"] == pytest.approx(0.15)
    assert errors["base_rate", "calibration_error"] == pytest.approx(0.5)


def test_the_brier_score_is_the_weighted_square(pairs):
    errors = figures(calibration_metrics(pairs((0.1, 0.0, 3.0), (0.8, 1.0, 1.0)), base_rate=0.5))
    assert errors["ensemble", "brier"] == pytest.approx((3 * 0.01 + 0.04) / 4)
    assert errors["base_rate", "brier"] == pytest.approx(0.25)


def test_the_reliability_curve_holds_each_bin_s_mean_promise_beside_its_share(pairs):
    scored = pairs((0.26, 1.0, 1.0), (0.28, 0.0, 3.0), (0.8, 1.0, 1.0))
    rows = calibration_metrics(scored, base_rate=0.5).where("metric like 'reliability%'").collect()
    found = {(row.metric, row.k): (row.value, row.low, row.high) for row in rows}
    assert found.keys() == {(f"reliability_{name}", k) for name in ("predicted", "observed") for k in (-4, -1)}
    assert found["reliability_predicted", -4] == (pytest.approx((0.26 + 3 * 0.28) / 4), None, None)
    share, low, high = found["reliability_observed", -4]
    ends = proportion_confint(0.25 * 1.6, 1.6, method="wilson")  # weights 1 and 3 are worth 16 ÷ 10 pairs
    assert (share, low, high) == pytest.approx((0.25, *ends), abs=1e-3)


def test_no_pair_makes_no_claim(pairs):
    assert calibration_metrics(pairs(), base_rate=0.5).isEmpty()


def test_outcomes_are_counted_and_weighed(pairs):
    assert collect_outcomes(pairs((0.1, 0.0, 3.0), (0.2, 1.0, 1.0))) == (1, 0.25)
    assert collect_outcomes(pairs()) == (0, 0.0)


def test_the_share_of_the_truth_is_the_ratio_of_the_means_with_its_paired_interval(measured):
    row = share_of_truth(measured(ensemble=[0.2, 0.4, 0.0], true_propensity=[0.4, 0.4, 0.4], als=[1.0] * 3)).head()
    assert (row.model, row.metric, row.segment) == ("ensemble", "ndcg_share_of_truth", "all")
    assert row.value == pytest.approx(0.5)
    half_width = 1.96 * 0.2 / 0.4 / 3**0.5  # s of the differences .0, .2 and -.2 is .2; the truth's mean is .4
    assert (row.low, row.high) == (pytest.approx(0.5 - half_width), pytest.approx(0.5 + half_width))


def test_lists_that_are_as_good_customer_by_customer_have_no_doubt(measured):
    row = share_of_truth(measured(ensemble=[0.1, 0.7], true_propensity=[0.1, 0.7])).head()
    assert (row.value, row.low, row.high) == pytest.approx((1.0, 1.0, 1.0), abs=1e-6)


@pytest.mark.parametrize("truth", [{}, {"true_propensity": [0.0, 0.0]}])
def test_without_a_truth_that_hits_anything_there_is_no_share(measured, truth):
    assert share_of_truth(measured(ensemble=[0.1, 0.7], **truth)).isEmpty()


def test_of_a_small_bank_everyone_is_measured(spark):
    customers = spark.range(300).selectExpr("cast(id as string) as customer_id")
    assert measured_customers(customers, 300, LastMonthParams(customers=300)).count() == 300


def test_who_is_measured_of_a_large_bank_follows_from_ids_and_seed_whatever_else_the_rows_hold(spark):
    customers = spark.range(4_000).selectExpr("cast(id as string) as customer_id", "id % 7 as other")
    events = customers.repartition(5).selectExpr("customer_id", "explode(array(1, 2)) as event")

    def drawn(rows, seed=17):
        params = LastMonthParams(customers=1_000, seed=seed)
        return {row.customer_id for row in measured_customers(rows, 4_000, params).collect()}

    assert 900 < len(drawn(customers)) < 1_100
    assert drawn(events) == drawn(customers)
    assert len(drawn(customers, seed=18) & drawn(customers)) < 400
