from dataclasses import replace
from datetime import date

import pytest
from chispa import assert_df_equality
from delta.tables import DeltaTable
from deltalake import DeltaTable as DeltaTableOfRust

from finrec_spark.columns import MONTH, Column
from finrec_spark.errors import ConfigError, FinrecError, InputMissing, SchemaError
from finrec_spark.tables import Table
from finrec_spark.warehouse import Lake, large_tables, small_tables
from finrec_spark.warehouse.large_tables import write_files

MAY, JUNE, JULY = date(2022, 5, 1), date(2022, 6, 1), date(2022, 7, 1)
SCORES = Table(
    name="test_lake.scores",
    grain="One score",
    columns=(MONTH, Column("name", "string", "Who"), Column("score", "double", "How much", nullable=True)),
    key=("name",),
    partition_by=("month",),
    checks={"score_not_negative": "score is null or score >= 0"},
)
OF_CUSTOMERS = replace(
    SCORES,
    name="test_lake.of_customers",
    columns=(MONTH, Column("customer_id", "string", "Who"), SCORES.columns[2]),
    key=("customer_id",),
)
"""The same for a table that grows with the customers."""


def test_a_month_is_replaced_and_the_others_stay(lake, table, scores):
    lake.replace(table, scores([(MAY, "ann", 1.0)]), month=MAY)
    lake.replace(table, scores([(JUNE, "ann", 2.0)]), month=JUNE)
    written = lake.replace(table, scores([(JUNE, "bob", 3.0), (JUNE, "eve", 4.0)]), month=JUNE)
    expected = scores([(MAY, "ann", 1.0), (JUNE, "bob", 3.0), (JUNE, "eve", 4.0)])
    assert_df_equality(lake.read(table), expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)
    assert (written.rows, written.version) == (2, lake.version(table))


def test_a_reworded_comment_stops_no_month(lake, table, scores, spark):
    lake.replace(table, scores([(MAY, "ann", 1.0)]), month=MAY)
    reworded = replace(table, columns=(*table.columns[:2], replace(table.columns[2], comment="In other words")))
    for score in (2.0, 3.0):  # the second one takes away the first
        Lake(spark, lake.root).replace(reworded, scores([(JUNE, "bob", score)]), month=JUNE)
    assert lake.read(table).count() == 2


def test_a_table_is_made_by_its_first_write(lake, table, scores):
    assert not lake.exists(table)
    assert lake.replace(table, scores([(MAY, "ann", 1.0)]), month=MAY).version == 0


def test_a_table_that_declares_no_check_takes_any_row(lake, table, spark):
    lenient = replace(table, checks={}, columns=tuple(column.optional() for column in table.columns))
    assert lake.replace(lenient, spark.createDataFrame([(None, None, None)], lenient.ddl)).rows == 1


def test_a_write_without_rows_counts_none_and_makes_the_table(lake, table, scores):
    written = lake.replace(table, scores([]), month=MAY)
    assert (written.rows, written.digest, lake.read(table).count()) == (0, "empty", 0)
    assert lake.replace(table, scores([(MAY, "ann", 1.0)]).limit(0), month=MAY).rows == 0


def test_the_digest_is_of_the_content_in_any_order_and_of_the_slice_alone(lake, table, scores):
    rows = [(MAY, "ann", 1.0), (MAY, "bob", 2.0), (MAY, "eve", None)]
    written = lake.replace(table, scores(rows), month=MAY)
    lake.replace(table, scores([(JUNE, "ann", 9.0)]), month=JUNE)
    assert written.digest == lake.digest(table, month=MAY)
    assert written.digest == lake.replace(table, scores(rows[::-1]).repartition(3), month=MAY).digest
    assert written.digest != lake.replace(table, scores(rows[:2]), month=MAY).digest


