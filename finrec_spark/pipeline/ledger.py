"""What ran, from which inputs: the ledger ``mart.runs``, and what makes a step stand."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import chain

from pyspark.sql import functions as F

from finrec_spark import __version__
from finrec_spark.tables import RUNS
from finrec_spark.warehouse import Lake

DONE = "done"
FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One row of ``mart.runs``."""

    run_id: str
    step: str
    month: date
    status: str
    fingerprint: str
    inputs: Mapping[str, int]
    code_version: str
    rows: int | None
    seconds: float
    finished_at: datetime


def digest(*parts: object) -> str:
    """16 hex digits that change when any part does; parts are JSON values or what ``str`` tells apart."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code_version() -> str:
    """The package's version and a digest of its and the jobs' sources, wherever they were imported from."""
    found = chain.from_iterable(_python_files(files(package), package) for package in ("finrec_spark", "jobs"))
    sources = sorted((name, source.read_bytes().hex()) for name, source in found)
    return f"{__version__}+{digest(*sources)[:8]}"


def read_ledger(lake: Lake) -> dict[tuple[str, date], Entry]:
    """The newest entry of each step and month. As many as there were runs, not customers."""
    if not lake.exists(RUNS):
        return {}
    newest = F.max_by(F.struct(*RUNS.column_names), F.struct("finished_at", "run_id")).alias("entry")
    rows = lake.read(RUNS).groupBy("step", "month").agg(newest).select("entry.*").collect()
    return {(row["step"], row["month"]): Entry(**row.asDict()) for row in rows}


def write_entry(lake: Lake, entry: Entry) -> None:
    """Write the entry in place of an earlier one of the same run, step and month."""
    row = [tuple(getattr(entry, name) for name in RUNS.column_names)]
    df = lake.spark.createDataFrame(row, RUNS.ddl)
    lake.replace_where(RUNS, df, run_id=entry.run_id, step=entry.step, month=entry.month)


def latest(ledger: Mapping[tuple[str, date], Entry], step: str, months: Sequence[date]) -> Entry | None:
    """The newest done entry of the step in one of the months; in any month where none is named."""
    entries = (entry for (name, month), entry in ledger.items() if name == step and (not months or month in months))
    done = sorted((entry for entry in entries if entry.status == DONE), key=lambda entry: entry.finished_at)
    return done[-1] if done else None


def _python_files(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            yield from _python_files(entry, name)
        elif name.endswith(".py"):
            yield name, entry
