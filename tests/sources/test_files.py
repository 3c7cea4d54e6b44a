import gzip
from datetime import datetime
from decimal import Decimal

import pytest

from finrec_spark.errors import InputMissing
from finrec_spark.sources.delivery import delivered_bytes, landing_fingerprint
from finrec_spark.sources.files import TABLES, FilesParams, read_landing
from finrec_spark.tables import LANDING_CUSTOMERS, LANDING_INTERACTIONS, LANDING_PRODUCTS
from finrec_spark.tables.bronze import bronze

PARAMS = FilesParams()


@pytest.fixture
def bank(tmp_path):
    """A directory with the three needed tables."""
    (tmp_path / "customers.csv").write_text("customer_id\nu-0007\n")
    (tmp_path / "products.csv").write_text("product_id,category,name\n007,loan,House loan\n")
    with gzip.open(tmp_path / "interactions.csv.gz", "wt") as file:
        file.write("customer_id,product_id,event_time,value\nu-0007,007,2022-05-01,4.5\n")
    return tmp_path


def test_string_ids_stay_and_missing_columns_are_null(spark, bank):
    event = read_landing(spark, str(bank), PARAMS).interactions.first()
    assert (event.customer_id, event.product_id, event.value) == ("u-0007", "007", "4.5")
    assert (event.event_id, event.fold, event.malformed) == (None, None, None)


def test_every_table_has_the_columns_of_bronze(spark, bank):
    landing = read_landing(spark, str(bank), PARAMS)
    bronze(LANDING_CUSTOMERS).conform(landing.customers)
    bronze(LANDING_PRODUCTS).conform(landing.products)
    bronze(LANDING_INTERACTIONS).conform(landing.interactions)
    assert landing.contacts is None


def test_interactions_without_types_get_the_configured_one(spark, bank):
    landing = read_landing(spark, str(bank), FilesParams(default_event_type="rating"))
    assert landing.interactions.first().event_type == "rating"


def test_undeclared_columns_are_extra_without_their_empty_values(spark, bank):
    (bank / "customers.csv").write_text("customer_id,Region,` odd.name `,extra\nann,north,7,\nbob,,  ,x\n")
    rows = read_landing(spark, str(bank), PARAMS).customers.collect()
    assert {row.customer_id: row.extra for row in rows} == {
        "ann": {"region": "north", "` odd.name `": "7"},
        "bob": {"extra": "x"},
    }


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators_a_byte_order_mark_and_blanks_in_the_header_are_understood(spark, bank, separator):
    lines = [("\ufeffCustomer_ID", " Risk_Level "), ("ann", "3")]
    (bank / "customers.csv").write_text("\r\n".join(separator.join(line) for line in lines), encoding="utf-8")
    row = read_landing(spark, str(bank), PARAMS).customers.first()
    assert (row.customer_id, row.risk_level, row.extra) == ("ann", "3", {})


def test_quotes_hold_separators_quotes_and_line_breaks(spark, bank):
    (bank / "products.csv").write_text('product_id,category,name,text\n1,loan,"A, ""B""","line\nbreak \\ kept"\n')
    row = read_landing(spark, str(bank), PARAMS).products.first()
    assert (row.name, row.text) == ('A, "B"', "line\nbreak \\ kept")


def test_lines_that_do_not_fit_the_header_are_kept_as_malformed(spark, bank):
    (bank / "customers.csv").write_text("customer_id,risk_level\nann,3\nbob\ncid,3,surplus\n\n")
    rows = read_landing(spark, str(bank), PARAMS).customers.collect()
    assert [row.malformed for row in rows] == [None, "bob", "cid,3,surplus"]


def test_parquet_values_are_written_plainly(spark, bank):
    (bank / "products.csv").unlink()
    values = [("007", 7.0, 12345678.5, Decimal("0.10"), datetime(2022, 5, 1, 10), ["a", "b"])]
    types = (
        "product_id string, category double, name double, price decimal(9,2), valid_from timestamp, tags array<string>"
    )
    spark.createDataFrame(values, types).write.parquet(str(bank / "products.parquet"))
    row = read_landing(spark, str(bank), PARAMS).products.first()
    assert (row.product_id, row.category, row.name, row.price) == ("007", "7", "12345678.5", "0.10")
    assert (row.valid_from, row.tags) == ("2022-05-01T10:00:00.000000Z", "a|b")


def test_a_folder_of_parts_is_one_table(spark, bank):
    (bank / "customers.csv").unlink()
    spark.createDataFrame([("ann",), ("bob",)], "customer_id string").repartition(2).write.csv(
        str(bank / "customers.csv"), header=True
    )
    rows = read_landing(spark, str(bank), PARAMS).customers.collect()
    assert sorted(row.customer_id for row in rows) == ["ann", "bob"]