def test_rows_are_counted_by_the_log_as_a_query_counts_them(spark, lake, table, scores):
    for month, n in ((MAY, 3), (JUNE, 2)):
        lake.replace(table, scores([(month, str(i), 0.5) for i in range(n)]), month=month)
    assert [lake.count(table), lake.count(table, month=MAY), lake.count(table, month=JUNE)] == [5, 3, 2]
    assert lake.count(table, month=date(2022, 7, 1)) == 0
    spark.read.format("delta").load(lake.path(table)).limit(1).write.format("delta").mode("append").save(
        lake.path(table)
    )
    assert lake.count(table) == lake.read(table).count() == 6


def test_a_needed_value_that_is_missing_is_refused(lake, table, scores):
    with pytest.raises(SchemaError, match="a row breaks one of its declared checks"):
        lake.replace(table, scores([(MAY, None, 1.0)]))


@pytest.mark.parametrize("odd", ["O'Neil", "a`b", "50% off? #1", "银行 Söhne", 'q"uote'])
def test_odd_signs_in_the_lake_s_path_and_in_values_reach_no_sql(spark, table, scores, tmp_path, odd):
    lake = Lake(spark, str(tmp_path / odd))
    for _ in range(2):
        lake.replace(table, scores([(MAY, odd, 1.0)]), **{table.key[0]: odd})
    lake.merge(table, scores([(MAY, odd, 2.0)]))
    Lake(spark, lake.root).replace(replace(table, checks={}), scores([(MAY, odd, -1.0)]), **{table.key[0]: odd})
    assert [row.score for row in lake.read(table, **{table.key[0]: odd}).collect()] == [-1.0]


def test_a_table_that_was_never_written_is_a_missing_input(lake, table):
    with pytest.raises(InputMissing, match=": not in the lake"):
        lake.read(table)


def test_merging_the_same_rows_again_writes_nothing(lake, table, scores):
    rows = scores([(MAY, "ann", 1.0), (MAY, "bob", None)])
    lake.merge(table, rows)
    before = lake.digest(table)
    lake.merge(table, rows)
    assert lake.digest(table) == before


def test_merging_updates_what_changed_and_inserts_what_is_new(lake, table, scores):
    lake.merge(table, scores([(MAY, "ann", 1.0), (MAY, "bob", 2.0)]))
    lake.merge(table, scores([(MAY, "bob", 5.0), (MAY, "eve", 3.0)]))
    expected = scores([(MAY, "ann", 1.0), (MAY, "bob", 5.0), (MAY, "eve", 3.0)])
    assert_df_equality(lake.read(table), expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)


def test_an_update_in_another_month_moves_the_row_and_other_months_files_stay(spark, lake, table, scores):
    lake.merge(table, scores([(MAY, "ann", 1.0), (MAY, "bob", 2.0), (JUNE, "eve", 3.0)]))
    files = set(spark.read.format("delta").load(lake.path(table)).where("month = '2022-06-01'").inputFiles())
    lake.merge(table, scores([(JULY, "ann", 1.0), (JULY, "kim", 4.0)]))
    expected = scores([(JULY, "ann", 1.0), (MAY, "bob", 2.0), (JUNE, "eve", 3.0), (JULY, "kim", 4.0)])
    assert_df_equality(lake.read(table), expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)
    by_spark = spark.read.format("delta").load(lake.path(table))
    assert_df_equality(by_spark, expected, ignore_row_order=True, ignore_nullable=True, ignore_metadata=True)
    assert table.is_small or files <= set(by_spark.inputFiles())


def test_new_rows_alone_are_added_and_no_file_is_written_anew(spark, lake, customers):
    lake.merge(OF_CUSTOMERS, customers([(MAY, "ann", 1.0)]))
    files = set(lake.read(OF_CUSTOMERS).inputFiles())
    lake.merge(OF_CUSTOMERS, customers([(MAY, "ann", 1.0), (MAY, "bob", 1.0)]))
    assert files < set(lake.read(OF_CUSTOMERS).inputFiles())


