"""What every job shares: a step with its inputs and outputs, and how it is performed once."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.months import months_before
from finrec_spark.params import Params
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.ledger import DONE, FAILED, Entry, digest, latest, read_ledger, write_entry
from finrec_spark.sources.files import landing_fingerprint
from finrec_spark.tables import REGISTRY, Table
from finrec_spark.warehouse import Lake

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class After:
    """A step whose result another one reads.

    Attributes:
        step: its name.
        months_back: 0 for the same month, 1 for the month before; None for its newest result.
        optional: whether the other step can do without it.
    """

    step: str
    months_back: int | None = 0
    optional: bool = False


@dataclass(frozen=True)
class Step:
    """One job of the month.

    Attributes:
        name: the job's name.
        run: does the work and returns the rows written.
        writes: tables that hold its result.
        after: steps that it reads the results of.
        params: the parts of the configuration that its result depends on.
        inputs: digest of what it reads from outside the lake.
        monthly: whether each month has a result of its own; else one result serves every month.
    """

    name: str
    run: Callable[["Job"], int]
    writes: tuple[Table, ...] = ()
    after: tuple[After, ...] = ()
    params: Callable[[Config], object] = lambda config: None
    inputs: Callable[["Program"], str] = lambda program: ""
    monthly: bool = True


@dataclass
class Program:
    """One started job: its session, configuration, lake and ledger.

    Attributes:
        source: generator, far_trans or files.
        input_dir: folder of the source's files; None for the generator.
        code_version: version of the running code.
    """

    spark: SparkSession
    config: Config
    lake: Lake
    source: str
    input_dir: str | None
    code_version: str
    ledger: dict[tuple[str, date], Entry] = field(init=False)

    def __post_init__(self) -> None:
        """Read what ran before."""
        self.ledger = read_ledger(self.lake)

    @property
    def delivery_directory(self) -> str:
        """Where the landing files lie: ``--input``, or below the lake where the generator writes them."""
        return self.input_dir or f"{self.lake.root.rstrip('/')}/landing"

    def delivery_fingerprint(self) -> str:
        """Changes when a landing file does."""
        return digest(self.source, landing_fingerprint(self.spark, self.delivery_directory))

    def tell(self, message: str) -> None:
        """A line of progress."""
        logger.info("%s", message)

    def run_id(self, month: date) -> str:
        """The same for every submission of one month with one configuration, so that a rerun replaces its rows."""
        return f"{month:%Y-%m}-{digest(self.config.model_dump_json(exclude={'spark', 'needs', 'log_dir'}))[:8]}"

    def newest_run_id(self, step: str, month: date) -> str | None:
        """The run whose result of the step stands; None where there is none."""
        entry = latest(self.ledger, step, [month])
        return entry.run_id if entry else None


@dataclass
class Job:
    """A step at work in one month: reads and writes tables, and notes what it read."""

    program: Program
    step: Step
    month: date
    fingerprint: str
    inputs: dict[str, int] = field(default_factory=dict)

    @property
    def spark(self) -> SparkSession:
        """The program's session."""
        return self.program.spark

    @property
    def config(self) -> Config:
        """The program's configuration."""
        return self.program.config

    @property
    def run_id(self) -> str:
        """Key of the run in ``mart.runs``."""
        return self.program.run_id(self.month)

    def read(self, table: Table, month: date | None = None) -> DataFrame:
        """The table; of a monthly one the rows of ``month`` (default: the job's).

        Raises:
            InputMissing: the table or month is not there.
        """
        lake = self.program.lake
        rows = lake.read_month(table, month or self.month) if table.monthly else lake.read(table)
        self.inputs[table.name] = lake.version(table)
        return rows

    def read_if_there(self, table: Table) -> DataFrame | None:
        """The table, or None where it was never written."""
        return self.read(table) if self.program.lake.exists(table) else None

    def write(self, table: Table, df: DataFrame, **values: str) -> int:
        """Replace the job's month (and the rows with these ``values``) in one commit; returns the rows written.

        ``month``, ``run_id`` and the columns named in ``values`` are added where the table has them.
        """
        constants: dict[str, str | date] = {"month": self.month, "run_id": self.run_id, **values}
        for name in (n for n in constants if n in table.column_names and n not in df.columns):
            df = df.withColumn(name, F.lit(constants[name]))
        scope: dict[str, str | date] = {"month": self.month, **values} if table.monthly else dict(values)
        lake = self.program.lake
        return lake.replace_where(table, df, **scope) if scope else lake.replace(table, df)

    def tell(self, message: str) -> None:
        """A line of progress."""
        self.program.tell(message)

    @property
    def scratch(self) -> str:
        """A folder below the lake for the step's files of the month that are no result."""
        return f"{self.program.lake.root.rstrip('/')}/.scratch/{self.step.name}/{self.month:%Y-%m}"

    def register_model(self, model: str, params: Params) -> None:
        """Note the model that this job fits, with its parameters, in ``model.registry``."""
        version = f"{model}-{self.month:%Y-%m}-{self.fingerprint[:8]}"
        row = self.spark.createDataFrame([(version, params.model_dump_json())], "model_version string, params string")
        self.write(REGISTRY, row, model=model)


