"""A small bank's own history: delivered campaigns and targets of the mart become a model that values contacts."""

from datetime import date

import numpy as np
import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.models.uplift import deployed
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.steps.evaluate_uplift import STEP as EVALUATE
from finrec_spark.steps.finished_campaigns import CAMPAIGN_STEP
from finrec_spark.steps.randomised_history import randomised_reads, read_randomised_history
from finrec_spark.tables import (
    CAMPAIGN_TARGETS,
    CUSTOMER_PROFILE,
    EXPECTED_AMOUNTS,
    PRODUCTS,
    PROFILE_FEATURES,
    PROFILE_VALUES,
    REGISTRY,
    TREES,
    UPLIFT_CELLS,
)
from finrec_spark.transforms.profiles.vector import collect_profile_features
from jobs import build_matrix, build_profile, generate, ingest, train_uplift

pytestmark = pytest.mark.slow
JUNE, APRIL = date(2022, 6, 1), date(2022, 4, 1)
QUICK = {"trees": 3, "depth": 3, "minimum_rows": 20, "features_per_split": "all"}
SMALL = {
    "generator": {"customers": 400, "products": 60, "months": 8, "campaign_every_months": 2, "campaign_share": 1.0},
    "uplift": {"learner": "dr", "least": 20, "least_taken": 1, "outcomes": QUICK, "effect": QUICK},
    "trials": {"treatment": None, "folds": 2},
}


def test_what_contact_adds_is_learned_and_stored(trained):
    trees, cells = (trained.lake.read(table, month=JUNE) for table in (TREES, UPLIFT_CELLS))
    assert not trees.where("model = 'uplift'").isEmpty()
    assert cells.where("category is null and channel is null").first()["contacted"] > 400
    assert not trained.lake.read(REGISTRY, month=JUNE).where("model = 'uplift'").isEmpty()


def test_every_product_has_an_amount(trained):
    amounts = trained.lake.read(EXPECTED_AMOUNTS, month=JUNE)
    assert amounts.count() == trained.lake.read(PRODUCTS).count()
    assert amounts.where("amount <= 0").isEmpty()


def test_what_is_stored_values_a_customer(trained):
    lake = trained.lake
    profile = collect_profile_features(lake.read(PROFILE_FEATURES), lake.read(PROFILE_VALUES))
    trees = lake.read(TREES, month=JUNE).where("model = 'uplift'")
    model = deployed.scorer(trees, lake.read(UPLIFT_CELLS, month=JUNE), profile, "dr")
    words = (np.array([word, "unheard of"], dtype=object) for word in ("loan", "sms"))
    found = model.score(np.full((2, len(profile)), np.nan), *words, np.zeros(2))
    assert (np.abs(found.uplift) <= 1).all()
    assert found.source[1] == "pooled"


def test_targets_of_finished_campaigns_join_the_history_and_those_of_the_month_do_not(with_targets):
    run = StepRun(with_targets, train_uplift.STEP, JUNE)
    assert Read(CAMPAIGN_TARGETS, APRIL, optional=True) in randomised_reads(with_targets, JUNE)
    assert Read(CAMPAIGN_TARGETS, APRIL, optional=True) not in randomised_reads(with_targets, date(2022, 4, 30))
    stored = read_randomised_history(run).trials.where("abs(contact_probability - 0.95 * 0.9) < 1e-9")
    assert stored.count() == with_targets.lake.read(CUSTOMER_PROFILE, month=APRIL).count()
    assert stored.where("not known_before").isEmpty()


def test_a_bank_whose_controls_took_nothing_is_told_so(with_targets):
    with pytest.raises(InputMissing, match="no fold has acquisitions enough"):
        run_step(EVALUATE, with_targets, JUNE)


def test_without_enough_history_nothing_is_learned_and_the_job_is_done(trained, context):
    poor = context(trained.lake.root, **{**SMALL, "uplift": {**SMALL["uplift"], "least_taken": 100_000}})
    run_step(train_uplift.STEP, poor, JUNE)
    assert poor.lake.read(UPLIFT_CELLS, month=JUNE).isEmpty()
    assert poor.lake.read(TREES, month=JUNE).where("model = 'uplift'").isEmpty()
    assert not poor.lake.read(EXPECTED_AMOUNTS, month=JUNE).isEmpty()


@pytest.fixture(scope="module")
def trained(context, tmp_path_factory):
    """A lake with profiles of April and June and delivered campaigns in December, February and April."""
    started = context(tmp_path_factory.mktemp("lake"), **SMALL)
    run_step(generate.STEP, started, JUNE)
    run_step(ingest.STEP, started, JUNE)
    for month in (APRIL, JUNE):
        run_step(build_matrix.STEP, started, month)
        run_step(build_profile.STEP, started, month)
    run_step(train_uplift.STEP, started, JUNE)
    return started


@pytest.fixture(scope="module")
def with_targets(trained):
    """The same lake with a campaign of April in the mart: everyone, every fifth kept back."""

    def campaign(run):
        customers = run.read(CUSTOMER_PROFILE).select("customer_id")
        product = run.read(PRODUCTS).orderBy("product_id").first()["product_id"]
        kept_back = F.pmod(F.xxhash64("customer_id"), F.lit(5)) == 0
        constants = {"campaign_id": "mart", "product_id": product, "channel": "sms", "segment": "all", "stratum": "all"}
        targets = customers.withColumns({name: F.lit(value) for name, value in constants.items()}).withColumns(
            {
                "exploration": F.lit(False),
                "offer_probability": F.lit(None).cast("double"),
                "arm": F.when(kept_back, "control").otherwise("treatment"),
                "probability": F.when(kept_back, 0.95 * 0.1).otherwise(0.95 * 0.9),
                "control_share": F.lit(0.1),
                "expected_value": F.lit(1.0),
                "value_source": F.lit("response"),
            }
        )
        return run.write(CAMPAIGN_TARGETS, targets)

    reads = (Read(CUSTOMER_PROFILE), Read(PRODUCTS))
    step = Step(CAMPAIGN_STEP, campaign, lambda context, month: reads, (Writes(CAMPAIGN_TARGETS),))
    run_step(step, trained, APRIL)
    return trained