def test_files_that_another_writer_laid_elsewhere_are_read_too(spark, lake, customers):
    lake.merge(OF_CUSTOMERS, customers([(MAY, "ann", 1.0), (JUNE, "bob", 2.0)]))
    customers([(JUNE, "eve", 3.0)]).write.format("delta").mode("append").save(lake.path(OF_CUSTOMERS))
    assert sorted(row.customer_id for row in lake.read(OF_CUSTOMERS, month=JUNE).collect()) == ["bob", "eve"]
    spark.sql(f"ALTER TABLE delta.`{lake.path(OF_CUSTOMERS)}` SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)")
    spark.sql(f"DELETE FROM delta.`{lake.path(OF_CUSTOMERS)}` WHERE customer_id = 'eve'")
    assert [row.customer_id for row in lake.read(OF_CUSTOMERS, month=JUNE).collect()] == ["bob"]


def test_the_later_of_two_writers_is_told_so(lake, table, scores, monkeypatch):
    lake.replace(table, scores([(MAY, "ann", 1.0)]), month=MAY)
    stale = DeltaTableOfRust(lake.path(table))
    Lake(lake.spark, lake.root).replace(table, scores([(MAY, "bob", 2.0)]), month=MAY)

    home = small_tables if table.is_small else large_tables
    monkeypatch.setattr(home, "stored_table", lambda path, seen: stale)
    with pytest.raises(FinrecError, match="another run wrote it at the same time"):
        lake.replace(table, scores([(MAY, "eve", 3.0)]), month=MAY)
    monkeypatch.undo()
    assert [row.score for row in Lake(lake.spark, lake.root).read(table).collect()] == [2.0]


@pytest.mark.parametrize("rows", [[(MAY, "ann", 1.0), (MAY, "bob", 2.0)], [(MAY, "ann", 2.0)]], ids=["new", "updated"])
@pytest.mark.parametrize("there", [True, False], ids=["known", "first"])
def test_of_two_runs_that_merge_the_same_rows_the_later_is_told_so_and_no_key_stands_twice(
    lake, table, scores, meanwhile, rows, there
):
    if there:
        lake.merge(table, scores([(MAY, "ann", 1.0)]))
    meanwhile(lambda other: other.merge(table, scores(rows)))
    with pytest.raises(FinrecError, match="another run wrote it at the same time"):
        lake.merge(table, scores(rows))
    assert len(rows) == Lake(lake.spark, lake.root).read(table).count()


def test_all_rows_are_replaced_only_where_what_they_follow_from_is_still_there(lake, table, scores):
    lake.replace(table, scores([(MAY, "ann", 1.0)]))
    more = lake.read(table).unionByName(scores([(MAY, "eve", 3.0)]))
    Lake(lake.spark, lake.root).merge(table, scores([(MAY, "bob", 2.0)]))
    with pytest.raises(FinrecError, match="another run wrote it at the same time"):
        lake.replace(table, more)
    assert Lake(lake.spark, lake.root).read(table).count() == 2


def test_rows_beside_others_of_their_partition_are_replaced_only_where_those_are_still_there(
    lake, customers, meanwhile
):
    lake.replace(OF_CUSTOMERS, customers([(MAY, "ann", 1.0)]))
    meanwhile(lambda other: other.replace(OF_CUSTOMERS, customers([(MAY, "bob", 2.0)]), customer_id="bob"))
    with pytest.raises(FinrecError, match="another run wrote it at the same time"):
        lake.replace(OF_CUSTOMERS, customers([(MAY, "eve", 3.0)]), customer_id="eve")


def test_months_that_two_runs_write_and_rows_that_they_append_all_stay(lake, table, scores):
    other = Lake(lake.spark, lake.root)
    for writer, month in ((lake, MAY), (other, JUNE), (lake, JULY)):
        writer.replace(table, scores([(month, "ann", 1.0)]), month=month)
    assert lake.read(table).count() == 3
    for writer in (other, lake) if table.is_small else ():
        writer.append(table, [(JULY, "eve", 3.0)])
    assert lake.count(table, month=JULY) == (3 if table.is_small else 1)


