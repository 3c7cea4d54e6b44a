"""Candidates of a DataFrame, staged once as blocks of whole customers that every pass reads again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.campaigns.allocation.block import MICROS, Block, Positions, joined
from finrec_spark.campaigns.allocation.candidates import Kept
from finrec_spark.campaigns.allocation.problem import Vocabulary
from finrec_spark.errors import DataQualityError
from finrec_spark.sampling import seed_of

CANDIDATES_DDL = (
    "customer_id string, segment string, product_id string, channel string, branch string, value double, cost double"
)
_BLOCK_ROWS = 1_000_000  # about 35 MB; a worker spends as long on starting a task as on 500,000 rows
_NAMES = ("product_id", "channel", "branch", "segment")

Batches = Iterable[pa.RecordBatch]


@dataclass(frozen=True)
class StagedCandidates:
    """``Candidates`` in a persisted DataFrame: one row is the bytes of one block, and one block a partition."""

    blocks: DataFrame
    vocabulary: Vocabulary
    count: int
    largest_yuan: float

    def total(self, part: Callable[[Block], Ints]) -> Ints:
        """As ``Candidates.total``; one row a block reaches the driver."""
        return _collect_sums(self.blocks.mapInArrow(_sums(part), "sums binary"))

    def tally(self, part: Callable[[Block], Ints]) -> Ints:
        """As ``Candidates.tally``; Spark adds up, so that no more than the sums reaches the driver."""
        of_blocks = self.blocks.mapInArrow(_slots(part), "slot bigint, amount bigint")
        return _collect_tally(of_blocks.groupBy("slot").agg(F.sum("amount").alias("amount")))

    def collect_customers(self, part: Callable[[Block], Kept]) -> Kept:
        """As ``Candidates.collect_customers``."""
        rows = self.blocks.mapInArrow(_kept(part), "sums binary, customers binary").collect()
        return Kept(_added(row.sums for row in rows), joined([Block.from_bytes(bytes(row.customers)) for row in rows]))


@contextmanager
def staged(candidates: DataFrame, seed: int) -> Iterator[StagedCandidates]:
    """The candidates as blocks while the context is open; the source is read twice, each pass reads the blocks.

    Args:
        candidates: the columns of ``CANDIDATES_DDL``; ``segment`` and ``branch`` may be null, the rest may not.
        seed: gives each customer its random bits.

    Raises:
        DataQualityError: a null, a value that is no number, a negative cost.
    """
    rows = candidates.select("customer_id", *_NAMES, F.col("value").cast("double"), F.col("cost").cast("double"))
    vocabulary, count, largest = _collect_vocabulary(rows)
    key = F.xxhash64(seed_of(seed), "customer_id").alias("key")
    cost = F.ceil(F.col("cost") * MICROS - 1e-3).alias("cost")  # up, so that a budget is kept
    keyed = rows.select("customer_id", key, *_NAMES, "value", cost)
    by_customer = keyed.repartition(1 + count // _BLOCK_ROWS, "customer_id")
    blocks = by_customer.mapInArrow(_encoded(vocabulary), "block binary").persist(StorageLevel.MEMORY_AND_DISK)
    try:
        yield StagedCandidates(blocks, vocabulary, count, largest)
    finally:
        blocks.unpersist()


def _collect_vocabulary(candidates: DataFrame) -> tuple[Vocabulary, int, float]:
    """Names, number of candidates, largest size of a value: as many names as there are products and branches."""
    found = candidates.agg(
        F.count(F.lit(1)).alias("count"),
        F.coalesce(F.max(F.abs("value")), F.lit(0.0)).alias("largest"),
        F.count_if(~_is_sound()).alias("unsound"),
        *[F.collect_set(name).alias(name) for name in _NAMES],
    ).collect()[0]
    if found.unsound:
        raise DataQualityError(
            f"{found.unsound} candidates have a null, a value that is no finite number or a cost that is not 0 or more"
        )
    return Vocabulary(*(tuple(sorted(found[name])) for name in _NAMES)), found["count"], found.largest


def _is_sound() -> Column:
    """Never null."""
    named = F.col("customer_id").isNotNull() & F.col("product_id").isNotNull() & F.col("channel").isNotNull()
    finite = F.abs("value") < F.lit(1e12)
    cost = F.col("cost").between(0.0, 1e9)
    return named & F.coalesce(finite, F.lit(False)) & F.coalesce(cost, F.lit(False))


def _encoded(vocabulary: Vocabulary) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """The rows of a partition, in any order → its block."""

    def encoded(batches: Batches) -> Iterator[pa.RecordBatch]:
        rows = [batch for batch in batches if batch.num_rows]
        if rows:
            block = block_of(pa.Table.from_batches(rows), vocabulary)
            yield pa.RecordBatch.from_pydict({"block": [block.to_bytes()]})

    return encoded


def block_of(rows: pa.Table, vocabulary: Vocabulary) -> Block:
    """Rows in any order as a block."""
    customers = rows.column("customer_id").combine_chunks().dictionary_encode()
    customer = customers.indices.to_numpy()
    product = _positions(rows.column("product_id"), vocabulary.products)
    channel = _positions(rows.column("channel"), vocabulary.channels)
    order = np.lexsort((channel, product, customer))
    starts = np.flatnonzero(np.diff(customer[order], prepend=-1))
    return Block(
        customers.dictionary.to_numpy(zero_copy_only=False),
        rows.column("key").to_numpy()[order[starts]].view(np.uint64),
        np.diff(np.append(starts, len(order))),
        product[order],
        channel[order],
        _positions(rows.column("branch"), vocabulary.branches)[order],
        _positions(rows.column("segment"), vocabulary.segments)[order],
        rows.column("value").to_numpy()[order],
        rows.column("cost").to_numpy()[order],
    )


def _positions(names: pa.ChunkedArray, known: tuple[str, ...]) -> Positions:
    found = pc.index_in(names, value_set=pa.array(known, pa.string()))
    positions: Positions = pc.fill_null(found, -1).to_numpy().astype(np.int32)
    return positions


def blocks_in(batches: Batches) -> Iterator[Block]:
    """The blocks of a batch of their bytes."""
    for batch in batches:
        for value in batch.column("block"):
            yield Block.from_bytes(value.as_buffer())


def _sums(part: Callable[[Block], Ints]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    def sums(batches: Batches) -> Iterator[pa.RecordBatch]:
        for block in blocks_in(batches):
            yield pa.RecordBatch.from_pydict({"sums": [part(block).tobytes()]})

    return sums


def _collect_sums(sums: DataFrame) -> Ints:
    return _added(row.sums for row in sums.collect())


def _added(sums: Iterable[bytes]) -> Ints:
    added: Ints = np.sum([np.frombuffer(of_block, np.int64) for of_block in sums], axis=0)
    return added


def _slots(part: Callable[[Block], Ints]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """Of each block the sums that are not 0, and the last, which says how many there are."""

    def slots(batches: Batches) -> Iterator[pa.RecordBatch]:
        for block in blocks_in(batches):
            amounts = part(block)
            slot = np.union1d(np.flatnonzero(amounts), len(amounts) - 1)
            yield pa.RecordBatch.from_pydict({"slot": slot, "amount": amounts[slot]})

    return slots


def _collect_tally(sums: DataFrame) -> Ints:
    found: pd.DataFrame = sums.toPandas()
    slots = found["slot"].to_numpy()
    total = np.zeros(slots.max() + 1, np.int64)
    total[slots] = found["amount"].to_numpy()
    return total


def _kept(part: Callable[[Block], Kept]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    def kept(batches: Batches) -> Iterator[pa.RecordBatch]:
        for block in blocks_in(batches):
            found = part(block)
            yield pa.RecordBatch.from_pydict(
                {"sums": [found.sums.tobytes()], "customers": [found.customers.to_bytes()]}
            )

    return kept
