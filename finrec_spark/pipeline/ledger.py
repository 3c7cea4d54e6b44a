"""What ran, from which inputs, and how it left its outputs: the ledger ``mart.runs``."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime
from operator import attrgetter
from typing import Any, TypeVar

from finrec_spark.errors import SchemaError
from finrec_spark.pipeline.slices import Slice
from finrec_spark.tables import RUNS
from finrec_spark.warehouse import Lake

T = TypeVar("T")
DONE, FAILED, KILLED = "done", "failed", "killed"


@dataclass(frozen=True)
class Input:
    """Rows that an attempt read; ``digest`` is of their content as of its month, ``attempt_id`` who wrote them."""

    table: str
    slice: Slice
    version: int
    digest: str
    attempt_id: str


@dataclass(frozen=True)
class Output:
    """Rows that an attempt wrote: the table's version and the digest of the rows as it left them."""

    table: str
    slice: Slice
    version: int
    digest: str
    rows: int


@dataclass(frozen=True)
class Attempt:
    """One row of ``mart.runs``."""

    attempt_id: str
    run_id: str
    step: str
    month: date
    status: str
    why: str
    fingerprint: str
    parameters: str
    code_digest: str
    modules: Mapping[str, str]
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rows: int | None
    seconds: float
    peak_memory_bytes: int | None
    shuffle_bytes: int | None
    spill_bytes: int | None
    started_at: datetime
    finished_at: datetime

    def as_note(self) -> dict[str, str]:
        """What the lake's lock says of an attempt at work."""
        noted = {name: getattr(self, name) for name in _NOTED}
        return {**noted, "month": self.month.isoformat(), "started_at": self.started_at.isoformat()}

    @classmethod
    def from_note(cls, note: Mapping[str, str]) -> "Attempt":
        """The attempt that a killed job left in the lock: when it began is known, and no more."""
        began = datetime.fromisoformat(note["started_at"])
        texts = {name: note[name] for name in _NOTED}
        return cls.begun(**texts, month=date.fromisoformat(note["month"]), started_at=began)

    @classmethod
    def begun(
        cls, *, attempt_id: str, run_id: str, step: str, month: date, why: str, fingerprint: str, started_at: datetime
    ) -> "Attempt":
        """An attempt of which nothing is known yet but that it began."""
        return cls(
            attempt_id=attempt_id,
            run_id=run_id,
            step=step,
            month=month,
            status=KILLED,
            why=why,
            fingerprint=fingerprint,
            parameters="{}",
            code_digest="",
            modules={},
            inputs=(),
            outputs=(),
            rows=None,
            seconds=0.0,
            peak_memory_bytes=None,
            shuffle_bytes=None,
            spill_bytes=None,
            started_at=started_at,
            finished_at=started_at,
        )


_NOTED = ("attempt_id", "run_id", "step", "why", "fingerprint")


def digest(*parts: object) -> str:
    """16 hex digits that change when any part does; parts are JSON values or what ``str`` tells apart."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass
class Ledger:
    """The newest attempts of every step and month, kept in step with ``mart.runs``.

    Attributes:
        lake: where the ledger lies.
        attempts: the newest done attempt of each step and month, and all attempts of this process.
    """

    lake: Lake
    attempts: list[Attempt] = field(init=False)
    _versions: set[tuple[str, int]] = field(default_factory=set, init=False, repr=False)  # that a done attempt left

    def __post_init__(self) -> None:
        """Read what ran before.

        Raises:
            SchemaError: the lake was made by a version whose ledger is another.
        """
        done = _collect_done(self.lake) if self.lake.exists(RUNS) else []
        self.attempts = list({(a.step, a.month): a for a in done}.values())
        self._note_versions(done)

    def append(self, attempts: Iterable[Attempt]) -> None:
        """Add attempts, in one commit."""
        new = list(attempts)
        if new:
            self.lake.append(RUNS, map(_as_record, new))
            self.attempts.extend(new)
            self._note_versions(new)

    def newest(self, step: str, month: date | None) -> Attempt | None:
        """The newest done attempt of the step in the month; in any month where none is named."""
        done = [a for a in self.attempts if a.status == DONE and a.step == step and month in (None, a.month)]
        return max(done, key=attrgetter("finished_at"), default=None)

    def writer(self, table: str, rows: Slice, month: date) -> Attempt | None:
        """The done attempt whose rows of the table these are: of a table without months the one of ``month`` first."""
        wrote = [a for a in self.attempts if a.status == DONE and any(_holds(o, table, rows) for o in a.outputs)]
        ranked = sorted(wrote, key=lambda attempt: (attempt.month == month, attempt.finished_at))
        return ranked[-1] if ranked else None

    def newest_writer(self, table: str) -> Attempt | None:
        """The newest done attempt that wrote the table."""
        wrote = [a for a in self.attempts if a.status == DONE and any(output.table == table for output in a.outputs)]
        return max(wrote, key=attrgetter("finished_at"), default=None)

    def newest_output(self, table: str, rows: Slice) -> Output | None:
        """How the newest attempt left exactly these rows."""
        wrote = [
            (a.finished_at, output)
            for a in self.attempts
            if a.status == DONE
            for output in a.outputs
            if (output.table, output.slice) == (table, rows)
        ]
        return max(wrote, key=lambda pair: pair[0])[1] if wrote else None

    def left_all(self, table: str, versions: Iterable[int]) -> bool:
        """Whether each of these versions of the table is one that a done attempt left."""
        return self._versions.issuperset((table, version) for version in versions)

    def of(self, attempt_id: str) -> Attempt | None:
        """The attempt of this ID, where it is still among the newest."""
        return next((attempt for attempt in self.attempts if attempt.attempt_id == attempt_id), None)

    def _note_versions(self, attempts: Iterable[Attempt]) -> None:
        self._versions |= {(o.table, o.version) for a in attempts if a.status == DONE for o in a.outputs}


def _holds(output: Output, table: str, rows: Slice) -> bool:
    """Whether the output is among the rows that are asked for."""
    return output.table == table and set(rows) <= set(output.slice)


def _collect_done(lake: Lake) -> list[Attempt]:
    """All done attempts, the newest last: some for each month and step of the bank."""
    if "attempt_id" not in lake.columns(RUNS):
        raise SchemaError(
            f"the lake {lake.root} was made by an earlier version; it stays as it is: give --lake a new folder and run"
            " month again from the deliveries"
        )
    attempts = map(_as_attempt, lake.collect(RUNS, status=DONE))
    return sorted(attempts, key=attrgetter("finished_at", "attempt_id"))


def _as_attempt(record: Mapping[str, Any]) -> Attempt:
    def entries(kind: type[T], name: str) -> tuple[T, ...]:
        return tuple(kind(**{**entry, "slice": tuple(sorted(entry["slice"]))}) for entry in record[name])

    return Attempt(**{**record, "inputs": entries(Input, "inputs"), "outputs": entries(Output, "outputs")})


def _as_record(attempt: Attempt) -> tuple[object, ...]:
    """The values of the row, in the order of the columns; a slice as its pairs."""
    contents = {name: [astuple(entry) for entry in getattr(attempt, name)] for name in ("inputs", "outputs")}
    return tuple(contents.get(name, getattr(attempt, name)) for name in RUNS.column_names)
