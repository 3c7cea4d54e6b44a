"""A step of the month: what it reads, writes and depends on; and a step at work, which reads no more than that."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import uuid4

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from finrec_spark.errors import FinrecError, InputMissing
from finrec_spark.months import month_name
from finrec_spark.params import Params
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import Output
from finrec_spark.pipeline.slices import Slice, slice_of
from finrec_spark.tables import REGISTRY, Table
from finrec_spark.warehouse import Written
from finrec_spark.warehouse.digests import collect_known_digests


@dataclass(frozen=True)
class Read:
    """Rows that a step reads.

    Attributes:
        table: the table.
        month: of a monthly table, which; None: the month of the step run.
        model: rows of one model alone; None: of every model.
        optional: whether the step can do without them.
        protocol: of the metrics, those of one protocol alone.
    """

    table: Table
    month: date | None = None
    model: str | None = None
    optional: bool = False
    protocol: str | None = None

    def slice_in(self, month: date) -> Slice:
        """The rows that a step run of ``month`` reads."""
        of_month = (self.month or month) if self.table.monthly else None
        return slice_of(month=of_month, model=self.model, protocol=self.protocol)


@dataclass(frozen=True)
class Writes:
    """Rows that a step writes: of a monthly table those of its month."""

    table: Table
    model: str | None = None
    protocol: str | None = None


Reads = Callable[[RunContext, date], Sequence[Read]]


def _nothing(context: RunContext, month: date) -> Sequence[Read]:
    return ()


@dataclass(frozen=True)
class Step:
    """One job of the month.

    Attributes:
        name: the job's name.
        run: does the work and returns the rows written.
        reads: what it reads in a month; nothing else can be read.
        writes: what it leaves.
        params: the parts of the configuration that its result depends on, by name.
        delivery: digest of what it reads from outside the lake.
        monthly: whether each month has a result of its own; else one result serves every month.
        code: modules that hold what it computes, beside the one of ``run``.
        always: whether it runs whenever it is asked for, as what it leaves is not in the lake alone.
    """

    name: str
    run: Callable[["StepRun"], int]
    reads: Reads = _nothing
    writes: tuple[Writes, ...] = ()
    params: Callable[[Config], dict[str, object]] = field(default=lambda config: {})
    delivery: Callable[[RunContext], str] = field(default=lambda context: "")
    monthly: bool = True
    code: Callable[[Config], Sequence[str]] = field(default=lambda config: ())
    always: bool = False

    def modules(self, config: Config) -> tuple[str, ...]:
        """Where the closure of its code starts."""
        home = self.run.__module__
        return (f"jobs.{self.name}" if home == "__main__" else home, *self.code(config))

    def labelled(self, month: date) -> str:
        """The step with its month, where it has one; with the day of a protocol that measures several a month."""
        return f"{self.name} {month_name(month)}" if self.monthly else self.name


@dataclass
class StepRun:
    """A step at work in one month.

    Attributes:
        context: what all step runs of the job share.
        reads: what the step may read in this month.
        why: why it runs.
        outputs: what was written so far.
        staged: scratch files by path, with their columns.
    """

    context: RunContext
    step: Step
    month: date
    fingerprint: str = ""
    why: str = ""
    attempt_id: str = field(default_factory=lambda: uuid4().hex)
    outputs: dict[tuple[str, Slice], Output] = field(default_factory=dict)
    staged: dict[str, StructType] = field(default_factory=dict)
    reads: Sequence[Read] = field(init=False)

    def __post_init__(self) -> None:
        """Ask the step what it reads in this month."""
        self.reads = self.step.reads(self.context, self.month)

    @property
    def spark(self) -> SparkSession:
        """The job's session."""
        return self.context.spark

    @property
    def config(self) -> Config:
        """The job's configuration."""
        return self.context.config

    @property
    def run_id(self) -> str:
        """What the rows of this run carry."""
        return self.context.run_id(self.month)

    @property
    def scratch(self) -> str:
        """A folder below the lake for the step's files of the month that are no result."""
        return f"{self.context.lake.root.rstrip('/')}/.scratch/{self.step.name}/{month_name(self.month)}"

    @property
    def checkpoints(self) -> str:
        """A folder below the lake for Spark's checkpoints."""
        return f"{self.context.lake.root.rstrip('/')}/.checkpoints"

    def log(self, message: str) -> None:
        """A line of progress."""
        self.context.log(message)

    def read(self, table: Table, month: date | None = None, model: str | None = None) -> DataFrame:
        """The table's rows; of a monthly one those of ``month`` (default: the run's), of one model where it is named.

        Raises:
            FinrecError: the step does not declare that it reads them.
            InputMissing: the table is not there.
        """
        self._require(table, month, model)
        values: dict[str, str | date] = {} if model is None else {"model": model}
        if table.monthly:
            values["month"] = month or self.month
        return self.context.lake.read(table, **values)

    def left_as(self, reads: Sequence[Read]) -> tuple[object, ...]:
        """How these rows were left: while it is the same, so are they.

        Of a monthly table the attempt that wrote them, as its version changes with any month; of another its version.

        Raises:
            As ``read``.
        """
        for read in reads:
            self._require(read.table, read.month, read.model)
        return tuple(
            self._writer(read.table, read.month, read.model)
            if read.table.monthly
            else self.context.lake.version(read.table)
            for read in reads
        )

    def read_if_there(self, table: Table, month: date | None = None, model: str | None = None) -> DataFrame | None:
        """The rows, or None where nobody ever wrote them."""
        return self.read(table, month, model) if self._is_there(table, month, model) else None

    def write(self, table: Table, df: DataFrame, **values: str) -> int:
        """Replace the run's month (and the rows with these ``values``) in one commit; returns the rows written.

        ``month``, ``run_id`` and the columns named in ``values`` are added where the table has them.
        """
        scope: dict[str, str | date] = {"month": self.month, **values} if table.monthly else dict(values)
        written = self.context.lake.replace(table, self.completed(table, df, **values), **scope)
        self._note(table, written, scope)
        return written.rows

    def write_records(self, table: Table, records: Iterable[Sequence[object]]) -> int:
        """Replace the month's rows of a small monthly table, without a query; returns the rows written.

        Args:
            records: values in the order of the columns, without the month, which comes first, and the run, the last.
        """
        scope: dict[str, str | date] = {"month": self.month}
        rows = [(self.month, *record, self.run_id) for record in records]
        self._note(table, self.context.lake.replace_records(table, rows, **scope), scope)
        return len(rows)

    def completed(self, table: Table, df: DataFrame, **values: str) -> DataFrame:
        """The rows with ``month``, ``run_id`` and the columns named in ``values``, where the table has them."""
        constants: dict[str, str | date] = {"month": self.month, "run_id": self.run_id, **values}
        missing = (name for name in constants if name in table.column_names and name not in df.columns)
        return df.withColumns({name: F.lit(constants[name]) for name in missing})

    def note_known(self, table: Table) -> None:
        """Note the content of a table that grows, month by month of when it became known."""
        version = self.context.lake.version(table)
        for month, content, rows in collect_known_digests(self.context.lake.read(table), table):
            of_month = slice_of(known_month=month)
            self.outputs[(table.name, of_month)] = Output(table.name, of_month, version, content, rows)

    def stage(self, df: DataFrame, name: str) -> DataFrame:
        """The rows, worked out once into files of the run's scratch folder and read from there."""
        path = f"{self.scratch}/{name}"
        self.staged[path] = df.schema
        df.write.mode("overwrite").parquet(path)
        return self.spark.read.schema(df.schema).parquet(path)

    def discard_staged(self) -> None:
        """Empty the files of what was staged: customers may be named in them.

        Overwritten with nothing, since Spark's Python has no call that deletes a folder on every file system.
        """
        for path, schema in self.staged.items():
            self.spark.createDataFrame([], schema).write.mode("overwrite").parquet(path)
        self.staged.clear()

    def register_model(self, model: str, params: Params) -> None:
        """Note the model that this run fits, with its parameters, in ``model.registry``."""
        version = f"{model}-{self.month:%Y-%m}-{self.fingerprint[:8]}"
        row = (self.month, model, version, params.model_dump_json(), self.run_id)
        scope: dict[str, str | date] = {"month": self.month, "model": model}
        self._note(REGISTRY, self.context.lake.replace_records(REGISTRY, [row], **scope), scope)

    def _note(self, table: Table, written: Written, scope: Mapping[str, str | date]) -> None:
        rows = slice_of(**scope)
        self.outputs[(table.name, rows)] = Output(table.name, rows, written.version, written.digest, written.rows)

    def _slice(self, table: Table, month: date | None, model: str | None) -> Slice:
        return slice_of(month=(month or self.month) if table.monthly else None, model=model)

    def _is_there(self, table: Table, month: date | None, model: str | None) -> bool:
        """Whether a step that was done, or this run, left the rows."""
        rows = set(self._slice(table, month, model))
        mine = any(name == table.name and rows <= set(own) for name, own in self.outputs)
        return mine or self._writer(table, month, model) is not None

    def _writer(self, table: Table, month: date | None, model: str | None) -> str | None:
        """ID of the attempt that left the rows."""
        attempt = self.context.ledger.writer(table.name, self._slice(table, month, model), month or self.month)
        return attempt.attempt_id if attempt else None

    def _require(self, table: Table, month: date | None, model: str | None) -> None:
        self._require_declared(table, month, model)
        if not self._is_there(table, month, model):
            of_month = f"nothing of {month or self.month:%Y-%m}" if table.monthly else "not"
            raise InputMissing(
                f"{table.name}: {of_month} in the lake {self.context.lake.root}; run the job that writes it first"
            )

    def _require_declared(self, table: Table, month: date | None, model: str | None) -> None:
        own = any(written.table == table for written in self.step.writes)
        wanted = set(self._slice(table, month, model))
        declared = (r for r in self.reads if r.table == table)
        if not own and not any(set(read.slice_in(self.month)) <= wanted for read in declared):
            raise FinrecError(
                f"step {self.step.name} does not declare that it reads {table.name} {' '.join(v for _, v in wanted)}:"
                " add it to the step's reads, or its result would not be made anew when that changes"
            )


def utc_now() -> datetime:
    """The moment, in UTC, without a zone as Spark's timestamps have none; it decides nothing."""
    return datetime.now(UTC).replace(tzinfo=None)
