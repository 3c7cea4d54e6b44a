"""Sequences → the files that training reads, with a manifest that training is held against.

    <directory>/rows/file=12/part-….parquet    whole numbers of a row in one list, its floats in another
    <directory>/manifest/part-….parquet        each file with its rows and checksum

A row's file and place follow from its content alone, so the same sequences in any partitioning give the same
files. Files are about equal (they differ as √rows does), and one is one row group; a rank that has fewer rows than
another fills its last batches with rows of weight 0 (``training/feed.py``).
"""

import math

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.errors import FeedError, SchemaError
from finrec_spark.sampling import bucket
from finrec_spark.tables.declaration import schema_faults
from finrec_spark.training.manifest import LOW_BITS
from finrec_spark.training.params import WritingParams
from finrec_spark.training.sequences_schema import SINGLE, SequenceLayout

_LISTED = 3  # faults that a message names


def write_for_feed(sequences: DataFrame, directory: str, layout: SequenceLayout, params: WritingParams) -> None:
    """Replace the feed in ``directory``; three Spark jobs: rows are checked, written, and read back for the manifest.

    Args:
        sequences: the columns that ``layout`` declares; further ones are not read.
        directory: path or URL that Spark, Petastorm and pyarrow all reach.
        layout: lengths of the lists and numbers of values; kept in the manifest.
        params: size and number of the files.

    Raises:
        SchemaError: a column is missing or of another type.
        FeedError: a list has another length, a value is null or out of range, a row has no target, there is no
            row, or not all rows arrived.
    """
    rows = collect_valid_rows(sequences, directory, layout)
    files = params.ranks * math.ceil(rows / (params.rows_per_file * params.ranks))
    packed_rows(sequences, layout, files).write.partitionBy("file").mode("overwrite").parquet(f"{directory}/rows")
    manifest = written_files(sequences.sparkSession, directory, layout)
    manifest.coalesce(1).write.mode("overwrite").parquet(f"{directory}/manifest")
    require_all_arrived(sequences.sparkSession, directory, rows)


def packed_rows(sequences: DataFrame, layout: SequenceLayout, files: int) -> DataFrame:
    """One row: one sequence, packed, with its hash and the number of its file; in the order of the files.

    Returns:
        ``checksum`` (bigint, hash of all the rest), ``whole_numbers`` (array of int), ``decimals`` (array of
        float), ``file`` (int, 0 … ``files`` - 1).
    """
    row_hash = F.xxhash64("customer_index", "whole_numbers", "decimals")
    packed = sequences.select("customer_index", _whole_numbers(layout), _decimals(layout))
    numbered = packed.withColumn("checksum", row_hash).withColumn("file", bucket(files, "checksum"))
    placed = numbered.repartition(files, "file").sortWithinPartitions("file", "checksum", "customer_index")
    return placed.select("checksum", "whole_numbers", "decimals", "file")


def _whole_numbers(layout: SequenceLayout) -> Column:
    lists = [F.array(name) if name in SINGLE else F.col(name) for name in layout.whole_numbers]
    return F.concat(*lists).alias("whole_numbers")


def _decimals(layout: SequenceLayout) -> Column:
    return F.concat(*layout.decimals).alias("decimals")


def written_files(spark: SparkSession, directory: str, layout: SequenceLayout) -> DataFrame:
    """One row: one file of the feed, as it was found on the disk.

    Returns:
        ``file`` (int), ``path`` (below ``directory``), ``rows``, ``low_sum``, ``xor`` (bigint, see ``Tally``),
        ``layout`` (JSON).
    """
    path = F.concat(F.lit("rows/file="), "file", F.lit("/"), "name").alias("path")
    return (
        spark.read.parquet(f"{directory}/rows")
        .select("file", "checksum", F.col("_metadata.file_name").alias("name"))
        .groupBy("file", "name")
        .agg(
            F.count(F.lit(1)).alias("rows"),
            F.sum(F.col("checksum").bitwiseAND(F.lit(LOW_BITS))).alias("low_sum"),
            F.bit_xor("checksum").alias("xor"),
        )
        .select("file", path, "rows", "low_sum", "xor", F.lit(layout.model_dump_json()).alias("layout"))
    )


def require_all_arrived(spark: SparkSession, directory: str, rows: int) -> None:
    """Compare the manifest with the number of rows that were to be written.

    Raises:
        FeedError: they differ, so ``sequences`` does not give the same rows twice.
    """
    arrived = spark.read.parquet(f"{directory}/manifest").agg(F.sum("rows")).first()
    if arrived is None or arrived[0] != rows:
        raise FeedError(
            f"feed {directory}: {rows} rows were counted and {arrived and arrived[0]} written; "
            "the sequences change while they are read: write them to a table first"
        )


def collect_valid_rows(sequences: DataFrame, directory: str, layout: SequenceLayout) -> int:
    """Number of rows, all of which are as the layout says. One row is collected.

    Raises:
        SchemaError, FeedError: as ``write_for_feed``.
    """
    names = [column.name for column in layout.columns]
    faults = schema_faults(layout.columns, sequences.select(*[c for c in sequences.columns if c in names]))
    if faults:
        raise SchemaError(f"feed {directory}: {'; '.join(faults)}")
    rules = _rules(layout)
    broken = [F.count(F.when(~F.coalesce(rule, F.lit(False)), 1)) for rule in rules.values()]
    rows, *counts = sequences.agg(F.count(F.lit(1)), *broken).collect()[0]
    wrong = [f"{count} rows break: {rule}" for rule, count in zip(rules, counts, strict=True) if count]
    if wrong:
        raise FeedError(f"feed {directory}: {'; '.join(wrong[:_LISTED])}; build the sequences again")
    if not rows:
        raise FeedError(f"feed {directory}: there is no sequence to write; check the months that they are built from")
    return int(rows)


def _rules(layout: SequenceLayout) -> dict[str, Column]:
    """What must hold of every row, by the words that tell it; null where a value is missing."""
    sizes = {**layout.whole_numbers, **layout.decimals}
    of_sizes = {f"{name} has {size} values": F.size(name) == size for name, size in sizes.items() if name not in SINGLE}
    complete = {f"{name} has no null": ~F.exists(name, lambda v: v.isNull()) for name in sizes if name not in SINGLE}
    of_values = {f"{name} is in 0 … {most}": _within(name, most) for name, most in layout.largest.items()}
    numbers = {"profile is finite": F.forall("profile", lambda v: F.abs(v) < float("inf"))}  # NaN is above it
    needed = {
        "target is not empty": F.exists("target", lambda v: v > 0),
        "customer_index": F.col("customer_index") >= 0,
    }
    padded = {"what follows length is padding, what stands before is not": _padded()}
    return of_sizes | complete | of_values | numbers | needed | padded


def _within(name: str, most: int) -> Column:
    if name in SINGLE:
        return F.col(name).between(0, most)
    return F.forall(name, lambda value: value.between(0, most))


def _padded() -> Column:
    held = F.transform("product", lambda product, place: (product > 0) == (place < F.col("length")))
    return F.forall(held, lambda right: right)
