from dataclasses import replace
from datetime import date

import pytest
from chispa import assert_df_equality
from delta.tables import DeltaTable

from finrec_spark.columns import MONTH, Column
from finrec_spark.errors import ConfigError, InputMissing, SchemaError
from finrec_spark.tables import Table
from finrec_spark.warehouse import Lake

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)
SCORES = Table(
    name="test_lake.scores",
    grain="One score",
    columns=(MONTH, Column("name", "string", "Who"), Column("score", "double", "How much", nullable=True)),
    key=("name",),
    partition_by=("month",),
    checks={"score_not_negative": "score is null or score >= 0"},
)


def test_a_month_is_replaced_and_the_others_stay(lake, scores):
    lake.replace(SCORES, scores([(MAY, "ann", 1.0)]), month=MAY)
    lake.replace(SCORES, scores([(JUNE, "ann", 2.0)]), month=JUNE)
    written = lake.replace(SCORES, scores([(JUNE, "bob", 3.0), (JUNE, "eve", 4.0)]), month=JUNE)
    expected = scores([(MAY, "ann", 1.0), (JUNE, "bob", 3.0), (JUNE, "eve", 4.0)])
    assert_df_equality(lake.read(SCORES), expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)
    assert (written.rows, written.version) == (2, lake.version(SCORES))


def test_a_reworded_comment_stops_no_month(lake, scores, spark):
    lake.replace(SCORES, scores([(MAY, "ann", 1.0)]), month=MAY)
    reworded = replace(SCORES, columns=(MONTH, Column("name", "string", "Whose"), SCORES.columns[2]))
    Lake(spark, lake.root).replace(reworded, scores([(JUNE, "bob", 2.0)]), month=JUNE)
    assert lake.read(SCORES).count() == 2


def test_a_table_made_with_other_checks_gets_those_of_today(lake, scores, spark):
    lake.replace(SCORES, scores([(MAY, "ann", 1.0)]))
    wider = replace(SCORES, checks={"score_is_small": "score is null or score < 9"})
    later = Lake(spark, lake.root)
    later.replace(wider, scores([(MAY, "ann", -1.0)]))
    with pytest.raises(SchemaError, match="a row breaks one of its declared checks"):
        later.replace(wider, scores([(MAY, "ann", 10.0)]))
    again = Lake(spark, lake.root)
    again.replace(wider, scores([(MAY, "ann", 2.0)]))
    assert again.version(wider) == later.version(wider) + 1  # nothing was left to be renewed


def test_a_table_is_made_by_its_first_write(lake, scores):
    assert not lake.exists(SCORES)
    assert lake.replace(SCORES, scores([(MAY, "ann", 1.0)]), month=MAY).version == 0


def test_a_write_without_rows_counts_none_and_makes_the_table(lake, scores):
    written = lake.replace(SCORES, scores([]), month=MAY)
    assert (written.rows, written.digest, lake.read(SCORES).count()) == (0, "empty", 0)
    assert lake.replace(SCORES, scores([(MAY, "ann", 1.0)]).limit(0), month=MAY).rows == 0


def test_the_digest_is_of_the_content_in_any_order_and_of_the_slice_alone(lake, scores):
    rows = [(MAY, "ann", 1.0), (MAY, "bob", 2.0), (MAY, "eve", None)]
    written = lake.replace(SCORES, scores(rows), month=MAY)
    lake.replace(SCORES, scores([(JUNE, "ann", 9.0)]), month=JUNE)
    assert written.digest == lake.digest(SCORES, month=MAY)
    assert written.digest == lake.replace(SCORES, scores(rows[::-1]).repartition(3), month=MAY).digest
    assert written.digest != lake.replace(SCORES, scores(rows[:2]), month=MAY).digest


def test_a_needed_value_that_is_missing_is_refused(lake, scores):
    with pytest.raises(SchemaError, match="a row breaks one of its declared checks"):
        lake.replace(SCORES, scores([(MAY, None, 1.0)]))


@pytest.mark.parametrize("odd", ["O'Neil", "a`b", "50% off? #1", "银行 Söhne", 'q"uote'])
def test_odd_signs_in_the_lake_s_path_and_in_values_reach_no_sql(spark, scores, tmp_path, odd):
    lake = Lake(spark, str(tmp_path / odd))
    for _ in range(2):
        lake.replace(SCORES, scores([(MAY, odd, 1.0)]), name=odd)
    lake.merge(SCORES, scores([(MAY, odd, 2.0)]))
    Lake(spark, lake.root).replace(replace(SCORES, checks={}), scores([(MAY, odd, -1.0)]), name=odd)
    assert [row.score for row in lake.read(SCORES, name=odd).collect()] == [-1.0]


def test_a_check_that_what_is_there_breaks_is_told(lake, scores, spark):
    lake.replace(SCORES, scores([(MAY, "ann", 1.0)]))
    stricter = replace(SCORES, checks={"score_is_large": "score > 9"})
    with pytest.raises(SchemaError, match="break a check; move its folder away"):
        Lake(spark, lake.root).replace(stricter, scores([(MAY, "ann", 10.0)]))


def test_a_table_that_was_never_written_is_a_missing_input(lake):
    with pytest.raises(InputMissing, match=r"test_lake.scores: not in the lake"):
        lake.read(SCORES)


def test_merging_the_same_rows_again_writes_nothing(lake, scores):
    rows = scores([(MAY, "ann", 1.0), (MAY, "bob", None)])
    lake.merge(SCORES, rows)
    before = lake.digest(SCORES)
    lake.merge(SCORES, rows)
    assert lake.digest(SCORES) == before


def test_merging_updates_what_changed_and_inserts_what_is_new(lake, scores):
    lake.merge(SCORES, scores([(MAY, "ann", 1.0), (MAY, "bob", 2.0)]))
    lake.merge(SCORES, scores([(MAY, "bob", 5.0), (MAY, "eve", 3.0)]))
    expected = scores([(MAY, "ann", 1.0), (MAY, "bob", 5.0), (MAY, "eve", 3.0)])
    assert_df_equality(lake.read(SCORES), expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_a_row_that_breaks_a_check_is_refused_without_its_values(lake, scores):
    with pytest.raises(SchemaError) as error:
        lake.replace(SCORES, scores([(MAY, "ann", -1.0)]))
    assert "a row breaks one of its declared checks" in str(error.value)
    assert "ann" not in str(error.value)


def test_an_unwritable_lake_is_a_usage_error(spark, scores):
    with pytest.raises(ConfigError, match="cannot be written"):
        Lake(spark, "/proc/no-lake").replace(SCORES, scores([(MAY, "ann", 1.0)]))


def test_tables_carry_comments_and_can_be_read_by_old_readers(spark, lake, scores):
    lake.replace(SCORES, scores([(MAY, "ann", 1.0)]))
    detail = DeltaTable.forPath(spark, lake.path(SCORES)).detail().head()
    comments = {f.name: f.metadata.get("comment") for f in spark.read.format("delta").load(lake.path(SCORES)).schema}
    assert detail.minReaderVersion == 1
    assert comments["score"] == "How much"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path))


@pytest.fixture
def scores(spark):
    return lambda rows: spark.createDataFrame(rows, SCORES.ddl)
