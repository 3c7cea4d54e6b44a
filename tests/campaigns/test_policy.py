"""Rules as data: what they may say, what they read, and which of them keeps an option out."""

from datetime import date, datetime

import pytest
from chispa import assert_df_equality
from pydantic import ValidationError
from pyspark.sql import Observation
from pyspark.sql import functions as F

from finrec_spark.campaigns.contact_ids import contact_id
from finrec_spark.campaigns.params import Campaign
from finrec_spark.campaigns.policy.conditions import (
    columns_nobody_has,
    condition_faults,
    observing_profile,
    require_sound,
)
from finrec_spark.campaigns.policy.contact_history import refusals, sent_messages, touches
from finrec_spark.campaigns.policy.fields import FIELDS_DDL
from finrec_spark.campaigns.policy.options import OptionSources, options
from finrec_spark.campaigns.policy.rules import STAGES, PolicyParams, Rule
from finrec_spark.campaigns.policy.verdicts import collect_funnel, excluded_pairs, with_rule
from finrec_spark.errors import ConfigError
from finrec_spark.pipeline.config import campaign_values
from finrec_spark.tables import CAMPAIGN_TARGETS, CONSENTS, CONTACTS, CUSTOMERS, PRODUCTS, RESPONSES
from tests.test_architecture import ROOT

JUNE = date(2022, 6, 1)
SHIPPED = PolicyParams.model_validate(campaign_values(ROOT / "conf/campaigns")["policy"])


def rule(code="r", stage="eligibility", keeps_out="owned", **more):
    return Rule(code=code, stage=stage, keeps_out=keeps_out, sentence="…", **more)


ALLOWED = [
    "owned",
    "not reachable and touches + weight > 3",
    "profile['age'] is null or try_cast(profile['age'] as int) between 18 and 80",
    "category in ('loan', 'credit_card') and lower(profile['arrears']) = 'yes'",
    "datediff(month, cast(profile['since'] as date)) < 30",
    "case when channel = 'phone' then channel_touches > 1 else false end",
    "coalesce(product_risk_level, 5) > coalesce(customer_risk_level, 1)",
    "months_between(month, cast(profile['since'] as date)) < 3",
    "profile['region'] rlike '^(north|east)'",
    "category <=> 'loan'",
    "month >= date'2022-01-01' -- a remark",
]
REFUSED = {
    "exists (select 1 from silver.customers)": "EXISTS",
    "category in (select category from silver.products)": "SELECT",
    "category in (select * from parquet.`/etc/passwd`)": "SELECT",
    "rand() < 0.5": "RAND",
    "uuid() = ''": "UUID",
    "current_date() > month": "CURRENT",
    "now() > month": "NOW",
    "input_file_name() = ''": "INPUT_FILE_NAME",
    "java_method('java.lang.System', 'exit', 1) is null": "JAVA_METHOD",
    "raise_error('stop') is null": "RAISE_ERROR",
    "customer_id = 'C1'": "customer_id",
    "secrets.key = 'a'": "secrets.key",
    "row_number() over (order by touches) = 1": "WINDOW",
    "owned; drop table silver.customers": "one condition",
    "owned and": "SQL",
    "": "one condition",
}


@pytest.mark.parametrize("condition", ALLOWED)
def test_a_condition_over_the_fields_is_taken(spark, condition):
    require_sound(spark, {"rule r": condition})


@pytest.mark.parametrize("condition", REFUSED)
def test_what_reads_anything_else_or_is_no_condition_is_refused_before_spark_sees_it(condition):
    assert REFUSED[condition] in " ".join(condition_faults(condition))


@pytest.mark.parametrize("condition", ["touches", "profile", "category + 1 > owned", "try_cast(owned as map<int,int>)"])
def test_a_condition_of_another_type_is_told_by_its_name_in_one_line(spark, condition):
    with pytest.raises(ConfigError, match=r"^campaign: rule vip ") as error:
        require_sound(spark, {"rule vip": condition})
    assert "\n" not in str(error.value)


