import numpy as np
import pyarrow as pa
import pytest
from chispa import assert_df_equality
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from pyspark.sql import functions as F

from finrec_spark import tables
from finrec_spark.sampling import uniform
from finrec_spark.sources.files import FilesParams, read_landing
from finrec_spark.sources.generator import (
    GeneratorParams,
    generated_bank,
    simulated_histories,
    true_effects,
    true_propensities,
    write_bank,
)
from finrec_spark.sources.generator.batches import history_batch
from finrec_spark.sources.generator.catalogue import catalogue
from finrec_spark.sources.generator.contacts import CONTROL, TREATMENT, consents, contact_log_odds
from finrec_spark.sources.generator.history import simulate
from finrec_spark.sources.generator.lives import ACCEPTED, CLOSE, OPEN
from finrec_spark.sources.generator.market import market
from finrec_spark.sources.generator.people import NEVER, people, profiles

PARAMS = GeneratorParams(customers=3000, products=60)
SMALL = GeneratorParams(customers=40, products=60, months=12)
MARKET = market(catalogue(PARAMS), PARAMS)
_ENTRY = [("month", pa.int32()), ("product", pa.int32()), ("channel", pa.int32()), ("arm", pa.int32())]
PLAYED = pa.list_(pa.struct([*_ENTRY, ("campaign", pa.string())]))
NUMBERS = np.arange(1, PARAMS.customers + 1)


@pytest.fixture(scope="module")
def history():
    return simulate(NUMBERS, MARKET, PARAMS)


@pytest.fixture(scope="module")
def histories(spark):
    rows = simulated_histories(spark, SMALL).persist()
    yield rows
    rows.unpersist()


@pytest.fixture(scope="module")
def bank(spark, histories):
    return generated_bank(spark, SMALL, histories)


def test_a_customer_is_the_same_alone_and_in_a_crowd():
    market_of_small = market(catalogue(SMALL), SMALL)
    crowd = pa.Table.from_batches([history_batch(np.arange(1, 41), pa.nulls(40, PLAYED), market_of_small, SMALL)])
    alone = pa.Table.from_batches([history_batch(np.array([17]), pa.nulls(1, PLAYED), market_of_small, SMALL)])
    assert crowd.slice(16, 1).to_pylist() == alone.to_pylist()


def test_a_market_does_not_depend_on_the_number_of_customers():
    larger = market(catalogue(PARAMS), PARAMS.model_copy(update={"customers": 10**7}))
    assert all(np.array_equal(getattr(larger, name), value) for name, value in vars(MARKET).items())


def test_another_seed_makes_another_bank():
    other = GeneratorParams(**SMALL.model_dump() | {"seed": 1})
    assert not np.array_equal(people(NUMBERS, other).age_months, people(NUMBERS, SMALL).age_months)


def test_the_number_of_partitions_changes_nothing_in_what_customers_do(spark, histories):
    five = simulated_histories(spark, SMALL, partitions=5)
    assert_df_equality(five, histories, ignore_row_order=True)


def test_the_number_of_partitions_changes_nothing_in_who_they_are(spark, bank):
    five = generated_bank(spark, SMALL, partitions=5).customers
    assert_df_equality(_flat(five), _flat(bank.customers), ignore_row_order=True)


def test_a_bigger_bank_contains_the_smaller_one(spark, bank):
    bigger = generated_bank(spark, SMALL.model_copy(update={"customers": 55})).interactions
    same_customers = bigger.where(F.col("customer_id") <= "C0000000040")
    assert_df_equality(same_customers, bank.interactions, ignore_row_order=True)


@pytest.mark.parametrize("table", tables.LANDING, ids=lambda table: table.name)
def test_tables_are_as_declared(bank, table):
    given_columns = getattr(bank, table.name.removeprefix("landing."))
    assert given_columns.dtypes == [(column.name, column.type) for column in table.columns]


@pytest.mark.parametrize("table", tables.LANDING, ids=lambda table: table.name)
def test_keys_are_unique_and_whole(bank, table):
    rows = getattr(bank, table.name.removeprefix("landing.")).select(*table.key).collect()
    assert len(set(rows)) == len(rows) > 0
    assert not any(value is None for row in rows for value in row)


