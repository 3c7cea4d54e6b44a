import re

import pytest

from finrec_spark import tables
from finrec_spark.columns import CUSTOMER_ID, Column
from finrec_spark.errors import SchemaError
from finrec_spark.tables import Table

PEOPLE = Table("test.people", "One person", (CUSTOMER_ID, Column("age", "int", "Age in years", nullable=True)))


def test_all_faults_are_told_in_one_error(spark):
    df = spark.createDataFrame([("ann", 1.0)], "name string, age double")
    with pytest.raises(SchemaError) as error:
        PEOPLE.conform(df)
    assert str(error.value) == (
        "test.people: column customer_id is missing; column name is not declared; column age is double, declared int"
    )


def test_conforming_columns_come_in_their_declared_order(spark):
    df = spark.createDataFrame([(30, "ann")], "age int, customer_id string")
    assert PEOPLE.conform(df).columns == ["customer_id", "age"]


@pytest.mark.parametrize("table", tables.ALL, ids=lambda table: table.name)
def test_a_declared_table_is_sound(spark, table):
    schema = spark.createDataFrame([], table.ddl).schema
    assert [f.dataType.simpleString() for f in schema] == [column.type for column in table.columns]
    assert set(table.key) | set(table.partition_by) <= set(table.column_names)
    assert all(column.comment for column in table.columns)
    assert re.fullmatch(r"(bronze|silver|gold|model|mart)\.[a-z_]+", table.name)