def test_every_fault_is_told_at_once(spark):
    with pytest.raises(ConfigError, match="rule a .*; rule b "):
        require_sound(spark, {"rule a": "rand() < 1", "rule b": "touches"})


def test_the_shipped_rules_are_sound_and_in_the_order_of_their_stages(spark):
    require_sound(spark, {rule.code: rule.keeps_out for rule in SHIPPED.rules})
    stages = [STAGES.index(rule.stage) for rule in SHIPPED.rules]
    assert stages == sorted(stages) and set(stages) == {0, 1, 2, 3}


def test_a_code_stands_for_one_rule():
    with pytest.raises(ValidationError, match="named twice: r"):
        PolicyParams(rules=(rule(), rule()))


def test_no_campaign_has_the_name_that_stands_for_all_of_them():
    with pytest.raises(ValidationError, match="programme stands for all campaigns"):
        Campaign(id="programme")


def option(spark, **fields):
    """One option of somebody whom nothing keeps from anything, but for these fields."""
    sound = {
        "month": JUNE, "segment": "mass", "profile": {"age": "40"}, "customer_risk_level": 3, "product_id": "P1",
        "category": "investment", "product_risk_level": 3, "price": None, "attributes": {}, "on_sale": True,
        "owned": False, "channel": "sms", "reachable": True, "touches": 0.0, "channel_touches": 0.0, "weight": 1.0,
        "days_since_contact": None, "days_since_refusal": None,
    }  # fmt: skip
    values = {**sound, **fields}
    names = [field.split(" ")[0] for field in FIELDS_DDL.split(", ")]
    return spark.createDataFrame([tuple(values[name] for name in names)], FIELDS_DDL)


def test_a_rule_that_reads_a_column_nobody_has_is_named(spark):
    rows = option(spark, profile={"age": "40"}).union(option(spark, profile={"state": "closed"}))
    conditions = {
        "rule closed": "profile['status'] = 'closed' or profile['state'] = 'closed'",
        "rule under_age": "try_cast(profile['age'] as double) < 18",
        "rule owned": "owned",
    }
    seen = Observation()
    assert observing_profile(rows, conditions.values(), seen).count() == 2
    line = "rule closed reads status, which no customer has: that part of it has no effect"
    assert list(columns_nobody_has(conditions, seen)) == [line]


def test_where_there_is_no_option_no_column_is_missed(spark):
    seen, conditions = Observation(), {"rule closed": "profile['status'] = 'closed'"}
    assert observing_profile(option(spark).where("owned"), conditions.values(), seen).collect() == []
    assert list(columns_nobody_has(conditions, seen)) == []


KEPT_OUT = {
    "closed": [{"profile": {"status": "Deceased"}}, {"profile": {"status": "closed"}}],
    "under_age": [{"profile": {"age": "17"}}, {"profile": {"age": "17.5"}}],
    "abroad": [{"profile": {"residence": "sg"}}],
    "in_arrears": [{"profile": {"arrears": "Yes"}}, {"profile": {"arrears": "1"}}],
    "not_on_sale": [{"on_sale": False}],
    "owned": [{"owned": True}],
    "wrong_age": [{"attributes": {"min_age": "50"}}, {"attributes": {"max_age": "39"}}],
    "risk_too_high": [{"product_risk_level": 4}, {"customer_risk_level": None, "product_risk_level": 2}],
    "risk_profile_expired": [{"profile": {"risk_valid_to": "2022-05-31"}}],
    "no_consent": [{"reachable": False}],
    "refused": [{"days_since_refusal": 89}],
    "quiet_days": [{"days_since_contact": 6}],
    "too_often_on_channel": [{"channel_touches": 2.0}],
    "too_often": [{"touches": 3.0}],
}
SPARED = [
    {},
    {"profile": {}},
    {"profile": {"age": "18", "status": "active", "arrears": "no", "residence": "CN", "risk_valid_to": "2022-06-01"}},
    {"attributes": {"min_age": "40", "max_age": "40"}},
    {"customer_risk_level": None, "product_risk_level": 1},
    {"product_risk_level": None},
    {"days_since_refusal": 90, "days_since_contact": 7, "touches": 2.0, "channel_touches": 1.0},
]