def test_what_must_be_delivered_is_never_null(bank):
    for table in tables.LANDING:
        needed = [F.col(column.name).isNull() for column in table.columns if not column.nullable]
        assert getattr(bank, table.name.removeprefix("landing.")).where(F.greatest(*needed, F.lit(False))).isEmpty()


def test_the_newest_interaction_falls_in_the_last_month(bank):
    newest = bank.interactions.agg(F.max("event_time").alias("newest")).first().newest
    assert newest.startswith("2022-05")


def test_every_opening_is_of_a_product_on_sale_that_is_not_held(history):
    held = np.zeros((len(NUMBERS), MARKET.size), dtype=bool)
    for month, events in enumerate(history.events):
        opens, closes = events.type == OPEN, events.type == CLOSE
        assert MARKET.on_sale[month, events.product[opens]].all()
        assert not held[events.row[opens], events.product[opens]].any()
        assert held[events.row[closes], events.product[closes]].all()
        held[events.row[opens], events.product[opens]] = True
        held[events.row[closes], events.product[closes]] = False


def test_nothing_happens_before_a_customer_joins(history):
    joined = people(NUMBERS, PARAMS).joined
    assert all((joined[events.row] <= month).all() for month, events in enumerate(history.events))


def test_propensities_are_probabilities(history):
    assert history.propensities.shape == (3000, 2, 60)
    assert ((history.propensities >= 0) & (history.propensities < 1)).all()


def test_openings_come_as_often_as_the_propensities_say(history):
    expected = history.propensities[:, 0].sum()
    opened = (history.events[-1].type == OPEN).sum()
    assert abs(opened - expected) < 4 * np.sqrt(expected)


def test_customers_with_high_propensities_open_more(history):
    events, propensity = history.events[-1], history.propensities[:, 0]
    opens = events.type == OPEN
    likely = propensity > np.quantile(propensity, 0.95)
    assert likely[events.row[opens], events.product[opens]].mean() > 0.4


def test_enough_customers_open_something_in_the_last_month(history):
    events = history.events[-1]
    share = len(np.unique(events.row[events.type == OPEN])) / len(NUMBERS)
    assert 0.04 < share < 0.12


def test_who_accepts_opens_the_product_at_that_minute_and_for_that_amount(history):
    opened = {
        entry for events in history.events for entry in _entries(events, events.type == OPEN, "day", "minute", "value")
    }
    accepted = set()
    for campaign in history.campaigns:
        chosen = (campaign.response == ACCEPTED) & (campaign.contacts.arm == TREATMENT)
        who = zip(campaign.contacts.row[chosen], campaign.contacts.product[chosen], strict=True)
        what = zip(campaign.answer_day[chosen], campaign.answer_minute[chosen], campaign.value[chosen], strict=True)
        accepted |= {(*pair, *answer) for pair, answer in zip(who, what, strict=True)}
    assert len(accepted) > 50
    assert accepted <= opened


def test_an_answer_comes_after_its_contact(history):
    for campaign in history.campaigns:
        answered = campaign.answer_day >= 0
        assert (campaign.answer_day[answered] > campaign.day[answered]).all()


def test_arms_have_their_shares(history):
    arms = np.concatenate([campaign.contacts.arm for campaign in history.campaigns])
    assert np.bincount(arms) / len(arms) == pytest.approx([0.7, 0.2, 0.1], abs=0.03)


def test_arms_do_not_differ_in_what_was_known_before(history):
    first = history.campaigns[0].contacts
    age = people(NUMBERS, PARAMS).age_months[first.row] / 12
    treated, control = age[first.arm == TREATMENT], age[first.arm == CONTROL]
    assert abs(treated.mean() - control.mean()) < 4 * age.std() / np.sqrt(len(control))


def test_a_contact_raises_opening(history):
    arm = np.concatenate([campaign.contacts.arm for campaign in history.campaigns])
    opened = np.concatenate([campaign.response for campaign in history.campaigns]) == ACCEPTED
    assert opened[arm == TREATMENT].mean() > 1.3 * opened[arm != TREATMENT].mean()


