"""The month's campaigns on a small bank: decided, stored, exported, answered, measured."""

import argparse
import logging
import shutil
from datetime import date
from pathlib import Path

import pytest
from chispa import assert_df_equality
from pyspark.sql import functions as F

from finrec_spark.errors import ConfigError, DataQualityError
from finrec_spark.pipeline.explain import why_single
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps import campaign_publication, finished_campaigns
from finrec_spark.steps.campaign_decision import decide
from finrec_spark.steps.campaign_measurement import collect_outcome_rows
from finrec_spark.steps.campaign_publication import restore_export
from finrec_spark.steps.finished_campaigns import was_exported, was_measured
from finrec_spark.tables import (
    CAMPAIGN_EXPORTS,
    CAMPAIGN_FUNNEL,
    CAMPAIGN_LIMITS,
    CAMPAIGN_OUTCOMES,
    CAMPAIGN_TARGETS,
    CONSENTS,
    CONTACTS,
    CUSTOMER_PRODUCT_MATRIX,
    CUSTOMER_PROFILE,
    EXCLUSIONS,
    EXPECTED_AMOUNTS,
    OFFERS,
    RECOMMENDATIONS,
    RESPONSES,
    SCORING_ROWS,
)
from finrec_spark.transforms.consents import reachable_channels
from finrec_spark.vocabulary import TREATMENT
from jobs import campaign, measure, status
from jobs import month as month_job
from tests.campaign_bank import BANK, CAMPAIGN, MODELS

APRIL, MAY = date(2022, 4, 1), date(2022, 5, 1)


@pytest.fixture
def on_copy(decided, context, tmp_path):
    """A job's context on a copy of that lake."""

    def build(known_months=8, **over):
        shutil.copytree(decided.lake.root, tmp_path / "lake")
        return context(tmp_path / "lake", generator={**BANK, "known_months": known_months}, **{**MODELS, **over})

    return build


def test_nobody_is_targeted_twice_or_with_what_is_no_offer_or_over_a_channel_not_agreed_to(decided):
    targets, lake = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL), decided.lake
    assert targets.count() == targets.select("customer_id").distinct().count() > 20
    offers = lake.read(OFFERS, month=APRIL)
    assert targets.join(offers, ["customer_id", "product_id"], "left_anti").isEmpty()
    reachable = reachable_channels(lake.read(CONSENTS), APRIL)
    assert targets.join(reachable, ["customer_id", "channel"], "left_anti").isEmpty()


def test_offers_hold_the_lists_with_their_scores_and_no_product_twice_and_start_with_what_is_worth_most(decided):
    lake = decided.lake
    listed, offered = (lake.read(table, month=APRIL) for table in (RECOMMENDATIONS, OFFERS))
    assert listed.join(offered, ["customer_id", "product_id", "score"], "left_anti").isEmpty()
    assert offered.groupBy("customer_id", "product_id").count().where("count > 1").isEmpty()
    amounts = lake.read(EXPECTED_AMOUNTS, month=APRIL).select("product_id", "amount")
    worth = offered.join(amounts, "product_id").withColumn("worth", F.expr("score * amount"))
    best = worth.groupBy("customer_id").agg(F.max("worth").alias("most"), F.min_by("worth", "rank").alias("first"))
    assert best.count() == offered.select("customer_id").distinct().count()
    assert best.where("first < most * 0.999999").isEmpty()


def test_where_values_know_no_product_nobody_is_offered_one_beyond_the_list(decided):
    targets = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL)
    lists, offers = (decided.lake.read(table, month=APRIL) for table in (RECOMMENDATIONS, OFFERS))
    assert {row["value_source"] for row in targets.select("value_source").distinct().collect()} == {"score"}
    assert targets.join(lists, ["customer_id", "product_id"], "left_anti").isEmpty()
    assert offers.where("not listed").count() > 0


