"""A month's campaigns, decided → checked, stored for readers, and handed to the channels."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.export import collect_exported, messages_to_export
from finrec_spark.pipeline.checks import Check
from finrec_spark.pipeline.publication import publish
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_decision import Decision
from finrec_spark.steps.places import file_place
from finrec_spark.tables import CAMPAIGN_EXPORTS, CAMPAIGN_FUNNEL, CAMPAIGN_LIMITS, CAMPAIGN_TARGETS, EXCLUSIONS

_BLOCKED = "blocked:"
_ROUNDING = 1e-6  # of yuan, which are counted in millionths


def publish_campaign(run: StepRun, decision: Decision) -> int:
    """Store the targets with arms and probabilities, then export the messages; returns the targets.

    Raises:
        DataQualityError: a message is blocked by the lint, a limit is broken, or a declared check fails; nothing is
            stored or exported.
    """
    blocked = Check(CAMPAIGN_TARGETS.name, "messages_blocked", _collect_blocked(run, decision.messages))
    names = [name for name in CAMPAIGN_TARGETS.column_names if name not in ("month", "run_id")]
    staged = {
        EXCLUSIONS: _exclusions(run, decision.excluded),
        CAMPAIGN_TARGETS: decision.targets.select(*names),
    }
    written = publish(run, staged, [blocked, *_limit_checks(decision)], by=run.step.name)
    limits = [
        (use.name, use.kind, *map(float, (use.limit, use.used, use.price_yuan))) for use in decision.report.limits
    ]
    run.write_records(CAMPAIGN_LIMITS, limits)
    run.write_records(CAMPAIGN_FUNNEL, [(n, *stage) for n, stage in enumerate(decision.funnel.items(), start=1)])
    export(run, decision.messages)
    return written


def export(run: StepRun, messages: DataFrame) -> None:
    """Write the month's files and note them."""
    folder = f"exports/{run.month:%Y-%m}"
    place = file_place(run, f"{run.context.lake.root.rstrip('/')}/{folder}")
    files = collect_exported(messages_to_export(messages), place)
    run.write_records(
        CAMPAIGN_EXPORTS,
        [(f.channel, f.format, f"{folder}/{f.path}", f.messages, f.bytes, f.sha256) for f in files],
    )
    run.log(f"campaign: {sum(f.messages for f in files) // 2:,} messages in {len(files)} files below {folder}")


def _collect_blocked(run: StepRun, messages: DataFrame) -> int:
    """Messages that the lint blocks; what else kept messages back is logged, by reason."""
    counted = messages.groupBy("excluded").agg(F.count("*").alias("n")).collect()
    reasons = {row["excluded"]: int(row["n"]) for row in counted if row["excluded"] is not None}
    for reason, n in sorted(reasons.items()):
        run.log(f"campaign: {n:,} messages not written: {reason}")
    return sum(n for reason, n in reasons.items() if reason.startswith(_BLOCKED))


def _limit_checks(decision: Decision) -> list[Check]:
    """By how much each limit is broken."""
    used = (
        (use, use.used - use.limit if use.kind == "maximum" else use.limit - use.used) for use in decision.report.limits
    )
    return [
        Check(CAMPAIGN_TARGETS.name, f"{use.kind} of {use.name}", max(beyond, 0.0), _ROUNDING) for use, beyond in used
    ]


def _exclusions(run: StepRun, excluded: DataFrame) -> DataFrame:
    """Counts by rule and product, or one row a pair where pairs were asked for."""
    by_pair = run.config.recommend.exclusions == "pairs"
    customer = F.col("customer_id") if by_pair else F.lit(None).cast("string")
    of_rule = excluded.withColumn("customer_id", customer).groupBy("customer_id", "product_id", "rule")
    return of_rule.agg(F.count("*").alias("customers"))