def test_a_contact_works_better_where_its_true_effect_is_larger(history):
    contacts = [campaign.contacts for campaign in history.campaigns]
    row, product, channel, arm = (
        np.concatenate([getattr(c, name) for c in contacts]) for name in ("row", "product", "channel", "arm")
    )
    opened = np.concatenate([campaign.response for campaign in history.campaigns]) == ACCEPTED
    effect = contact_log_odds(NUMBERS, PARAMS)[row, channel, MARKET.category[product]]
    treated, strong = arm == TREATMENT, effect > np.median(effect)
    assert opened[treated & strong].mean() > 1.3 * opened[treated & ~strong].mean()


def test_only_consented_channels_are_used(history):
    said = consents(people(NUMBERS, PARAMS), PARAMS)
    for campaign in history.campaigns:
        contacts = campaign.contacts
        assert said.at(campaign.month)[contacts.row, contacts.channel].all()


def test_some_profiles_change_and_each_version_differs_in_its_month():
    versions = profiles(people(NUMBERS, PARAMS), PARAMS)
    whole = set(zip(versions.row.tolist(), versions.month.tolist(), strict=True))
    assert len(whole) == len(versions.row) > 1.3 * len(NUMBERS)


def test_who_marries_is_married_from_that_month_on():
    batch = people(NUMBERS, PARAMS)
    versions = profiles(batch, PARAMS)
    weddings = batch.life[versions.row, 0]
    assert versions.married[weddings <= versions.month].all()
    assert (batch.life[:, 0] == NEVER)[batch.married].all()


@given(products=st.integers(60, 200))
@settings(max_examples=10, deadline=None)
def test_catalogues_have_as_many_distinct_products_as_asked_for(products):
    sold = catalogue(GeneratorParams(products=products))
    ids = [product.product_id for product in sold]
    assert len({(product.kind.name, product.variant.name) for product in sold}) == products
    assert ids == sorted(set(ids))


@given(seed=st.integers(0, 2**63 - 1), counters=st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=20))
@settings(max_examples=30)
def test_a_draw_lies_between_0_and_1_and_depends_on_its_counter_alone(seed, counters):
    draws = uniform(seed, "any", np.array(counters))
    assert ((draws >= 0) & (draws < 1)).all()
    assert draws[-1] == uniform(seed, "any", np.array(counters[-1:]))[0]


def test_draws_are_spread_evenly_and_do_not_follow_each_other():
    first, second = uniform(7, "first", NUMBERS), uniform(7, "second", NUMBERS)
    assert np.histogram(first, 4)[0] / len(NUMBERS) == pytest.approx([0.25] * 4, abs=0.04)
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.08


def test_files_read_back_as_the_bank(spark, bank, histories, tmp_path):
    write_bank(spark, SMALL, str(tmp_path / "landing"), str(tmp_path / "truth"))
    landing = read_landing(spark, str(tmp_path / "landing"), FilesParams())
    for name in ("customers", "products"):
        given_rows, read_rows = getattr(bank, name), getattr(landing, name).drop("malformed")
        assert_df_equality(_flat(read_rows), _flat(given_rows), ignore_row_order=True, ignore_nullable=True)
    truth = spark.read.parquet(str(tmp_path / "truth" / "propensities.parquet"))
    assert_df_equality(truth, true_propensities(histories, SMALL), ignore_row_order=True, ignore_nullable=True)


def test_truth_has_a_row_for_each_customer_and_newest_month(histories):
    truth = true_propensities(histories, SMALL)
    rows = truth.groupBy("month").agg(F.count("*").alias("n"), F.min(F.size("propensities")).alias("p"))
    assert {(str(row.month), row.n, row.p) for row in rows.collect()} == {
        ("2022-05-01", 40, 60),
        ("2022-06-01", 40, 60),
    }


def test_true_effects_are_by_channel_and_category(spark):
    effects = true_effects(spark, SMALL)
    assert effects.count() == 40 * 4
    assert set(effects.first().log_odds) == {"credit_card", "deposit", "insurance", "investment", "loan"}


def test_the_last_month_must_be_a_first_day():
    with pytest.raises(ValidationError, match="first day of a month"):
        GeneratorParams(last_month="2022-05-02")


def _entries(events, chosen, *names):
    return zip(*(getattr(events, name)[chosen].tolist() for name in ("row", "product", *names)), strict=True)


def _flat(df):
    """Maps, which cannot be ordered, as sorted entries."""
    return df.withColumn("extra", F.sort_array(F.map_entries("extra"))) if "extra" in df.columns else df