def test_parts_with_other_headers_are_read_by_name(spark, bank):
    (bank / "customers.csv").unlink()
    (bank / "customers.csv").mkdir()
    (bank / "customers.csv" / "part-0.csv").write_text("customer_id,risk_level\nann,1\n")
    (bank / "customers.csv" / "part-1.csv").write_text("risk_level;region;customer_id\n1;north;bob\n")
    rows = read_landing(spark, str(bank), PARAMS).customers.collect()
    found = {row.customer_id: (row.risk_level, row.extra) for row in rows}
    assert found == {"ann": ("1", {}), "bob": ("1", {"region": "north"})}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"formats": {"customer.birth_date": "yyMMdd"}}, "customer is no table; the tables are customers, products"),
        (
            {"formats": {"interactions.evnt_time": "dd/MM/yyyy"}},
            "interactions has no column evnt_time; its columns are",
        ),
        ({"formats": {"Value": "decimal_comma", "value": "decimal_point"}}, "a column stands twice"),
        ({"multiline": ["customer"]}, "customer is no table"),
        ({"encoding": {"product": "GB18030"}}, "product is no table"),
    ],
)
def test_a_key_that_would_do_nothing_is_refused(params, told):
    with pytest.raises(ValueError, match=told):
        FilesParams(**params)


def test_a_format_is_of_any_column_that_a_table_takes_in_whatever_case():
    params = FilesParams(formats={"Event_Time": "dd/MM/yyyy", "Customers.Odd.Name": "yyMMdd", "products.rate": "yyyy"})
    assert params.formats_of("interactions") == {"event_time": "dd/MM/yyyy"}
    assert params.formats_of("customers") == {"event_time": "dd/MM/yyyy", "odd.name": "yyMMdd"}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (
            lambda bank: (bank / "products.csv").unlink(),
            "lacks products.csv .*found: customers, interactions; see README",
        ),
        (
            lambda bank: (bank / "products.csv").write_text("product_id,nom\n"),
            "lacks column category, name; found: prod",
        ),
        (lambda bank: (bank / "products.csv").write_text("\n"), "products.csv is empty"),
        (lambda bank: (bank / "products.csv.gz").write_text("product_id\n"), "delivered more than once"),
        (lambda bank: (bank / "products.csv").write_text("product_id,name,Name\n"), "column name more than once"),
        (lambda bank: [file.unlink() for file in bank.iterdir()], "found: no table at all"),
        (lambda bank: (bank / "products.csv").write_text(""), "lacks products.csv .*an empty file does not count"),
    ],
)
def test_what_is_missing_is_told_in_one_line(spark, bank, spoil, told):
    spoil(bank)
    with pytest.raises(InputMissing, match=told) as caught:
        read_landing(spark, str(bank), PARAMS)
    assert "\n" not in str(caught.value)


def test_a_missing_directory_is_told(spark, tmp_path):
    with pytest.raises(InputMissing, match="nowhere lacks customers.csv, products.csv"):
        read_landing(spark, str(tmp_path / "nowhere"), PARAMS)


def test_the_fingerprint_changes_with_what_lies_there(spark, bank):
    before = landing_fingerprint(spark, str(bank), TABLES)
    assert landing_fingerprint(spark, str(bank), TABLES) == before
    (bank / "customers.csv").write_text("customer_id\nu-0007\nu-0008\n")
    assert landing_fingerprint(spark, str(bank), TABLES) != before


def test_what_lies_beside_the_tables_is_no_part_of_the_delivery(bank):
    before = landing_fingerprint(None, str(bank), TABLES), delivered_bytes(None, str(bank), TABLES)
    (bank / "logs").mkdir()
    (bank / "logs" / "finrec_spark.log").write_text("a line")
    (bank / "yesterday").symlink_to(bank / "nowhere")
    assert (landing_fingerprint(None, str(bank), TABLES), delivered_bytes(None, str(bank), TABLES)) == before


def test_a_link_that_leads_nowhere_is_no_file_of_a_table(bank):
    (bank / "customers.csv").rename(bank / "part-0.csv")
    (bank / "customers.csv").mkdir()
    (bank / "part-0.csv").rename(bank / "customers.csv" / "part-0.csv")
    before = landing_fingerprint(None, str(bank), TABLES)
    (bank / "customers.csv" / "part-1.csv").symlink_to(bank / "nowhere")
    assert landing_fingerprint(None, str(bank), TABLES) == before


def test_a_directory_without_a_table_is_told(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputMissing, match="holds no landing file"):
        landing_fingerprint(None, str(tmp_path), TABLES)
