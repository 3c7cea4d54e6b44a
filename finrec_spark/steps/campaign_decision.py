"""The month's campaigns, decided: from the lists to targets with arms and messages. Nothing is stored or sent here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from finrec_spark.campaigns.allocation.campaign import allocated
from finrec_spark.campaigns.allocation.report import AllocationReport
from finrec_spark.campaigns.arms import exploration_offers, is_explorer
from finrec_spark.campaigns.contact_values import with_score_values, with_values
from finrec_spark.campaigns.exploration import collect_used, within_limits
from finrec_spark.campaigns.measurement.power import Power, collect_launch_power, product_outcomes
from finrec_spark.campaigns.messages.rendering import render
from finrec_spark.campaigns.offers import first_of_popular, with_campaign, with_impersonal_values
from finrec_spark.campaigns.policy.conditions import columns_nobody_has, observing_profile
from finrec_spark.campaigns.policy.options import OptionSources, options
from finrec_spark.campaigns.policy.verdicts import collect_funnel, excluded_pairs, with_rule
from finrec_spark.campaigns.targets import targets, with_message_fields, worth_a_contact
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_inputs import (
    campaign_customers,
    collect_last_prices,
    conditions_of,
    has_impersonal,
    option_sources,
    profiles,
    read_profile,
    read_valuer,
    rendering_of,
    required_policy,
    usable_channels,
)
from finrec_spark.tables import CUSTOMERS, EXPECTED_AMOUNTS, INTERACTIONS, PRODUCTS
from finrec_spark.transforms.ingest.customers import customers_as_of
from finrec_spark.vocabulary import TREATMENT

_JUDGED = (
    *("customer_id", "product_id", "channel", "category", "segment", "branch"),
    *("rank", "score", "personal", "rule", "campaign_id"),
)


@dataclass(frozen=True)
class Decision:
    """A month's campaigns.

    Attributes:
        targets: result of ``campaigns.targets.targets``.
        excluded: ``customer_id``, ``product_id``, ``rule`` of the pairs that the policy kept out.
        messages: result of ``messages.rendering.render`` for the treated.
        funnel: stage → customers left behind it, in order.
        report: of the allocation; its limits are the month's, explorers included.
        power: what each campaign will be able to see.
    """

    targets: DataFrame
    excluded: DataFrame
    messages: DataFrame
    funnel: dict[str, int]
    report: AllocationReport
    power: Sequence[Power]


def decide(run: StepRun) -> Decision:
    """Options, rules, values, explorers, allocation, arms, messages: each worked out once, into scratch files."""
    policy, params = required_policy(run), run.config.campaign
    seen = Observation()
    judged = run.stage(judged_options(run, option_sources(run), seen), "judged")
    for line in columns_nobody_has(conditions_of(params, policy), seen):
        run.log(f"campaign: {line}")
    worth = run.stage(worth_options(run, judged), "worth")

    limits = params.capacity.limits(campaign_customers(run), params.allocation)
    by_chance = exploration_offers(worth, params.arms, run.month)
    explored = run.stage(within_limits(by_chance, limits, params.arms, run.month), "explored")
    used = collect_used(explored)
    candidates = worth.where(~is_explorer(params.arms, run.month))
    with allocated(candidates, used.left_of(limits), collect_last_prices(run)) as allocation:
        chosen = run.stage(allocation.offers, "allocated")
    if not used.contacts + allocation.report.offers:
        run.log("campaign: nobody may be offered anything")

    drawn = run.stage(targets(explored, chosen, worth, params.arms, run.month), "targets")
    messages = run.stage(messages_of(run, drawn), "messages")
    return Decision(
        targets=drawn,
        excluded=excluded_pairs(judged, policy.rules),
        messages=messages,
        funnel=_collect_funnel(run, judged, worth, drawn, messages),
        report=replace(allocation.report, limits=used.with_limits(allocation.report.limits, limits)),
        power=_power(run, drawn),
    )


def judged_options(run: StepRun, sources: OptionSources, seen: Observation | None = None) -> DataFrame:
    """One row: one option over one of the bank's channels, judged, without what only rules and audiences read.

    Args:
        seen: notes which profile columns that rules and audiences name there are; see ``columns_nobody_has``.

    Returns:
        ``customer_id``, ``product_id``, ``channel``, ``category``, ``segment``, ``branch``, ``rank``, ``score``,
        ``personal``, ``rule`` (the first that keeps it out; null where it may be sent) and ``campaign_id`` (null where
        no campaign takes it).
    """
    policy, params = required_policy(run), run.config.campaign
    judged = with_rule(options(sources, usable_channels(run), run.month, policy), policy.rules)
    taken = with_campaign(judged, params.campaigns, run.month)
    if seen is not None:
        taken = observing_profile(taken, conditions_of(params, policy).values(), seen)
    return taken.withColumn("branch", F.col("profile")[F.lit(params.branch_column)]).select(*_JUDGED)


def worth_options(run: StepRun, judged: DataFrame) -> DataFrame:
    """What may be sent, with what it brings: result of ``targets.worth_a_contact``."""
    params, profile = run.config.campaign, read_profile(run)
    allowed = judged.where(F.col("rule").isNull() & F.col("campaign_id").isNotNull())
    impersonal = has_impersonal(run)
    allowed = first_of_popular(allowed) if impersonal else allowed
    valuer = read_valuer(run, profile)
    if valuer is None:
        valued = with_score_values(allowed, run.read(EXPECTED_AMOUNTS))
    else:
        valued = with_values(allowed.join(profiles(run, profile), "customer_id"), valuer)
    return worth_a_contact(with_impersonal_values(run.stage(valued, "valued")) if impersonal else valued, params)


def messages_of(run: StepRun, drawn: DataFrame) -> DataFrame:
    """What the treated of these targets are sent; result of ``messages.rendering.render``."""
    rendering, params = rendering_of(run.context), run.config.campaign
    customers = customers_as_of(run.read(CUSTOMERS), run.month)
    languages = tuple(catalogue.language for catalogue in rendering.catalogues)
    treated = drawn.where(F.col("arm") == TREATMENT)
    return render(with_message_fields(treated, customers, languages, params, run.month), run.read(PRODUCTS), rendering)


def _collect_funnel(
    run: StepRun, judged: DataFrame, worth: DataFrame, drawn: DataFrame, messages: DataFrame
) -> dict[str, int]:
    """Customers left behind each stage, from all who are known to those who are sent a message."""
    by_rule = collect_funnel(judged, required_policy(run).rules)
    last = (
        worth.where("value > 0").select("customer_id", F.lit("worth_it").alias("stage"))
        .unionByName(drawn.select("customer_id", F.lit("allocated").alias("stage")))
        .unionByName(drawn.where(F.col("arm") == TREATMENT).select("customer_id", F.lit("treatment").alias("stage")))
        .unionByName(messages.where("excluded is null").select("customer_id", F.lit("messages").alias("stage")))
    )  # fmt: skip
    counted = last.groupBy("stage").agg(F.countDistinct("customer_id").alias("n")).collect()
    found = {row["stage"]: int(row["n"]) for row in counted}
    behind = {stage: found.get(stage, 0) for stage in ("worth_it", "allocated", "treatment", "messages")}
    return {"known": campaign_customers(run), **by_rule, **behind}


def _power(run: StepRun, drawn: DataFrame) -> list[Power]:
    """What could be seen, as the products went with all customers in a window that ends when the month begins."""
    params = run.config.measure
    start: date = run.month - timedelta(days=params.window_days)
    outcomes = product_outcomes(run.read(INTERACTIONS), campaign_customers(run), start, params)
    return collect_launch_power(drawn, outcomes, params)