def test_each_shipped_rule_keeps_out_what_it_names_and_nothing_else(spark):
    cases = [(code, fields) for code, found in KEPT_OUT.items() for fields in found] + [(None, f) for f in SPARED]
    rows = None
    for number, (_, fields) in enumerate(cases):
        one = option(spark, **fields).withColumn("number", F.lit(number))
        rows = one if rows is None else rows.unionByName(one)
    found = with_rule(rows, SHIPPED.rules).select("number", "rule").orderBy("number").collect()
    assert [row["rule"] for row in found] == [code for code, _ in cases]
    assert {rule.code for rule in SHIPPED.rules} == set(KEPT_OUT)


def test_the_first_rule_counts_and_unknown_is_kept_or_not_as_the_rule_says(spark):
    row = option(spark, owned=True, reachable=False, profile={})
    rules = PolicyParams(rules=(rule("late", "contact_policy", "not reachable"), rule("early", "suitability"))).rules
    assert with_rule(row, rules).head()["rule"] == "early"
    age = {"keeps_out": "try_cast(profile['age'] as int) < 18"}
    assert with_rule(row, [rule(**age)]).head()["rule"] is None
    assert with_rule(row, [rule(where_unknown="exclude", **age)]).head()["rule"] == "r"


def test_a_pair_is_out_where_no_channel_is_left_and_the_furthest_channels_rule_is_named(spark):
    rows = [("ann", "P1", "owned"), ("ann", "P1", "no_consent"), ("ben", "P1", None), ("ben", "P1", "no_consent")]
    judged = spark.createDataFrame(rows, "customer_id string, product_id string, rule string")
    expected = spark.createDataFrame([("ann", "P1", "no_consent")], judged.schema)
    assert_df_equality(excluded_pairs(judged, SHIPPED.rules), expected, ignore_nullable=True)
    assert collect_funnel(judged, SHIPPED.rules) == {
        "offered": 2, "eligibility": 2, "applicability": 2, "suitability": 2, "contact_policy": 1,
    }  # fmt: skip


CONTACT = [
    ("k1", "ann", "P1", "sms", datetime(2022, 5, 20), "2022-05-a", "treatment"),
    ("k2", "ann", "P1", "phone", datetime(2022, 4, 1), None, "treatment"),
    ("k3", "ann", "P1", "sms", datetime(2022, 6, 1), None, "treatment"),  # the month's own
    ("k4", "ann", "P1", "sms", datetime(2022, 1, 1), None, "treatment"),  # before the window
    ("k5", "ben", "P1", "sms", datetime(2022, 5, 20), "2022-05-a", "control"),
]
ANSWERS = [
    ("k1", "none", None, None, None),
    ("k2", "declined", datetime(2022, 4, 3), None, None),
    ("k3", "declined", datetime(2022, 6, 2), None, None),
]
PRODUCT = [("P1", "loan", "n", None, [], 1, None, date(1900, 1, 1), None, {})]


def test_messages_of_the_window_count_by_weight_and_those_of_the_month_do_not(spark):
    found = touches(spark.createDataFrame(CONTACT, CONTACTS.ddl).where("arm = 'treatment'"), JUNE, SHIPPED).collect()
    assert [(row.customer_id, row.touches, row.days_since_contact) for row in found] == [("ann", 3.0, 12)]
    assert found[0].touches_by_channel == {"sms": 1.0, "phone": 2.0, "email": 0.0, "app": 0.0, "branch": 0.0}


