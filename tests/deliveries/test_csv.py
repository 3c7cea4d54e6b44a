"""CSV as tools write it."""

import csv

import pytest

from finrec_spark.errors import InputMissing
from tests.deliveries.small_bank import CUSTOMERS, csv_text


def test_a_spark_writers_backslashes_are_understood_in_every_table(bank, landed):
    (bank / "products.csv").write_text(
        'product_id,category,name\nP1,loan,"The \\"Gold\\" card, new"\nP2,loan,"a ""b"""\n'
    )
    (bank / "customers.csv").write_text('customer_id,firm\nC1,"The \\"Gold\\", Ltd"\nC2,"C:\\dir\\"\nC3,"say ""x"""\n')
    assert [row.name for row in landed("products")] == ['The "Gold" card, new', 'a "b"']
    assert [row.extra["firm"] for row in landed("customers")] == ['The "Gold", Ltd', "C:\\dir\\", 'say "x"']


@pytest.mark.parametrize("multiline", [("products",), ()])
def test_a_stray_quote_is_refused_with_its_line_and_the_next_rows_are_read(bank, landed, multiline):
    lines = [f"P{n},loan,Loan {n},text {n}" for n in range(1, 120)]
    lines[11] = 'P12,loan,Loan 12,"Flexible saver'
    lines[100] = 'P101,loan,Loan 101,"Term plan"'
    (bank / "products.csv").write_text("\n".join(["product_id,category,name,text", *lines]))
    rows = landed("products", multiline=multiline)
    assert len(rows) == len(lines)
    assert [row.malformed for row in rows if row.malformed] == [lines[11]]
    assert {row.product_id for row in rows} - {None} == {f"P{n}" for n in range(1, 120) if n != 12}


def test_two_stray_quotes_that_fit_each_other_do_not_hide_the_rows_between(bank, landed):
    lines = [f"P{n},loan,Loan {n},text {n}" for n in range(1, 40)]
    lines[4], lines[30] = 'P5,loan,Loan 5,"open', 'P31,loan,Loan 31,close"'
    (bank / "products.csv").write_text("\n".join(["product_id,category,name,text", *lines]))
    rows = landed("products")
    assert len(rows) == 39 and {row.product_id for row in rows} >= {f"P{n}" for n in range(6, 31)}


def test_line_breaks_in_quotes_are_kept_where_they_are_allowed(bank, landed):
    (bank / "products.csv").write_bytes(
        b'product_id,category,name,text\r\n1,loan,A,"Two lines:\n\nsafe, ""x"""\r\n2,loan,B,\r\n'
    )
    assert [(row.name, row.text) for row in landed("products")] == [("A", 'Two lines:\n\nsafe, "x"'), ("B", None)]


def test_1500_quoted_columns_are_read_and_a_cell_too_many_is_refused(bank, landed):
    names = ["customer_id", "product_id", "event_time", *(f"more_{n}" for n in range(1497))]
    row = ["C01", "P1", "2022-05-01", *("x" for _ in range(1497))]
    (bank / "interactions.csv").write_text(csv_text([names, row, [*row, "surplus"]], quoting=csv.QUOTE_ALL))
    assert [(row.customer_id, row.malformed is None) for row in landed("interactions")] == [
        ("C01", True),
        (None, False),
    ]


