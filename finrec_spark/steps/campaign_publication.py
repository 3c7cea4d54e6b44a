"""A month's campaigns, decided → checked, stored for readers, and handed to the channels."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.campaigns.export import (
    FORMATS,
    collect_exported,
    collect_restored,
    messages_to_export,
)
from finrec_spark.pipeline.checks import Check, require_passed
from finrec_spark.pipeline.publication import publish
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.campaign_decision import Decision, messages_of
from finrec_spark.steps.campaign_inputs import UNSUBSCRIBE_KEY
from finrec_spark.steps.campaign_results import collect_rows
from finrec_spark.steps.places import file_place
from finrec_spark.tables import (
    CAMPAIGN_EXPORTS,
    CAMPAIGN_FUNNEL,
    CAMPAIGN_LIMITS,
    CAMPAIGN_TARGETS,
    EXCLUSIONS,
    Table,
)
from finrec_spark.training.file_system import changed_files

_BLOCKED = "blocked:"
_NOT_AGAIN = "and would be another: look for changed customers, templates, code or"
_ROUNDING = 1e-6  # of yuan, which are counted in millionths


def publish_campaign(run: StepRun, decision: Decision) -> int:
    """Store the targets with arms and probabilities, then export the messages; returns the targets.

    What an earlier decision of the month exported is noted no more before other targets are stored: files that are
    noted are always those of the stored targets, also after a kill.

    Raises:
        DataQualityError: a message is blocked by the lint, a limit is broken, or a declared check fails; nothing is
            stored or exported.
    """
    names = [name for name in CAMPAIGN_TARGETS.column_names if name not in ("month", "run_id")]
    staged = {
        **_withdrawn(run),
        EXCLUSIONS: _exclusions(run, decision.excluded),
        CAMPAIGN_TARGETS: decision.targets.select(*names),
    }
    written = publish(run, staged, [_lint_check(run, decision.messages), *_limit_checks(decision)], by=run.step.name)
    limits = [
        (use.name, use.kind, *map(float, (use.limit, use.used, use.price_yuan))) for use in decision.report.limits
    ]
    run.write_records(CAMPAIGN_LIMITS, limits)
    run.write_records(CAMPAIGN_FUNNEL, [(n, *stage) for n, stage in enumerate(decision.funnel.items(), start=1)])
    export(run, decision.messages)
    return written


def restore_export(run: StepRun) -> list[str]:
    """Write the month's files again where one is gone or was changed, as they were; returns which were.

    What can no longer be written as it was, from the stored targets and what is known now, is logged and left.

    Raises:
        DataQualityError: a message is blocked by the lint.
    """
    noted = {
        PurePosixPath(f["path"]).name: f["sha256"] for f in collect_rows(run.context, CAMPAIGN_EXPORTS, month=run.month)
    }
    changed = changed_files(noted, file_place(run, _place(run)))
    restored = _collect_restored(run, noted, changed) if changed else []
    for name in changed:
        again = "written again" if name in restored else f"{_NOT_AGAIN} {UNSUBSCRIBE_KEY}"
        run.log(f"campaign: {_folder(run)}/{name} was gone or changed, {again}")
    return restored


def _collect_restored(run: StepRun, noted: Mapping[str, str], changed: Sequence[str]) -> list[str]:
    messages = run.stage(messages_of(run, run.read(CAMPAIGN_TARGETS)), "messages")
    require_passed([_lint_check(run, messages)], run.month)
    place, aside = (file_place(run, folder) for folder in (_place(run), f"{run.scratch}/export"))
    restored = collect_restored(messages_to_export(messages), place, aside, noted, changed)
    run.discard_staged()
    return restored


def export(run: StepRun, messages: DataFrame) -> None:
    """Write the month's files and note them."""
    files, folder = collect_exported(messages_to_export(messages), file_place(run, _place(run))), _folder(run)
    noted = [(f.channel, f.format, f"{folder}/{f.path}", f.messages, f.bytes, f.sha256) for f in files]
    run.write_records(CAMPAIGN_EXPORTS, noted)
    messages_sent = sum(f.messages for f in files if f.format == FORMATS[0])
    run.log(f"campaign: {messages_sent:,} messages in {len(files)} files below {folder}")


def _place(run: StepRun) -> str:
    return f"{run.context.lake.root.rstrip('/')}/{_folder(run)}"


def _folder(run: StepRun) -> str:
    return f"exports/{run.month:%Y-%m}"


def _withdrawn(run: StepRun) -> dict[Table, DataFrame]:
    """No files in place of those that an earlier decision of the month noted."""
    if not collect_rows(run.context, CAMPAIGN_EXPORTS, month=run.month):
        return {}
    return {CAMPAIGN_EXPORTS: run.spark.createDataFrame([], CAMPAIGN_EXPORTS.ddl_without("month", "run_id"))}


def _lint_check(run: StepRun, messages: DataFrame) -> Check:
    return Check(CAMPAIGN_TARGETS.name, "messages_blocked", _collect_blocked(run, messages))


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
