"""Learners on one fold: what is added up in Spark is what single customers tell."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import functions as F
from sklift.metrics import qini_auc_score, uplift_auc_score

from finrec_spark.errors import DataQualityError, ModelNotFound
from finrec_spark.evaluation.policy_value import of_chance, of_policy, policy_value
from finrec_spark.evaluation.uplift_curves import auuc, qini
from finrec_spark.evaluation.uplift_models import (
    POOLED,
    Setting,
    collect_cells,
    collect_measured_fold,
    collect_ranked,
    fit_scores,
    scored_trials,
)
from finrec_spark.models.trees.fitting import TreesParams
from finrec_spark.models.uplift.params import UpliftParams
from finrec_spark.sources.contact_file import read_contact_file
from finrec_spark.transforms.ingest.trial_table import TrialTableParams, collect_trial_table

SPEND = {"outcome": "visit", "amount": "spend", "drop": ("conversion",)}
HILLSTROM = Path(__file__).parents[2] / ".." / "shared" / "data" / "hillstrom" / "hillstrom.csv.gz"
QUICK = TreesParams(trees=3, depth=4, minimum_rows=100, features_per_split="all")
PARAMS = UpliftParams(outcomes=QUICK, effect=QUICK)
EMAILS = TrialTableParams(
    treatment="segment", control="No E-Mail", outcome="visit", amount="spend", drop=("conversion",)
)
TRIALS = (
    "decision bigint, profile array<double>, category string, channel string, contacted boolean, "
    "contact_probability double, control_probability double, taken double, amount double"
)


def test_a_customer_is_ranked_by_the_best_offer_and_counts_where_chance_made_it(spark):
    """One got the better offer, one the other one, one none; only the first and the last tell of a contact."""
    cells = collect_cells(scored_trials(trials(spark), {POOLED: by_category}), (POOLED,))[POOLED]
    found = zip(cells.followed, cells.control, cells.customers, cells.sums[:, 1], strict=True)
    assert set(cells.score) == {0.2}
    assert sorted(found) == [(False, False, 1, 20 / 0.5), (False, True, 1, 30 / 0.25), (True, False, 1, 10 / 0.25)]
    assert policy_value(cells, of_chance(cells, 1.0)).value == 10
    assert policy_value(cells, of_policy(cells, 0.5)).value == 20


def test_trials_that_chance_made_another_offer_in_rank_nothing(spark):
    ranked = collect_ranked(scored_trials(trials(spark), {POOLED: by_category}), (POOLED,))[POOLED]
    assert (ranked.contacted.tolist(), ranked.control.tolist()) == ([1, 1], [1, 1])


def test_too_few_acquisitions_make_no_fold(spark, tmp_path):
    with pytest.raises(ModelNotFound, match="randomised contacts"):
        few = trials(spark).withColumns({"key": F.col("decision"), "customer_key": F.col("decision")})
        collect_measured_fold(few, few, Setting((), PARAMS, str(tmp_path)))


@pytest.mark.slow
@pytest.mark.skipif(not HILLSTROM.exists(), reason="../shared/data/hillstrom is not on this machine")
def test_on_real_emails_both_scores_are_scikit_uplifts_on_the_same_scores(hillstrom, tmp_path):
    train, test = (hillstrom.trials.where(part) for part in ("pmod(customer_key, 5) > 1", "pmod(customer_key, 5) = 0"))
    scores = fit_scores(train, Setting(hillstrom.profile, PARAMS, str(tmp_path)))
    scored = scored_trials(test, scores).persist()
    ranked, rows = collect_ranked(scored, tuple(scores)), pd.DataFrame(scored.where("contacted is not null").toPandas())
    scored.unpersist()
    contacted, taken = rows["contacted"].to_numpy(bool).astype(int), rows["taken"].to_numpy(int)
    for model, found in ranked.items():
        theirs = [of(taken, rows[model].to_numpy(), contacted) for of in (qini_auc_score, uplift_auc_score)]
        assert [qini(found), auuc(found)] == pytest.approx(theirs, abs=1e-9)
    assert len(ranked) == 6


@pytest.mark.slow
@pytest.mark.skipif(not HILLSTROM.exists(), reason="../shared/data/hillstrom is not on this machine")
def test_the_real_emails_were_sent_by_chance_to_a_third_each(hillstrom):
    first = hillstrom.trials.first()
    assert hillstrom.trials.count() == 2 * 64_000
    assert (first.contact_probability, first.control_probability) == pytest.approx((1 / 3, 1 / 3), abs=0.001)


@pytest.mark.slow
@pytest.mark.skipif(not HILLSTROM.exists(), reason="../shared/data/hillstrom is not on this machine")
def test_a_real_outcome_that_was_left_among_the_features_is_found(spark):
    forgotten = EMAILS.model_copy(update={"drop": ()})
    with pytest.raises(DataQualityError, match="column conversion differs by 0.00"):
        collect_trial_table(read_contact_file(spark, str(HILLSTROM)), forgotten, seed=0)


def by_category(profile, category, channel):
    return np.where(category == "women", 0.2, 0.1)


def trials(spark):
    """Three customers and two offers; the first got women's, the second men's, the third none."""
    chances = {"women": 0.25, "men": 0.5}
    contacted = {1: (True, None), 2: (None, True), 3: (False, False)}
    rows = [
        (n, [0.0], offer, "", made, chance, 0.25, 0.0, 10.0 * n)
        for n, of_customer in contacted.items()
        for (offer, chance), made in zip(chances.items(), of_customer, strict=True)
    ]
    return spark.createDataFrame(rows, TRIALS)


@pytest.fixture(scope="module")
def hillstrom(spark):
    rows = read_contact_file(spark, str(HILLSTROM)).persist()
    yield collect_trial_table(rows, EMAILS, seed=0)
    rows.unpersist()