def test_a_campaigns_messages_count_once_whether_or_not_they_came_back(spark):
    contacts = spark.createDataFrame(CONTACT[:1], CONTACTS.ddl)
    row = (date(2022, 5, 1), "2022-05-a", "ann", "P1", "sms", "mass", "mass", False, None, "treatment", 0.9, 0.1, 1.0,
           "uplift", "run")  # fmt: skip
    other = (*row[:2], "cem", *row[3:])
    kept_back = (*row[:2], "dan", *row[3:9], "control", *row[10:])
    targets = spark.createDataFrame([row, other, kept_back], CAMPAIGN_TARGETS.ddl)
    sent = sent_messages(contacts, targets).orderBy("customer_id").collect()
    assert [(message.customer_id, message.contact_time.date()) for message in sent] == [
        ("ann", date(2022, 5, 20)),
        ("cem", date(2022, 5, 1)),
    ]


def test_a_message_that_came_back_with_the_contact_id_of_the_files_alone_counts_once(spark):
    row = (date(2022, 5, 1), "2022-05-a", "ann", "P1", "sms", "mass", "mass", False, None, "treatment", 0.9, 0.1, 1.0,
           "uplift", "run")  # fmt: skip
    targets = spark.createDataFrame([row, (*row[:2], "cem", *row[3:])], CAMPAIGN_TARGETS.ddl)
    of_ann = targets.where("customer_id = 'ann'").select(contact_id()).head()[0]
    came_back = [(of_ann, "ann", "P1", "sms", datetime(2022, 5, 20), None, "treatment")]
    sent = sent_messages(spark.createDataFrame(came_back, CONTACTS.ddl), targets)
    assert sorted(message.customer_id for message in sent.collect()) == ["ann", "cem"]


def test_a_refusal_is_of_the_category_and_was_given_before_the_month(spark):
    tables = [spark.createDataFrame(rows, t.ddl) for rows, t in ((CONTACT, CONTACTS), (ANSWERS, RESPONSES))]
    found = refusals(*tables, spark.createDataFrame(PRODUCT, PRODUCTS.ddl), JUNE).collect()
    assert [tuple(row) for row in found] == [("ann", "loan", 59)]


def test_an_option_has_every_field_and_no_offer_is_lost(spark):
    offers = spark.createDataFrame(
        [("ann", "P1", 1, 0.5, True), ("ben", "P1", 1, 0.4, True)],
        "customer_id string, product_id string, rank int, score double, personal boolean",
    )
    versions = [(name, date(2020, 1, 1), None, 2, {"age": "30"}) for name in ("ann", "ben")]
    consents = [("ann", "sms", "marketing", True, date(2020, 1, 1))]
    sources = OptionSources(
        offers=offers,
        customers=spark.createDataFrame(versions, CUSTOMERS.ddl),
        products=spark.createDataFrame(PRODUCT, PRODUCTS.ddl),
        owned=spark.createDataFrame([("ben", "P1")], "customer_id string, product_id string"),
        consents=spark.createDataFrame(consents, CONSENTS.ddl),
        contacts=spark.createDataFrame(CONTACT, CONTACTS.ddl),
        responses=spark.createDataFrame(ANSWERS, RESPONSES.ddl),
        targets=None,
    )
    found = options(sources, ("sms", "app"), JUNE, SHIPPED).orderBy("customer_id", "channel").collect()
    shown = [(r.customer_id, r.channel, r.reachable, r.owned, r.channel_touches, r.days_since_refusal) for r in found]
    assert shown == [
        ("ann", "app", False, False, 0.0, 59),
        ("ann", "sms", True, False, 1.0, 59),
        ("ben", "app", False, True, 0.0, None),
        ("ben", "sms", False, True, 0.0, None),
    ]
    assert {field.split(" ")[0] for field in FIELDS_DDL.split(", ")} < set(found[0].asDict())
