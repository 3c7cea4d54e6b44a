from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import FeedError, InputMissing, SchemaError
from finrec_spark.training.feed_writing import collect_valid_rows, packed_rows, write_for_feed
from finrec_spark.training.manifest import Tally, read_manifest, require_equal
from finrec_spark.training.params import WritingParams


def test_every_row_is_in_one_file_of_the_manifest(sixteen_files):
    manifest = read_manifest(sixteen_files)
    tables = [pq.read_table(Path(sixteen_files) / file.path) for file in manifest.files]
    assert [table.num_rows for table in tables] == [file.tally.rows for file in manifest.files]
    assert manifest.tally.rows == 300


def test_the_manifest_has_each_files_checksum_and_the_layout(sixteen_files, layout):
    manifest = read_manifest(sixteen_files)
    file = manifest.files[3]
    assert file.tally == Tally.of(pq.read_table(Path(sixteen_files) / file.path)["checksum"].to_numpy())
    assert manifest.layout == layout


def test_a_file_is_one_row_group(sixteen_files):
    files = read_manifest(sixteen_files).files
    assert {pq.ParquetFile(Path(sixteen_files) / file.path).num_row_groups for file in files} == {1}


def test_partitioning_changes_no_files_row(sequences, layout):
    in_order = F.collect_list("checksum")
    once, again = (
        packed_rows(rows, layout, files=3).groupBy("file").agg(in_order).orderBy("file").collect()
        for rows in (sequences(40), sequences(40).orderBy(F.desc("customer_index")).repartition(5))
    )
    assert once == again


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("product", "array(9, 0, 0, 0)", "product is in 0 … 6"),
        ("product", "array(1, 0)", "product has 4 values"),
        ("gap", "array(1, null, 0, 0)", "gap has no null"),
        ("target", "array(0, 0)", "target is not empty"),
        ("profile", "array(float('nan'), float(0))", "profile is finite"),
        ("profile", "array(float(0), float('-inf'))", "profile is finite"),
        ("length", "0", "what follows length is padding"),
    ],
)
def test_a_row_that_is_not_as_declared_is_refused(sequences, layout, column, value, told):
    wrong = sequences(4).withColumn(
        column, F.when(F.col("customer_index") == 2, F.expr(value)).otherwise(F.col(column))
    )
    with pytest.raises(FeedError, match=f"1 rows break: .*{told}"):
        collect_valid_rows(wrong, "here", layout)


def test_a_missing_column_is_named(sequences, layout):
    with pytest.raises(SchemaError, match="column gap is missing"):
        collect_valid_rows(sequences(1).drop("gap"), "here", layout)


def test_no_sequence_is_an_error(sequences, layout, tmp_path):
    with pytest.raises(FeedError, match="there is no sequence"):
        write_for_feed(sequences(1).limit(0), str(tmp_path), layout, WritingParams())


def test_a_directory_without_a_manifest_is_missing(tmp_path):
    with pytest.raises(InputMissing, match="it has no manifest"):
        read_manifest(str(tmp_path))


def test_the_same_number_of_other_rows_is_told_apart():
    with pytest.raises(FeedError, match="2 rows delivered, 2 written, but not the same ones"):
        require_equal("here", "rank 0", Tally(2, 8, 6), Tally(2, 8, 7))
