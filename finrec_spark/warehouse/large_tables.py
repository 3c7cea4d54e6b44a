"""Delta tables that grow with the customers: Spark reads and writes their files, delta-rs their log.

Spark's own Delta source answers each question about a table (its newest state, the files of a month) by queries on the
log, some five a read or write. Here delta-rs reads and commits the log without any, and Spark does what only it can:
read and write many rows. A write leaves its files in a folder of its own, ``write=…`` below the table's, so nothing
but what it wrote can be committed; what a killed write left is no part of the table, and VACUUM takes it away.
"""

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from urllib.parse import quote, unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.schema import Schema
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyarrow.fs import FileInfo, FileSelector, FileSystem
from pyspark.sql import DataFrame, SparkSession

from finrec_spark.tables import Table
from finrec_spark.warehouse.delta_log import (
    PLAIN,
    Replaced,
    Values,
    active_files,
    commit_on,
    newest_version,
    require_columns,
    storage_of,
    stored_table,
)

_NULL = "__HIVE_DEFAULT_PARTITION__"
_THREADS = 8


def read_frame(spark: SparkSession, path: str, table: Table, values: Values) -> DataFrame:
    """The declared columns of the files whose partition columns have these values.

    A table that another writer gave features of newer readers is read by Spark's Delta source, whole.
    """
    delta = DeltaTable(path)
    if delta.protocol().min_reader_version > PLAIN:
        return spark.read.format("delta").load(path).select(*table.column_names)
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for file in active_files(delta, table, values):
        groups[_keys_in(file)].append(f"{path}/{file}")
    reader = spark.read.schema(table.ddl).options(basePath=path, __globPaths__="false")
    frames = [reader.parquet(*files).select(*table.column_names) for _, files in sorted(groups.items())]
    return reduce(DataFrame.unionByName, frames) if frames else spark.createDataFrame([], table.ddl)


def noted_rows(path: str, table: Table, values: Values) -> int | None:
    """Rows of the files in which the partition columns have these values, as their writers noted them.

    None where one did not, or another writer marked rows as deleted.
    """
    delta = DeltaTable(path)
    counts = list(active_files(delta, table, values).values())
    if delta.protocol().min_reader_version > PLAIN or None in counts:
        return None
    return sum(count for count in counts if count is not None)


def write_files(df: DataFrame, path: str, table: Table) -> list[AddAction]:
    """Write the rows into files that are no part of the table yet; what adds them."""
    folder = f"write={uuid4().hex}"
    writer = df.write.partitionBy(*table.partition_by)
    writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false").parquet(f"{path}/{folder}")
    storage = storage_of(path)
    written = storage.get_file_info(FileSelector(folder, recursive=True, allow_not_found=True))
    with ThreadPoolExecutor(_THREADS) as pool:
        actions = pool.map(partial(_action, storage), [info for info in written if info.path.endswith(".parquet")])
        return [action for action in actions if action is not None]


def commit_files(
    path: str,
    table: Table,
    schema: pa.Schema,
    actions: Sequence[AddAction],
    replaced: Replaced,
    seen: int | None = None,
) -> int:
    """Make the files part of the table in one commit; returns its version.

    Args:
        replaced: conditions on partition columns; files that meet all of them leave the table, all files where there
            are no conditions, and none where it is None.
        seen: version that the table must still have, ``NO_TABLE`` where there must be none; None: any.

    Raises:
        SchemaError: the table has other columns.
        DeltaError: it has another version than ``seen``.
    """
    declared, parts = Schema.from_arrow(schema), list(table.partition_by)
    stored = stored_table(path, seen)
    if stored is None:
        create_table_with_add_actions(path, declared, list(actions), "error", parts, description=table.grain)
        return newest_version(path)
    require_columns(stored, table, schema)
    mode = "append" if replaced is None else "overwrite"
    conditions = list(replaced or []) or None
    stored.create_write_transaction(list(actions), mode, declared, parts, conditions, commit_properties=commit_on(seen))
    return newest_version(path)


def _keys_in(file: str) -> tuple[str, ...]:
    """Names of the folders that hold a value: files with the same ones are read together."""
    return tuple(part.partition("=")[0] for part in file.split("/")[:-1])


def _action(storage: FileSystem, info: FileInfo) -> AddAction | None:
    """What adds the file; None where it has no row."""
    with storage.open_input_file(info.path) as file:
        rows = pq.read_metadata(file).num_rows
    if rows == 0:
        return None
    pairs = (part.partition("=") for part in info.path.split("/")[1:-1])
    values = {name: None if value == _NULL else unquote(value) for name, _, value in pairs}
    modified = info.mtime_ns // 1_000_000
    return AddAction(quote(info.path, safe="/="), info.size, values, modified, True, f'{{"numRecords": {rows}}}')
