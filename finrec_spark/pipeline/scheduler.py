"""Which steps a month takes, and many of them side by side where none waits for another."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date
from graphlib import TopologicalSorter

from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.runner import Outcome, run_step
from finrec_spark.pipeline.step import Read, Step
from finrec_spark.tables import Table

Planned = tuple[Step, date]
Place = tuple[str, date]


@dataclass(frozen=True)
class Plan:
    """Steps in months, each behind those that it waits for.

    Attributes:
        steps: in an order in which they can run one by one.
        waits_for: step and month → those that must be done first.
        reads_from: step and month → those of them whose results of their month it reads.
    """

    steps: tuple[Planned, ...]
    waits_for: Mapping[Place, frozenset[Place]]
    reads_from: Mapping[Place, frozenset[Place]]


def plan_for(targets: Sequence[Planned], catalogue: Sequence[Step], context: RunContext) -> Plan:
    """The targets and all that they read, directly or not.

    Steps of other months are part of the plan where something reads what they write. One step's months follow each
    other, since positions are given to new customers, products and features in their order; whoever reads positions
    waits for all of these months, so that what is read does not depend on which step was faster. What is optional to
    a reader is waited for where it is planned anyway, and not planned for its sake. What no step of the catalogue
    writes has to be there already.

    Args:
        targets: steps and months that are wanted.
        catalogue: every step that may be planned.
    """
    steps: dict[Place, Step] = {}
    reads: dict[Place, list[tuple[Place, bool]]] = {}
    kept: dict[Place, set[str]] = {}
    waiting = list(targets)
    while waiting:
        step, month = waiting.pop()
        place = (step.name, month)
        if place in steps:
            continue
        steps[place] = step
        found = [(*_writer_of(read, month, catalogue), read) for read in step.reads(context, month)]
        planned = [(writer, of, read) for writer, of, read in found if writer is not None]
        reads[place] = [((writer.name, of), read.optional) for writer, of, read in planned]
        kept[place] = {writer.name for writer, _, read in planned if _is_kept(read.table)}
        waiting += [(writer, of) for writer, of, read in planned if not read.optional]
    read_from = {place: frozenset(of for of, _ in reads[place] if of in steps and of != place) for place in steps}
    waits = {place: read_from[place] | _earlier_positions(place, kept[place], steps) for place in steps}
    rank = {step.name: position for position, step in enumerate(catalogue)}
    return Plan(_in_order(steps, waits, rank), waits, read_from)


def run_plan(plan: Plan, context: RunContext, ended: Callable[[int, Outcome], None]) -> list[Outcome]:
    """Run every planned step, ``steps_at_once`` at a time, and return the outcomes in the order of the plan.

    Where several could start, the first in the plan does. What comes out does not depend on how many run at once: a
    step waits for what it reads. After an error nothing new starts, what runs is waited for, and the error is raised.

    Args:
        ended: called with the number of steps done so far and each outcome, as it comes.
    """
    outcomes: dict[Place, Outcome] = {}
    waiting, running = list(plan.steps), dict[Future[Outcome], Place]()
    with ThreadPoolExecutor(context.config.steps_at_once) as pool:
        while len(outcomes) < len(plan.steps):
            ready = [(s, m) for s, m in waiting if plan.waits_for[(s.name, m)] <= outcomes.keys()]
            for step, month in ready[: context.config.steps_at_once - len(running)]:
                waiting.remove((step, month))
                running[pool.submit(run_step, step, context, month)] = (step.name, month)
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                place = running.pop(done)
                outcomes[place] = done.result()
                ended(len(outcomes), outcomes[place])
    return [outcomes[(step.name, month)] for step, month in plan.steps]


def run_logged(plan: Plan, context: RunContext) -> list[Outcome]:
    """``run_plan``, with a line of progress for each step that ends."""
    return run_plan(plan, context, lambda done, ended: context.log(f"[{done}/{len(plan.steps)}] {ended.line}"))


def _writer_of(read: Read, month: date, catalogue: Sequence[Step]) -> tuple[Step | None, date]:
    """The monthly step that writes what is read, and in which month."""
    for step in catalogue:
        for written in step.writes:
            same_rows = read.model in (None, written.model) and read.protocol in (None, written.protocol)
            if step.monthly and written.table == read.table and same_rows:
                return step, read.month or month
    return None, month


def _is_kept(table: Table) -> bool:
    """Whether the table holds positions, which each month adds to."""
    return table.schema == "gold" and not table.monthly


def _earlier_positions(place: Place, kept: Collection[str], steps: Mapping[Place, Step]) -> set[Place]:
    """The step's own earlier months, and every month of the steps, named ``kept``, whose positions it reads."""
    name, month = place
    earlier = {(other, of) for other, of in steps if other == name and of < month}
    return earlier | {(other, of) for other, of in steps if other in kept and other != name}


def _in_order(
    steps: Mapping[Place, Step], waits: Mapping[Place, frozenset[Place]], rank: Mapping[str, int]
) -> tuple[Planned, ...]:
    """Topological order; where several could come next, the earlier month, then the catalogue's order."""
    sorter = TopologicalSorter(waits)
    sorter.prepare()
    ordered: list[Planned] = []
    ready: list[Place] = []
    while sorter.is_active():
        ready = sorted({*ready, *sorter.get_ready()}, key=lambda place: (place[1], rank[place[0]]))
        first = ready.pop(0)
        sorter.done(first)
        ordered.append((steps[first], first[1]))
    return tuple(ordered)