@dataclass(frozen=True)
class Outcome:
    """How a step ended: rows is None where its result already stood."""

    step: Step
    month: date
    rows: int | None
    seconds: float


def perform(step: Step, program: Program, month: date) -> Outcome:
    """Run the step unless its result for the month stands: same inputs, parameters and code.

    Raises:
        InputMissing: a step that it reads from has no result.
    """
    fingerprint = step_fingerprint(step, program, month)
    if stands(step, program, month, fingerprint):
        return Outcome(step, month, None, 0.0)
    started = time.monotonic()
    job = Job(program, step, month, fingerprint)
    try:
        rows = step.run(job)
    except BaseException:
        with suppress(Exception):  # the first error is the one to tell
            _record(job, FAILED, None, time.monotonic() - started)
        raise
    seconds = time.monotonic() - started
    _record(job, DONE, rows, seconds)
    return Outcome(step, month, rows, seconds)


def step_fingerprint(step: Step, program: Program, month: date) -> str:
    """Digest of everything that the step's result depends on.

    Raises:
        InputMissing: a step that it reads from has no result.
    """
    upstream = [_result_of(after, program, month) for after in step.after]
    when = month.isoformat() if step.monthly else None
    params = step.params(program.config)
    return digest(step.name, when, _as_json(params), program.code_version, step.inputs(program), upstream)


def stands(step: Step, program: Program, month: date, fingerprint: str) -> bool:
    """Whether the step's newest result has this fingerprint and its tables are there."""
    entry = latest(program.ledger, step.name, [month] if step.monthly else [])
    return entry is not None and entry.fingerprint == fingerprint and all(map(program.lake.exists, step.writes))


def _result_of(after: After, program: Program, month: date) -> str | None:
    months = [] if after.months_back is None else [months_before(month, after.months_back)]
    entry = latest(program.ledger, after.step, months)
    if entry is None and after.optional:
        return None
    if entry is None:
        of_month = f" for {months[0]:%Y-%m}" if months else ""
        raise InputMissing(f"{after.step} has no result{of_month} in the lake {program.lake.root}; run that job first")
    return entry.fingerprint


def _record(job: Job, status: str, rows: int | None, seconds: float) -> None:
    program = job.program
    entry = Entry(
        run_id=job.run_id,
        step=job.step.name,
        month=job.month,
        status=status,
        fingerprint=job.fingerprint,
        inputs=job.inputs,
        code_version=program.code_version,
        rows=rows,
        seconds=round(seconds, 3),
        finished_at=datetime.now(UTC).replace(tzinfo=None),
    )
    write_entry(program.lake, entry)
    program.ledger[(entry.step, entry.month)] = entry


def _as_json(params: object) -> object:
    if isinstance(params, Mapping):
        return {key: _as_json(value) for key, value in params.items()}
    if isinstance(params, list | tuple):
        return [_as_json(value) for value in params]
    return params.model_dump(mode="json") if hasattr(params, "model_dump") else params
