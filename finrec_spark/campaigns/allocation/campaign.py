"""Candidates in Spark → the offers of a campaign, and a report."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame

from finrec_spark.arrays import Ints
from finrec_spark.campaigns.allocation.allocate import decide
from finrec_spark.campaigns.allocation.block import MICROS, Block, Positions
from finrec_spark.campaigns.allocation.decision import Decision
from finrec_spark.campaigns.allocation.params import AllocationParams
from finrec_spark.campaigns.allocation.problem import Vocabulary, reduced_value
from finrec_spark.campaigns.allocation.report import AllocationReport, LimitPrice
from finrec_spark.campaigns.allocation.staging import CANDIDATES_DDL, blocks_in, staged

OFFERS_DDL = f"{CANDIDATES_DDL}, rank int, reduced_value double"


@dataclass(frozen=True)
class Allocation:
    """The offers, one row each, to be written while the context of ``allocated`` is open; and the report."""

    offers: DataFrame
    report: AllocationReport


@contextmanager
def allocated(
    candidates: DataFrame, params: AllocationParams, start: Iterable[LimitPrice] = ()
) -> Iterator[Allocation]:
    """The largest expected volume that the campaign's limits allow, or nearly: the report says how near.

    Args:
        candidates: one row a customer, product and channel that may be offered, with the columns of
            ``CANDIDATES_DDL``: ``value`` is expected yuan and may be negative, ``cost`` is yuan, kept to the millionth;
            both may be decimals; ``branch`` and ``segment`` may be null. They are read twice.
        start: ``AllocationReport.prices`` of an earlier campaign.

    Yields:
        Offers with the columns of the candidates, ``rank`` among the customer's offers from 1, and ``reduced_value``:
        weighted yuan beyond the prices of what the offer uses, by which ranks go. The same rows whatever the order and
        the partitions of the candidates.

    Raises:
        DataQualityError: candidates with a null, no number or a negative cost, or one that is given twice.
        ConfigError: limits that no allocation keeps, or too many candidates for exact mode.
    """
    with staged(candidates, params.seed) as held:
        decision, report = decide(held, params, start)
        yield Allocation(held.blocks.mapInArrow(_offers(decision), OFFERS_DDL), report)


def _offers(decision: Decision) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def offers(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for block in blocks_in(batches):
            yield offer_rows(block, decision)

    return offers


def offer_rows(block: Block, decision: Decision) -> pa.RecordBatch:
    """A block's chosen candidates with the columns of ``OFFERS_DDL``, each customer's in the order of their ranks."""
    problem, vocabulary = decision.problem, decision.problem.vocabulary
    reduced = reduced_value(block, problem, decision.cut.prices)
    chosen = decision.chosen(block)
    chosen = chosen[np.lexsort((-reduced[chosen], block.owner[chosen]))]
    columns = {
        "customer_id": pa.array(block.customers[block.owner[chosen]], pa.string()),
        **_names(block, chosen, vocabulary),
        "value": pa.array(block.value[chosen]),
        "cost": pa.array(block.cost[chosen] / MICROS),
        "rank": pa.array(ranks(block.owner[chosen]), pa.int32()),
        "reduced_value": pa.array(reduced[chosen]),
    }
    return pa.RecordBatch.from_pydict({name: columns[name] for name in _column_names()})


def _column_names() -> list[str]:
    return [column.split(" ")[0] for column in OFFERS_DDL.split(", ")]


def _names(block: Block, chosen: Ints, vocabulary: Vocabulary) -> dict[str, pa.Array]:
    return {
        "segment": _named(block.segment[chosen], vocabulary.segments),
        "product_id": _named(block.product[chosen], vocabulary.products),
        "channel": _named(block.channel[chosen], vocabulary.channels),
        "branch": _named(block.branch[chosen], vocabulary.branches),
    }


def _named(positions: Positions, names: tuple[str, ...]) -> pa.Array:
    """The names at these positions; null at -1."""
    return pa.array(names, pa.string()).take(pa.array(positions, mask=positions < 0))


def ranks(owner: Ints) -> Ints:
    """1, 2 … within each stretch of one customer.

    >>> ranks(np.array([4, 4, 7]))
    array([1, 2, 1])
    """
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    sizes = np.diff(np.append(starts, len(owner)))
    return np.arange(len(owner)) - np.repeat(starts, sizes) + 1