@pytest.fixture
def meanwhile(lake, monkeypatch):
    """Has another run act on the lake when the rows of the next commit are there, and not seen by it."""

    def act(deed):
        commit = Lake._commit

        def after_the_other(own, *what):
            monkeypatch.setattr(Lake, "_commit", commit)
            deed(Lake(lake.spark, lake.root))
            return commit(own, *what)

        monkeypatch.setattr(Lake, "_commit", after_the_other)

    return act


def test_what_a_killed_write_left_is_no_part_of_the_table(lake, customers):
    lake.replace(OF_CUSTOMERS, customers([(MAY, "ann", 1.0)]), month=MAY)
    write_files(customers([(MAY, "bob", 2.0)]), lake.path(OF_CUSTOMERS), OF_CUSTOMERS)
    lake.replace(OF_CUSTOMERS, customers([(JUNE, "eve", 3.0)]), month=JUNE)
    assert sorted(row.customer_id for row in lake.read(OF_CUSTOMERS).collect()) == ["ann", "eve"]


def test_a_table_with_other_columns_is_left_alone(lake, table, scores, spark):
    lake.replace(table, scores([(MAY, "ann", 1.0)]))
    other = replace(table, columns=(*table.columns, Column("rank", "int", "Place")))
    with pytest.raises(SchemaError, match="it was made by another version"):
        Lake(spark, lake.root).replace(other, spark.createDataFrame([(MAY, "ann", 1.0, 1)], other.ddl))


def test_a_row_that_breaks_a_check_is_refused_without_its_values(lake, table, scores):
    with pytest.raises(SchemaError) as error:
        lake.replace(table, scores([(MAY, "ann", -1.0)]))
    assert "a row breaks one of its declared checks" in str(error.value)
    assert "ann" not in str(error.value)


def test_an_unwritable_lake_is_a_usage_error(spark, table, scores):
    with pytest.raises(ConfigError, match="cannot be written"):
        Lake(spark, "/proc/no-lake").replace(table, scores([(MAY, "ann", 1.0)]))


@pytest.mark.parametrize("ask", ["exists", "version", "columns"])
def test_a_lake_whose_store_does_not_answer_is_a_usage_error_of_one_line(spark, monkeypatch, ask):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # nobody listens there
    for name, value in {
        "ACCESS_KEY_ID": "id",
        "SECRET_ACCESS_KEY": "secret",
        "REGION": "x",
        "ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with pytest.raises(ConfigError, match="cannot be reached: check the lake's address, credentials") as error:
        getattr(Lake(spark, "s3://bank/lake"), ask)(SCORES)
    assert "Connection refused" in str(error.value)
    assert not [sign for sign in ("\n", "\x1b", "secret", "127.0.0.1") if sign in str(error.value)]


def test_tables_carry_comments_and_can_be_read_by_old_readers(spark, lake, table, scores):
    lake.replace(table, scores([(MAY, "ann", 1.0)]))
    detail = DeltaTable.forPath(spark, lake.path(table)).detail().head()
    comments = {f.name: f.metadata.get("comment") for f in spark.read.format("delta").load(lake.path(table)).schema}
    assert detail.minReaderVersion == 1
    assert comments["score"] == "How much"


@pytest.fixture
def lake(spark, tmp_path):
    return Lake(spark, str(tmp_path))


@pytest.fixture(params=[SCORES, OF_CUSTOMERS], ids=["small", "of customers"])
def table(request):
    return request.param


@pytest.fixture
def scores(spark, table):
    return lambda rows: spark.createDataFrame(rows, table.ddl)


@pytest.fixture
def customers(spark):
    return lambda rows: spark.createDataFrame(rows, OF_CUSTOMERS.ddl)
