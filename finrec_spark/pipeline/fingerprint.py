"""What a step's result depends on, and why it is not up to date."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from finrec_spark.errors import InputMissing
from finrec_spark.pipeline.code import module_digests
from finrec_spark.pipeline.config import Config
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.ledger import Attempt, Input, Output, digest
from finrec_spark.pipeline.step import Read, Step
from finrec_spark.tables import Table
from finrec_spark.warehouse.delta_log import NO_TABLE

DELIVERY = "delivery"
_NAMED = 3  # how many of the changed things a reason names


@dataclass(frozen=True)
class Fingerprint:
    """Everything that the result of a step in one month depends on.

    Attributes:
        step: name of the step and, where months have results of their own, the month.
        parameters: as JSON.
        modules: digests of the modules that it imports and of the tables as they are declared.
        inputs: what it reads, as of its month.
    """

    step: str
    parameters: str
    modules: Mapping[str, str]
    inputs: tuple[Input, ...]

    @property
    def code_digest(self) -> str:
        """Of all modules and declarations."""
        return digest(dict(self.modules))

    @property
    def value(self) -> str:
        """One word for all of it."""
        content = [(i.table, i.slice, i.digest) for i in self.inputs]
        return digest(self.step, self.parameters, dict(self.modules), content)


def fingerprint(step: Step, context: RunContext, month: date) -> Fingerprint:
    """The step's fingerprint as things are now.

    Raises:
        InputMissing: something that it needs was never made.
    """
    reads = step.reads(context, month)
    tables = {read.table for read in reads} | {written.table for written in step.writes}
    declared = {f"table {table.name}": _declaration(table) for table in tables}
    return Fingerprint(
        step=step.labelled(month),
        parameters=_parameters(step, context.config),
        modules={**module_digests(step.modules(context.config)), **declared},
        inputs=tuple(_inputs(step, context, month, reads)),
    )


def why_stale(step: Step, context: RunContext, month: date, now: Fingerprint) -> str | None:
    """Why the step has to run; None where its result is up to date."""
    if step.always:
        return "it is asked for"
    attempt = context.ledger.newest(step.name, month if step.monthly else None)
    if attempt is None:
        return "no result yet"
    tables = {written.table.name: written.table for written in step.writes}
    reasons = [*_changed(attempt, now, context), *_left_otherwise(attempt, tables, context)]
    return "; ".join(reasons) or None


def is_up_to_date(step: Step, context: RunContext, month: date) -> bool:
    """Whether the step's result stands as its newest attempt left it, and would come out the same."""
    try:
        return why_stale(step, context, month, fingerprint(step, context, month)) is None
    except InputMissing:
        return False


def _inputs(step: Step, context: RunContext, month: date, reads: Sequence[Read]) -> Iterator[Input]:
    delivered = step.delivery(context)
    if delivered:
        yield Input(DELIVERY, (), NO_TABLE, delivered, "")
    for read in reads:
        writer = _writer(read, context, month)
        if writer is not None:
            content = _known_before(month, read.table, writer) if read.table.known_from else writer.fingerprint
            version = context.lake.version(read.table)
            yield Input(read.table.name, read.slice_in(month), version, content, writer.attempt_id)
        elif not read.optional:
            of_month = f" of {read.month or month:%Y-%m}" if read.table.monthly else ""
            of_model = f" of model {read.model}" if read.model else ""
            raise InputMissing(
                f"{read.table.name}: nothing{of_month}{of_model} in the lake {context.lake.root}, and {step.name} needs"
                " it; run the job that writes it first"
            )


def _writer(read: Read, context: RunContext, month: date) -> Attempt | None:
    """Who wrote what is read. A table that is known from a time on grows, and its newest writer left all of it."""
    if read.table.known_from:
        return context.ledger.newest_writer(read.table.name)
    return context.ledger.writer(read.table.name, read.slice_in(month), read.month or month)


def _known_before(month: date, table: Table, writer: Attempt) -> str:
    """Digest of the rows that were known before the month, from the digests that are written with the data."""
    return digest(sorted(_digests_before(month, table.name, writer).items()))


def _digests_before(month: date, table: str, writer: Attempt) -> dict[str, str]:
    known = {dict(o.slice)["known_month"]: o.digest for o in writer.outputs if o.table == table}
    return {since: content for since, content in known.items() if since < month.isoformat()}


