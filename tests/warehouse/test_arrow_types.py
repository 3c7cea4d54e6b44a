import pyarrow as pa
import pytest
from pyspark.sql.pandas.types import to_arrow_schema

from finrec_spark import tables
from finrec_spark.warehouse.arrow_types import arrow_type

DECLARED = sorted({column.type for table in tables.ALL for column in table.columns})


@pytest.mark.parametrize("declared", [*DECLARED, "map<string,array<struct<a:decimal(18,2),b:map<string,date>>>>"])
def test_a_declared_type_is_the_one_that_spark_makes(spark, declared):
    frame = spark.createDataFrame([], f"value {declared}")
    assert pa.schema([pa.field("value", arrow_type(declared))]).equals(to_arrow_schema(frame.schema))


@pytest.mark.parametrize("declared", ["text", "array<text>", "decimal(18)", "map<string>"])
def test_a_type_that_nobody_may_declare_is_refused(declared):
    with pytest.raises((ValueError, TypeError)):
        arrow_type(declared)
