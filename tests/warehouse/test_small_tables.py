"""What Spark gives to delta-rs comes back to it and to any other reader of Delta as it was: every type, every table."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from chispa import assert_df_equality
from pyspark.sql import types

from finrec_spark import tables
from finrec_spark.errors import SchemaError
from finrec_spark.warehouse import Lake

SMALL = [
    replace(table, checks={}) for table in vars(tables).values() if isinstance(table, tables.Table) and table.is_small
]
KEPT = sorted((table for table in SMALL if table.schema != "landing"), key=lambda table: table.name)
SAME = {"ignore_row_order": True, "ignore_nullable": True, "ignore_metadata": True}
MAPLESS = [table for table in KEPT if not any("map<" in column.type for column in table.columns)]  # chispa sorts rows


@pytest.mark.parametrize("table", KEPT, ids=lambda table: table.name)
def test_every_small_table_comes_back_as_it_was_written(spark, tmp_path, table):
    lake, written = Lake(spark, str(tmp_path)), rows_of(spark, table)
    lake.replace(table, written)
    assert sorted(map(str, lake.read(table).collect())) == sorted(map(str, written.collect()))


@pytest.mark.parametrize("table", MAPLESS[:6], ids=lambda table: table.name)
def test_spark_reads_the_same_rows_of_the_same_types(spark, tmp_path, table):
    lake, written = Lake(spark, str(tmp_path)), rows_of(spark, table)
    lake.replace(table, written)
    by_spark = spark.read.format("delta").load(lake.path(table)).select(*table.column_names)
    assert_df_equality(by_spark, written, **SAME)


def test_appended_records_are_collected_as_they_were(spark, tmp_path):
    lake = Lake(spark, str(tmp_path))
    record = (date(2022, 6, 1), datetime(2022, 6, 2, 3, 4, 5, 678901), "run", {"mart.metrics": 3}, "why")
    lake.append(tables.PUBLICATIONS, [record])
    lake.append(tables.PUBLICATIONS, [record])
    assert [tuple(row.values()) for row in lake.collect(tables.PUBLICATIONS)] == [record, record]


def test_records_replace_their_scope_alone_and_have_the_digest_of_what_lies_there(spark, tmp_path):
    lake, registry = Lake(spark, str(tmp_path)), tables.REGISTRY
    may, june = date(2022, 5, 1), date(2022, 6, 1)
    for month, model, params in (
        (may, "als", "{}"),
        (june, "als", "{}"),
        (june, "content", "{}"),
        (june, "als", "{1}"),
    ):
        scope = {"month": month, "model": model}
        written = lake.replace_records(registry, [(month, model, "v1", params, "run")], **scope)
        assert (written.rows, written.digest) == (1, lake.digest(registry, **scope))
    found = {(row["month"], row["model"]): row["params"] for row in lake.collect(registry)}
    assert found == {(may, "als"): "{}", (june, "als"): "{1}", (june, "content"): "{}"}


def test_a_record_without_a_needed_value_is_refused(spark, tmp_path):
    lake = Lake(spark, str(tmp_path))
    with pytest.raises(SchemaError, match="breaks one of its declared checks"):
        lake.replace_records(tables.REGISTRY, [(date(2022, 6, 1), "als", None, "{}", "run")], month=date(2022, 6, 1))
    assert not lake.exists(tables.REGISTRY)


@pytest.mark.parametrize("table", KEPT, ids=lambda table: table.name)
def test_the_digest_of_a_write_is_that_of_what_lies_there(spark, tmp_path, table):
    lake = Lake(spark, str(tmp_path))
    assert lake.replace(table, rows_of(spark, table)).digest == lake.digest(table)


def test_tables_of_customers_and_of_deliveries_are_not_small():
    names = {table.name for table in KEPT}
    assert not names & {"mart.recommendations", "mart.exclusions", "bronze.quarantine", "silver.campaign_responses"}
    assert not [name for name in names if name.startswith("bronze.")]


def rows_of(spark, table):
    """Three rows in which every column has a value, and one in which all that may be null are."""
    schema = spark.createDataFrame([], table.ddl).schema
    full = [tuple(value_of(field.dataType, n) for field in schema) for n in range(3)]
    bare = tuple(None if column.nullable else value for column, value in zip(table.columns, full[2], strict=True))
    return spark.createDataFrame([*full[:2], bare], schema)


def value_of(kind, n):
    match kind:
        case types.ArrayType():
            return [value_of(kind.elementType, m) for m in range(n)]
        case types.MapType():
            return {value_of(kind.keyType, n): value_of(kind.valueType, n)}
        case types.StructType():
            return tuple(value_of(field.dataType, n) for field in kind)
        case types.StringType():
            return f"O'Neil 银行 {n}"
        case types.DateType():
            return date(2022, 1 + n, 1)
        case types.TimestampType():
            return datetime(2022, 1, 1, 3, 4, 5, 678901)
        case types.BooleanType():
            return n % 2 == 0
        case types.FloatType() | types.DoubleType():
            return n / 4
        case types.DecimalType():
            return Decimal(f"{n}.25")
        case _:
            return 2**30 + n