def test_arms_and_probabilities_are_stored_and_chance_alone_chose_the_explorers_offers(decided):
    targets = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL)
    arms = {row["arm"] for row in targets.select("arm").distinct().collect()}
    assert {"treatment", "control"} <= arms
    assert targets.where("exploration <> (offer_probability is not null)").isEmpty()
    assert targets.where("exploration").count() > 0
    assert targets.where("probability <= 0 or probability >= 1").isEmpty()


def test_capacity_is_kept_explorers_included(decided):
    targets, known = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL), decided.lake.count(SCORING_ROWS, month=APRIL)
    assert targets.count() <= 0.5 * known
    assert targets.where("channel = 'phone'").count() <= 0.1 * known
    for row in decided.lake.collect(CAMPAIGN_LIMITS, month=APRIL):
        of_channel = row["name"].removeprefix("channel ")
        held = targets if row["name"] == "contacts" else targets.where(F.col("channel") == of_channel)
        assert held.count() == row["used"] <= row["limit"]


def test_only_the_treated_are_sent_a_message_each_once(decided):
    targets = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL).where(F.col("arm") == TREATMENT)
    treated = {row["customer_id"]: row["channel"] for row in targets.collect()}
    sent = {}
    for file in decided.lake.collect(CAMPAIGN_EXPORTS, month=APRIL):
        if file["format"] == "parquet":
            rows = decided.spark.read.parquet(f"{decided.lake.root}/{file['path']}").collect()
            assert len(rows) == file["messages"]
            sent |= {row["customer_id"]: file["channel"] for row in rows}
    assert sent == treated


def test_the_funnel_only_narrows_and_ends_with_the_messages(decided):
    stages = sorted(decided.lake.collect(CAMPAIGN_FUNNEL, month=APRIL), key=lambda row: row["place"])
    customers = [row["customers"] for row in stages]
    assert customers == sorted(customers, reverse=True)
    assert [row["stage"] for row in stages][:2] == ["known", "offered"] and stages[-1]["stage"] == "messages"
    assert customers[0] == decided.lake.count(SCORING_ROWS, month=APRIL)


def test_even_so_few_customers_lists_promise_about_what_customers_take(decided):
    """The curve of other trees than those that rank would promise next to nothing, and nobody were worth a contact."""
    (row,) = decided.lake.read(RECOMMENDATIONS, month=APRIL).agg(F.avg("score").alias("promised")).collect()
    assert 0.0005 < row["promised"] < 0.1


def test_lists_exclusions_and_the_campaigns_stand_side_by_side(decided):
    exclusions = decided.lake.read(EXCLUSIONS, month=APRIL)
    counted = {
        row["decided_by"]: row["n"] for row in exclusions.groupBy("decided_by").agg(F.count("*").alias("n")).collect()
    }
    assert counted["recommend"] > 0 and counted["campaign"] > 0


def test_decided_again_it_is_the_same_to_the_last_row_and_byte(decided, on_copy):
    other = on_copy()
    other.lake.replace(CAMPAIGN_TARGETS, other.lake.read(CAMPAIGN_TARGETS, month=APRIL).limit(3), month=APRIL)
    assert run_step(campaign.STEP, other, APRIL).rows
    assert other.lake.digest(CAMPAIGN_TARGETS, month=APRIL) == decided.lake.digest(CAMPAIGN_TARGETS, month=APRIL)
    lakes = (decided.lake, other.lake)
    files = [{row["path"]: row["sha256"] for row in lake.collect(CAMPAIGN_EXPORTS, month=APRIL)} for lake in lakes]
    assert files[0] == files[1] != {}
    assert run_step(campaign.STEP, other, APRIL).rows is None


def test_a_file_that_is_gone_is_written_again_as_it_was(on_copy):
    run = on_copy()
    files = {path: path.read_bytes() for path in Path(run.lake.root, "exports").rglob("*.*") if path.is_file()}
    gone = next(path for path in files if path.suffix == ".csv")
    gone.unlink()
    campaign.body(run, asked())
    assert {path: path.read_bytes() for path in files} == files
    assert restore_export(StepRun(run, campaign.STEP, APRIL)) == []


