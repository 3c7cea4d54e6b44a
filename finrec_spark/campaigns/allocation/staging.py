"""Candidates of a DataFrame, staged once as blocks of whole customers that every pass reads again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import StorageLevel
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from finrec_spark.arrays import Ints
from finrec_spark.campaigns.allocation.block import MICROS, Block, Positions, joined
from finrec_spark.campaigns.allocation.problem import Vocabulary
from finrec_spark.errors import DataQualityError
from finrec_spark.sampling import seed_of

CANDIDATES_DDL = (
    "customer_id string, segment string, product_id string, channel string, branch string, value double, cost double"
)
_BLOCK_ROWS = 200_000  # about 9 MB
_NAMES = ("product_id", "channel", "branch", "segment")


@dataclass(frozen=True)
class StagedCandidates:
    """``Candidates`` in a persisted DataFrame: one row is the bytes of one block."""

    blocks: DataFrame
    vocabulary: Vocabulary
    count: int
    largest_yuan: float

    def total(self, part: Callable[[Block], Ints]) -> Ints:
        """As ``Candidates.total``: one row a partition and sum leaves the workers."""
        partial_sums = self.blocks.mapInArrow(_partial_sums(part), "slot bigint, amount bigint")
        return _collect_sums(partial_sums.groupBy("slot").agg(F.sum("amount").alias("amount")))

    def collect_customers(self, part: Callable[[Block], Block]) -> Block:
        """As ``Candidates.collect_customers``."""
        rows = self.blocks.mapInArrow(_kept_customers(part), "block binary").collect()
        return joined([Block.from_bytes(bytes(row.block)) for row in rows])


@contextmanager
def staged(candidates: DataFrame, seed: int) -> Iterator[StagedCandidates]:
    """The candidates as blocks while the context is open; the source is read twice, each pass reads the blocks.

    Args:
        candidates: the columns of ``CANDIDATES_DDL``; ``segment`` and ``branch`` may be null, the rest may not.
        seed: gives each customer its random bits.

    Raises:
        DataQualityError: a null, a value that is no number, a negative cost.
    """
    vocabulary, count, largest = _collect_vocabulary(candidates)
    key = F.xxhash64(seed_of(seed), "customer_id").alias("key")
    cost = F.ceil(F.col("cost") * MICROS - 1e-3).alias("cost")  # up, so that a budget is kept
    rows = candidates.select("customer_id", key, *_NAMES, "value", cost)
    in_order = rows.repartition("customer_id").sortWithinPartitions("customer_id", "product_id", "channel")
    blocks = in_order.mapInArrow(_encode(vocabulary), "block binary").persist(StorageLevel.MEMORY_AND_DISK)
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


def _encode(vocabulary: Vocabulary) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Sorted rows → blocks: a customer's rows never fall apart."""

    def encode(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in whole_customers(batches):
            yield _as_row(block_of(table, vocabulary))

    return encode


def whole_customers(batches: Iterable[pa.RecordBatch], rows: int = _BLOCK_ROWS) -> Iterator[pa.Table]:
    """Batches, sorted by customer, gathered into tables of about so many rows that end where a customer ends."""
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held += [batch] if batch.num_rows else []
        if sum(part.num_rows for part in held) >= rows:
            table = pa.Table.from_batches(held)
            customers = table.column("customer_id")
            end = table.num_rows - (pc.sum(pc.equal(customers, customers[-1])).as_py() or 0)
            if end:
                yield table.slice(0, end)
                held = table.slice(end).to_batches()
    if held:
        yield pa.Table.from_batches(held)


def block_of(table: pa.Table, vocabulary: Vocabulary) -> Block:
    """Rows in the order of customer, product and channel as a block."""
    customers = table.column("customer_id").combine_chunks().dictionary_encode()
    codes = customers.indices.to_numpy()
    starts = np.flatnonzero(np.diff(codes, prepend=-1))
    return Block(
        customers.dictionary.to_numpy(zero_copy_only=False),
        table.column("key").to_numpy()[starts].view(np.uint64),
        np.diff(np.append(starts, len(codes))),
        _positions(table.column("product_id"), vocabulary.products),
        _positions(table.column("channel"), vocabulary.channels),
        _positions(table.column("branch"), vocabulary.branches),
        _positions(table.column("segment"), vocabulary.segments),
        table.column("value").to_numpy(),
        table.column("cost").to_numpy(),
    )


def _positions(names: pa.ChunkedArray, known: tuple[str, ...]) -> Positions:
    found = pc.index_in(names, value_set=pa.array(known, pa.string()))
    positions: Positions = pc.fill_null(found, -1).to_numpy().astype(np.int32)
    return positions


def _as_row(block: Block) -> pa.RecordBatch:
    return pa.record_batch([pa.array([block.to_bytes()], pa.binary())], names=["block"])


def blocks_in(batches: Iterable[pa.RecordBatch]) -> Iterator[Block]:
    """The blocks of a batch of their bytes."""
    for batch in batches:
        for value in batch.column("block"):
            yield Block.from_bytes(value.as_buffer())


def _partial_sums(
    part: Callable[[Block], Ints],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def partial_sums(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        total: Ints | None = None
        for block in blocks_in(batches):
            sums = part(block)
            total = sums if total is None else total + sums
        if total is not None:
            kept = np.flatnonzero(total)
            kept = kept if len(kept) and kept[-1] == len(total) - 1 else np.append(kept, len(total) - 1)
            yield pa.record_batch([pa.array(kept), pa.array(total[kept])], names=["slot", "amount"])

    return partial_sums


def _collect_sums(sums: DataFrame) -> Ints:
    """Of each slot its amount; the last slot is always among them, zeros between may be missing."""
    slots, amounts = np.array(sums.collect(), dtype=np.int64).T
    total = np.zeros(slots.max() + 1, np.int64)
    total[slots] = amounts
    return total


def _kept_customers(
    part: Callable[[Block], Block],
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def kept_customers(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for block in blocks_in(batches):
            yield _as_row(part(block))

    return kept_customers