def _changed(attempt: Attempt, now: Fingerprint, context: RunContext) -> Iterator[str]:
    """What is not as it was at the attempt."""
    if attempt.fingerprint == now.value:
        return
    if attempt.parameters != now.parameters:
        names = _differing(_flat(json.loads(attempt.parameters)), _flat(json.loads(now.parameters)))
        yield f"parameters changed: {_some(names)}"
    modules = _differing(attempt.modules, now.modules)
    if modules:
        yield f"code changed: {_some(modules)}"
    before, after = ({(i.table, i.slice): i for i in inputs} for inputs in (attempt.inputs, now.inputs))
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key), after.get(key)
        if old is None or new is None or old.digest != new.digest:
            yield _input_reason(old, new, attempt, context)


def _input_reason(old: Input | None, new: Input | None, attempt: Attempt, context: RunContext) -> str:
    either = new or old
    if either is None or either.table == DELIVERY:
        return "another delivery"
    rows = " ".join(value[:7] if name == "month" else value for name, value in sorted(either.slice))
    named = f"{either.table} {rows}".strip()
    if old is None or new is None:
        return f"{named} is read {'now' if old is None else 'no more'}"
    writers = context.ledger.of(old.attempt_id), context.ledger.of(new.attempt_id)
    months = _changed_months(either.table, attempt.month, *writers)
    if months:
        return f"data changed: {named} of {_some(months)}"
    by = f" by {writers[1].step} {writers[1].month:%Y-%m}" if writers[1] else ""
    return f"{named} was made anew{by}"


def _changed_months(table: str, month: date, old: Attempt | None, new: Attempt | None) -> list[str]:
    """Months of a growing table that differ, where its writers are still known."""
    if old is None or new is None:
        return []
    known = [
        {
            dict(o.slice)["known_month"]: o.digest
            for o in writer.outputs
            if o.table == table and "known_month" in dict(o.slice)
        }
        for writer in (old, new)
    ]
    return [since[:7] for since in _differing(*known) if since < month.isoformat()]


def _left_otherwise(attempt: Attempt, tables: Mapping[str, Table], context: RunContext) -> Iterator[str]:
    """Outputs that are not as the attempt left them: somebody else wrote their table."""
    for output in attempt.outputs:
        newest = context.ledger.newest_output(output.table, output.slice)
        if newest == output and _was_changed(output, tables[output.table], context):
            rows = " ".join(value for _, value in output.slice)
            yield f"output changed: {output.table} {rows}".rstrip() + " is not as it was left"


def _was_changed(output: Output, table: Table, context: RunContext) -> bool:
    """Whether the rows are others now.

    The log is asked only where a commit lies in between that no done attempt made, and the rows only where it says
    that they are in other files since.
    """
    lake, version, values = context.lake, context.lake.version(table), dict(output.slice)
    if version == NO_TABLE:
        return True
    if output.version <= version and context.ledger.left_all(table.name, range(output.version + 1, version + 1)):
        return False
    if "known_month" in values:
        return True
    return not lake.has_same_files(table, output.version, **values) and lake.digest(table, **values) != output.digest


def _parameters(step: Step, config: Config) -> str:
    return json.dumps({name: _as_json(value) for name, value in step.params(config).items()}, sort_keys=True)


def _as_json(params: object) -> object:
    if isinstance(params, Mapping):
        return {key: _as_json(value) for key, value in params.items()}
    if isinstance(params, list | tuple):
        return [_as_json(value) for value in params]
    return params.model_dump(mode="json") if hasattr(params, "model_dump") else params


def _flat(values: object, name: str = "") -> dict[str, str]:
    """Nested parameters by dotted name.

    >>> _flat({"als": {"rank": 4}})
    {'als.rank': '4'}
    """
    if not isinstance(values, dict):
        return {name: json.dumps(values)}
    inner = (_flat(value, f"{name}.{key}" if name else key) for key, value in values.items())
    return {key: value for part in inner for key, value in part.items()}


def _declaration(table: Table) -> str:
    columns = [(column.name, column.type, column.nullable) for column in table.columns]
    return digest(columns, table.key, table.partition_by)[:8]


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))


def _some(names: Sequence[str]) -> str:
    shown = [name.removeprefix("finrec_spark.") for name in names[:_NAMED]]
    return ", ".join(shown) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