def asked(**given):
    """The command line's options for April, with these among them."""
    return argparse.Namespace(**{"month": "2022-04", "simulate": False, "dry_run": False, "again": False, **given})


OTHERWISE = {**CAMPAIGN, "capacity": {"contacts": 0.2, "by_channel": {"phone": 0.1}}}


def test_a_campaign_whose_files_were_written_stays_as_it_is_and_says_what_changed(decided, on_copy, caplog):
    run = on_copy(campaign=OTHERWISE)
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        campaign.body(run, asked())
        campaign.body(run, asked(dry_run=True))
    (line, foretold) = (line for line in caplog.messages if "stays as it is" in line)
    assert "campaign --again" in line and "capacity.contacts" in line and line == foretold
    assert run.lake.version(CAMPAIGN_TARGETS) == decided.lake.version(CAMPAIGN_TARGETS)


def test_the_month_its_dry_run_and_status_leave_an_exported_campaign_as_it_is(on_copy, options, caplog):
    run = on_copy(campaign=OTHERWISE)
    assert campaign.STEP not in [step for step, _ in month_job.plan_of(run, APRIL).steps]
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        month_job.explain(run, options)
        status.run(run, asked())
    assert sum("campaign 2022-04 stays as it is" in line for line in caplog.messages) == 2


def test_gap_levers_and_detectable_effect_are_said_before_anything_is_stored(decided, on_copy, monkeypatch, caplog):
    lever = {"column": "channel", "name": "sms", "weight": 1.5}
    run = on_copy(campaign={**CAMPAIGN, "allocation": {"levers": [lever]}})
    monkeypatch.setattr(campaign, "publish_campaign", interrupted)
    with caplog.at_level(logging.INFO, logger="finrec_spark"), pytest.raises(KeyboardInterrupt):
        campaign.body(run, asked(again=True))
    for words in ("Allocation (prices): at most", "Lever channel=sms", "smallest effect that would be seen"):
        assert words in caplog.text
    assert run.lake.version(CAMPAIGN_TARGETS) == decided.lake.version(CAMPAIGN_TARGETS)
    assert was_exported(run, APRIL)


def test_decided_again_on_purpose_and_killed_it_goes_on_without_being_asked_again(decided, on_copy, monkeypatch):
    run = on_copy(campaign=OTHERWISE)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(campaign_publication, "export", interrupted)
        campaign.body(run, asked(again=True))
    assert not was_exported(run, APRIL)
    campaign.body(run, asked())
    assert was_exported(run, APRIL)
    assert 0 < run.lake.count(CAMPAIGN_TARGETS, month=APRIL) < decided.lake.count(CAMPAIGN_TARGETS, month=APRIL)


def interrupted(*_):
    raise KeyboardInterrupt


def test_a_file_that_would_be_another_now_is_not_written_in_its_place(on_copy, monkeypatch, caplog):
    run = on_copy()
    files = {path: path.read_bytes() for path in Path(run.lake.root, "exports").rglob("*.csv")}
    gone = next(iter(files))
    gone.unlink()
    rendered = campaign_publication.messages_of
    others = lambda *of: rendered(*of).withColumn("message", F.concat("message", F.lit("!")))  # noqa: E731
    monkeypatch.setattr(campaign_publication, "messages_of", others)
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        assert restore_export(StepRun(run, campaign.STEP, APRIL)) == []
    assert "would be another" in caplog.text and not gone.exists()
    assert all(path.read_bytes() == content for path, content in files.items() if path != gone)


def test_simulated_it_prints_the_funnel_and_stores_nothing(decided, capsys):
    before = decided.lake.version(CAMPAIGN_TARGETS)
    campaign.simulate(decided, APRIL)
    printed = capsys.readouterr().out
    for words in ("Funnel", "Treated", "Limits", "what would be taken anyway", "smallest effect", "valued by"):
        assert words in printed
    assert "were every purchase of the expected amount and all estimates true" in " ".join(printed.split())
    assert decided.lake.version(CAMPAIGN_TARGETS) == before
    scratch = Path(decided.lake.root, ".scratch/campaign/2022-04")
    assert all(decided.spark.read.parquet(str(folder)).isEmpty() for folder in scratch.iterdir())


