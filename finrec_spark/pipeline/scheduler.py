"""Many steps in many months, side by side where none waits for another."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import date

from finrec_spark.months import months_before
from finrec_spark.pipeline.step import Outcome, Program, Step, perform

Planned = tuple[Step, date]


def perform_all(plan: Sequence[Planned], program: Program, tell: Callable[[int, Outcome], None]) -> list[Outcome]:
    """Perform every planned step, ``steps_at_once`` at a time, and return the outcomes in the order of the plan.

    Where several could start, the first in the plan does. What comes out does not depend on how many run at once: a
    step waits for what it reads. After an error nothing new starts, what runs is waited for, and the error is raised.

    Args:
        plan: steps and months; a step stands behind those that it reads.
        program: what they run on.
        tell: called with the number of steps done so far and each outcome, as it comes.
    """
    waits = [_waits_for(place, plan) for place in range(len(plan))]
    waiting, running, outcomes = list(range(len(plan))), dict[Future[Outcome], int](), dict[int, Outcome]()
    with ThreadPoolExecutor(program.config.steps_at_once) as pool:
        while len(outcomes) < len(plan):
            ready = [place for place in waiting if waits[place] <= outcomes.keys()]
            for place in ready[: program.config.steps_at_once - len(running)]:
                waiting.remove(place)
                running[pool.submit(perform, plan[place][0], program, plan[place][1])] = place
            for done in wait(running, return_when=FIRST_COMPLETED).done:
                place = running.pop(done)
                outcomes[place] = done.result()
                tell(len(outcomes), outcomes[place])
    return [outcomes[place] for place in range(len(plan))]


def _waits_for(place: int, plan: Sequence[Planned]) -> set[int]:
    """Places before this one that must be done first: what the step reads, and the same step in earlier months.

    The latter because positions are given to new customers, products and features in the order of the months.
    """
    step, month = plan[place]
    read = {
        (after.step, None if after.months_back is None else months_before(month, after.months_back))
        for after in step.after
    }
    return {
        earlier
        for earlier, (other, decided) in enumerate(plan[:place])
        if other.name == step.name or {(other.name, decided), (other.name, None)} & read
    }