@pytest.mark.parametrize("first", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
def test_excels_line_names_the_separator(bank, landed, first):
    (bank / "customers.csv").write_text(f"{first}\n{csv_text(CUSTOMERS, ';')}", encoding="utf-8")
    assert [row.customer_id for row in landed("customers")] == [row[0] for row in CUSTOMERS[1:]]


def test_names_with_other_separators_do_not_mislead(bank, landed):
    (bank / "customers.csv").write_text('"customer_id";"income, yearly, gross, EUR";"risk_level"\n"C1";"5";"2"\n')
    row = landed("customers")[0]
    assert (row.customer_id, row.risk_level, row.extra) == ("C1", "2", {"income, yearly, gross, eur": "5"})


def test_lines_of_blanks_and_dos_ends_are_no_rows_and_a_footer_is_malformed(bank, landed):
    (bank / "interactions.csv").write_bytes(
        b"customer_id,product_id,event_time\r\n\r\nC01,P1,2022-05-01\r\n 1 rows\r\n\x1a"
    )
    rows = landed("interactions")
    assert [(row.customer_id, row.malformed) for row in rows] == [("C01", None), (None, " 1 rows")]


def test_an_index_that_pandas_left_is_no_feature(bank, landed):
    (bank / "customers.csv").write_text(",customer_id,age,Unnamed: 0\n0,C1,30,0\n1,C2,40,1\n")
    assert [row.extra for row in landed("customers")] == [{"age": "30"}, {"age": "40"}]


def test_a_name_that_nobody_needs_may_stand_twice(bank, landed):
    (bank / "interactions.csv").write_text("customer_id,product_id,event_time,note,Note\nC1,P1,2022-05-01,a,b\n")
    assert landed("interactions")[0].customer_id == "C1"
    (bank / "customers.csv").write_text("customer_id,Customer_ID\nC1,C1\n")
    with pytest.raises(InputMissing, match=r"customers.csv has column customer_id more than once"):
        landed("customers")


def test_parts_below_folders_with_values_have_them_as_they_stand(bank, landed):
    (bank / "interactions.csv").unlink()
    for product, day in (("007", "a b"), ("01", "x%2Fy"), ("1", "__HIVE_DEFAULT_PARTITION__")):
        folder = bank / "interactions.csv" / f"product_id={product}" / f"currency={day}"
        folder.mkdir(parents=True)
        (folder / "part-0.csv").write_text("customer_id,event_time\nC1,2022-05-01\n")
    rows = landed("interactions")
    assert {(row.product_id, row.currency) for row in rows} == {("007", "a b"), ("01", "x/y"), ("1", None)}


def test_a_part_without_a_needed_column_is_told(bank, landed):
    (bank / "customers.csv").unlink()
    (bank / "customers.csv").mkdir()
    (bank / "customers.csv" / "part-0.csv").write_text("customer_id,age\nC1,3\n")
    (bank / "customers.csv" / "part-1.csv").write_text("client,age\nC2,3\n")
    with pytest.raises(InputMissing, match=r"part-1.csv lacks column customer_id; found: client, age"):
        landed("customers")


ROW = "C0001,Zhang Wei,13900001111,3"
FORM = (
    r"lacks column customer_id; its first line must name the columns, and looks like a9999, aaaaa aaa, 99999999999, 9;"
)


def test_a_row_where_the_names_should_stand_is_told_by_its_form_alone(bank, landed):
    (bank / "customers.csv").write_text(f"{ROW}\nC0002,Li Na,13900001112,2\n")
    assert_untold(landed, FORM)


def test_a_later_part_of_a_file_that_was_split_is_told_by_its_form_alone(bank, landed):
    (bank / "customers.csv").unlink()
    for folder, text in (("day=1", f"customer_id,name,phone,level\n{ROW}\n"), ("risk_level=2", f"{ROW}\n")):
        (bank / "customers.csv" / folder).mkdir(parents=True)
        (bank / "customers.csv" / folder / "part-0.csv").write_text(text)
    assert_untold(landed, rf"risk_level=2/part-0.csv {FORM}")


def test_a_value_that_a_first_row_has_twice_is_not_told(bank, landed):
    (bank / "customers.csv").write_text(f"{ROW},13900001111\n")
    assert_untold(landed, "has two columns of one name: keep one; its first line must name the columns")


def assert_untold(landed, told):
    with pytest.raises(InputMissing, match=told) as caught:
        landed("customers")
    assert not any(word in str(caught.value).lower() for word in ("zhang", "1390", "c0001"))


@pytest.mark.parametrize(
    "name", ["delivery [June]", "50% off? #1", "O'Neil & Söhne 银行", "{a,b} *", "back\\slash", "a+b %41"]
)
def test_a_folder_may_have_whatever_name(bank, landed, name):
    folder = bank.rename(bank.parent / name)
    (folder / "customers.csv").rename(folder / "parts")
    (folder / "customers.csv").mkdir()
    (folder / "parts").rename(folder / "customers.csv" / "part [0] #1.csv")
    assert len(landed("customers", folder)) == len(CUSTOMERS) - 1
    assert len(landed("products", folder)) == 4


@pytest.mark.parametrize("scheme", ["file:", "file://"])
def test_a_folder_may_be_named_as_a_uri(bank, landed, scheme):
    assert len(landed("customers", f"{scheme}{bank}")) == len(CUSTOMERS) - 1