def test_whoever_wants_nothing_personal_is_offered_what_is_popular(on_copy):
    run = on_copy()
    agreed = run.lake.read(CONSENTS).where("consented").select("customer_id").distinct()
    someone = agreed.where(F.xxhash64("customer_id") % 2 == 0)
    word = ("'all' channel", "'personalisation' purpose", "false consented", "date'2022-01-01' valid_from")
    run.lake.merge(CONSENTS, someone.selectExpr("customer_id", *word))
    chosen = decide(StepRun(run, campaign.STEP, APRIL)).targets.join(someone, "customer_id")
    assert 0 < chosen.select("product_id").distinct().count() <= run.config.campaign.popular
    values = chosen.groupBy("product_id", "channel").agg(F.count_distinct("expected_value").alias("values"))
    assert values.where("values > 1").isEmpty()


def test_a_blocked_template_ends_before_anything_runs(on_copy):
    body = "Confirm your PIN at http://bit.ly/x now"
    bad = {"language": "en", "templates": [{"id": "bad", "channel": "sms", "body": body}]}
    with pytest.raises(DataQualityError, match="en bad"):
        campaign.body(on_copy(campaign={**CAMPAIGN, "templates": [bad]}), asked())


def test_without_a_policy_there_is_no_campaign_and_the_job_says_so(on_copy):
    with pytest.raises(ConfigError, match=r"policy\.yaml"):
        decide(StepRun(on_copy(campaign={}), campaign.STEP, APRIL))


def test_a_campaign_is_not_measured_before_its_window_was_delivered(on_copy):
    run = on_copy()
    assert run_step(measure.STEP, run, MAY).rows == 0
    assert not run.lake.exists(CAMPAIGN_OUTCOMES) and not was_measured(run, APRIL)


def test_a_month_in_which_nobody_may_be_offered_anything_is_published_empty(on_copy, monkeypatch, caplog):
    rules = [{"code": "nobody", "stage": "eligibility", "sentence": "nobody", "keeps_out": "month is not null"}]
    run = on_copy(campaign={**CAMPAIGN, "policy": {"rules": rules}})
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        campaign.body(run, asked(again=True))
    assert "nobody may be offered anything" in caplog.text
    assert {run.lake.count(table, month=APRIL) for table in (CAMPAIGN_TARGETS, CAMPAIGN_EXPORTS)} == {0}
    funnel = sorted(run.lake.collect(CAMPAIGN_FUNNEL, month=APRIL), key=lambda row: row["place"])
    assert funnel[1]["customers"] > 0 == funnel[-1]["customers"]
    assert {row["used"] for row in run.lake.collect(CAMPAIGN_LIMITS, month=APRIL)} == {0}
    monkeypatch.setattr(finished_campaigns, "newest_event_month", lambda _: APRIL)
    rows = list(collect_outcome_rows(StepRun(run, measure.STEP, MAY), APRIL))
    assert {row["campaign_id"] for row in rows} == {"2022-04-programme"}


@pytest.fixture(scope="module")
def a_month_later(decided, context, unmeasured, tmp_path_factory):
    """May decided on a copy, when customers had answered to April's campaigns."""
    root = tmp_path_factory.mktemp("later") / "lake"
    shutil.copytree(decided.lake.root, root)
    run = context(root, generator={**BANK, "known_months": 9}, **MODELS)
    month_job.run(run, unmeasured)
    return run


def test_customers_answer_to_the_campaigns_that_were_decided(a_month_later):
    targets = a_month_later.lake.read(CAMPAIGN_TARGETS, month=APRIL)
    contacts = a_month_later.lake.read(CONTACTS).where("campaign_id = '2022-04-monthly'")
    key = ["customer_id", "product_id", "channel", "arm"]
    assert_df_equality(contacts.select(key), targets.select(key), ignore_row_order=True, ignore_nullable=True)
    assert contacts.join(a_month_later.lake.read(RESPONSES), "contact_id").count() > 0


