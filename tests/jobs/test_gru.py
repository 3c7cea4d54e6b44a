"""The recurrent network in a month: from the finished bank's tables to lists that it had a word in."""

from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from finrec_spark.models import gru
from finrec_spark.models.gru import collect_words
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.network_inputs import collect_newest_cut, network_content, network_layout, training_plan
from finrec_spark.tables import (
    CUSTOMER_PROFILE,
    CUSTOMER_STATES,
    METRICS,
    PRODUCT_INDEX_TABLE,
    PRODUCT_STATES,
    RECOMMENDATIONS,
    SEQUENCES,
)
from finrec_spark.training.manifest import read_manifest
from finrec_spark.transforms.ids import collect_product_ids
from finrec_spark.transforms.letters import is_han
from jobs import train_gru

JUNE = date(2022, 6, 1)
pytestmark = pytest.mark.slow


def test_every_customer_has_a_state_with_events_or_without(with_gru):
    scored = with_gru.lake.read(SEQUENCES, month=JUNE).where(F.col("cut") == F.lit(JUNE))
    known = with_gru.lake.read(CUSTOMER_PROFILE, month=JUNE).select("customer_id")
    states = with_gru.lake.read(CUSTOMER_STATES, month=JUNE)
    assert states.count() == known.count() == states.join(known, "customer_id").count()
    assert {row.length > 0 for row in scored.select("length").distinct().collect()} == {True, False}


def test_every_product_has_a_state_and_words_of_its_text(with_gru):
    states = with_gru.lake.read(PRODUCT_STATES, month=JUNE)
    assert states.where("size(state) = 8 and size(words) >= 3").count() == states.count() == 60


def test_a_reader_of_english_is_told_no_chinese_words(with_gru):
    states = with_gru.lake.read(PRODUCT_STATES, month=JUNE)
    ids = [row.product_id for row in states.select("product_id").collect()]
    assert not any(is_han(letter) for words in collect_words(states, ids, han=False) for letter in words)
    assert all(map(is_han, collect_words(states, ids, han=True)))


def test_feeds_and_checkpoint_are_gone_when_the_states_stand(with_gru):
    assert not Path(with_gru.lake.root, ".scratch", "train_gru", "2022-06", "gru").exists()


def test_a_month_in_which_nothing_was_taken_is_passed_over(with_gru):
    sequences = with_gru.lake.read(SEQUENCES, month=JUNE).where(F.size(F.filter("target", lambda t: t > 0)) > 0)
    assert collect_newest_cut(sequences) == date(2022, 5, 1)
    assert collect_newest_cut(sequences.where(F.col("cut") < F.lit(date(2022, 5, 1)))) == date(2022, 4, 1)


def test_a_bank_with_one_month_of_acquisitions_learns_from_all_of_it(with_gru):
    job = StepRun(with_gru, train_gru.STEP, JUNE)
    of_may = with_gru.lake.read(SEQUENCES, month=JUNE).where(F.col("cut") == F.lit(date(2022, 5, 1)))
    product_ids = collect_product_ids(with_gru.lake.read(PRODUCT_INDEX_TABLE))
    layout = network_layout(job, of_may, len(product_ids))
    content = network_content(job, product_ids, layout)
    plan = training_plan(job, of_may, layout, content, with_gru.config.of(gru.SPEC), "young")
    assert (plan.validation, read_manifest(plan.train).tally.rows) == (None, of_may.count())


def test_the_learning_curve_is_told(with_gru):
    curve = with_gru.lake.read(METRICS).where("protocol = 'training'")
    assert {(row.metric, row.k) for row in curve.collect()} >= {("train_loss", 1), ("validation_loss", 1)}


def test_lists_tell_the_words_that_counted(with_gru):
    reasons = with_gru.lake.read(RECOMMENDATIONS, month=JUNE).select(F.explode("reasons").alias("reason"))
    texts = reasons.where("reason.code = 'next_step'").select("reason.text").distinct()
    assert not texts.where(F.col("text").contains("its text speaks of")).isEmpty()
