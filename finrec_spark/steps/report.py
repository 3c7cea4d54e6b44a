"""The month's report: one self-contained file below the lake, and a row that says where and what it is."""

import hashlib
from datetime import date

from finrec_spark.evaluation.report.page import report_html
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.runner import Outcome, run_step
from finrec_spark.pipeline.step import Step, StepRun, Writes
from finrec_spark.steps.places import file_place
from finrec_spark.steps.report_content import collect_content, report_reads
from finrec_spark.tables import REPORTS
from finrec_spark.training.file_system import changed_files, file_system

_NAME = "report.html"


def write_report(run: StepRun) -> int:
    """Make the page, write it and note it; returns the files written."""
    data = report_html(collect_content(run)).encode()
    path = f"{_folder(run)}/{_NAME}"
    _write(run, data)
    return run.write_records(REPORTS, [(path, len(data), hashlib.sha256(data).hexdigest())])


STEP = Step(
    name="report",
    run=write_report,
    reads=report_reads,
    writes=(Writes(REPORTS),),
    params=lambda config: {
        "sensitive": list(config.ensemble.sensitive),
        "recommend": config.recommend,
        "opening_types": list(config.matrix.opening_types),
    },
)


def make_report(context: RunContext, month: date) -> Outcome:
    """Make the month's report where it is not up to date, and see that its file is there."""
    outcome = run_step(STEP, context, month)
    restore_report(context, month)
    return outcome


def restore_report(context: RunContext, month: date) -> None:
    """Write the month's file again where it is gone or was changed."""
    noted = {row["path"]: row["sha256"] for row in _collect_noted(context, month)}
    run = StepRun(context, STEP, month)
    if changed_files(noted, file_place(run, context.lake.root.rstrip("/"))):
        _write(run, report_html(collect_content(run)).encode())
        context.log("report: written again, as it was gone or changed")


def report_place(context: RunContext, month: date) -> str | None:
    """Path or URI of the month's report; None where it has none."""
    root = context.lake.root.rstrip("/")
    return next((f"{root}/{row['path']}" for row in _collect_noted(context, month)), None)


def _collect_noted(context: RunContext, month: date) -> list[dict[str, str]]:
    return context.lake.collect(REPORTS, month=month) if context.lake.exists(REPORTS) else []


def _write(run: StepRun, data: bytes) -> None:
    files, root = file_system(file_place(run, f"{run.context.lake.root.rstrip('/')}/{_folder(run)}"))
    files.create_dir(root, recursive=True)
    with files.open_output_stream(f"{root}/{_NAME}") as stream:
        stream.write(data)


def _folder(run: StepRun) -> str:
    return f"reports/{run.month:%Y-%m}"