def test_april_stays_as_it_was_and_its_campaigns_and_the_programme_are_measured_in_may(decided, a_month_later):
    lakes = (decided.lake, a_month_later.lake)
    assert len({lake.digest(CAMPAIGN_TARGETS, month=APRIL) for lake in lakes}) == 1
    rows = a_month_later.lake.collect(CAMPAIGN_OUTCOMES, month=MAY)
    assert {row["campaign_id"] for row in rows} == {"2022-04-monthly", "2022-04-programme"}
    whole = [row for row in rows if row["dimension"] == "all" and row["campaign_id"] == "2022-04-monthly"]
    targets = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL).where(F.col("arm") == TREATMENT).count()
    assert {row["treated"] + row["left_out"] for row in whole} == {targets}
    assert all(row["sentence"] for row in rows)


def test_another_salt_and_share_leave_the_outcomes_of_a_measured_month_as_they_were(a_month_later, context):
    arms = {**CAMPAIGN["arms"], "salt": "another", "holdout_share": 0.3}
    over = {**MODELS, "campaign": {**CAMPAIGN, "arms": arms}}
    other = context(a_month_later.lake.root, generator={**BANK, "known_months": 9}, **over)
    assert why_single(measure.STEP, MAY, other) is None
    found = list(collect_outcome_rows(StepRun(other, measure.STEP, MAY), APRIL))
    stored = other.lake.collect(CAMPAIGN_OUTCOMES, month=MAY)
    key = ("campaign_id", "dimension", "part", "measure", "method", "treated", "control", "incremental")
    assert {tuple(row[name] for name in key) for row in found} == {tuple(row[name] for name in key) for row in stored}


def test_a_campaign_that_was_measured_is_never_decided_anew(a_month_later):
    with pytest.raises(ConfigError, match="2022-04 brought was measured"):
        campaign.body(a_month_later, asked(again=True))


def test_nobody_is_written_to_again_within_the_quiet_days(a_month_later):
    contacts = a_month_later.lake.read(CONTACTS).where("arm = 'treatment' and contact_time >= '2022-04-24'")
    targets = a_month_later.lake.read(CAMPAIGN_TARGETS, month=MAY)
    assert targets.count() > 0 and targets.join(contacts, "customer_id", "left_semi").isEmpty()


def test_whoever_objected_yesterday_is_in_no_feature_score_target_or_message_today(
    decided, on_copy, unmeasured, tmp_path
):
    """From landing to export: the objection comes with the delivery, dated the eve of the month."""
    someone = decided.lake.read(CAMPAIGN_TARGETS, month=APRIL).orderBy("customer_id").head()["customer_id"]
    run = on_copy()
    path = f"{run.delivery_directory}/consents.parquet"
    said = run.spark.read.parquet(path)
    word = {"customer_id": someone, "channel": "all", "consented": "false", "purpose": "profiling"}
    objection = run.spark.createDataFrame([{**word, "valid_from": "2022-03-31"}], said.schema)
    said.unionByName(objection).write.parquet(str(tmp_path / "consents"))
    shutil.rmtree(path)
    shutil.move(tmp_path / "consents", path)
    month_job.run(run, unmeasured)
    campaign.body(run, asked(again=True))  # April's files were written before the objection came
    for table in (CUSTOMER_PRODUCT_MATRIX, CUSTOMER_PROFILE, SCORING_ROWS, RECOMMENDATIONS, OFFERS, CAMPAIGN_TARGETS):
        of_month = run.lake.read(table, month=APRIL)
        assert of_month.count() > 0 and of_month.where(F.col("customer_id") == someone).isEmpty(), table.name
    files = list(Path(run.lake.root, "exports").rglob("*.csv"))
    assert files and not any(someone in file.read_text(encoding="utf-8") for file in files)
