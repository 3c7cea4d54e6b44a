"""Text that is not UTF-8, and files that are not what their name says."""

import codecs
import gzip
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.errors import PySparkException
from pyspark.sql import functions as F

from finrec_spark.errors import InputMissing
from finrec_spark.sources.encodings import decoded, java_charset
from finrec_spark.sources.files import FilesParams
from finrec_spark.sources.told import told_in_one_line
from tests.deliveries.small_bank import CUSTOMERS, EVENTS, PRODUCTS, csv_text

CHINESE = [PRODUCTS[0], ("P1", "存款", "存款1号", "安心稳健，随时可取"), ("P2", "信用卡", "信用卡2号", "低利率")]
GERMAN = [PRODUCTS[0], ("P1", "Sparbuch", "Sparbuch für Schüler", "günstig"), ("P2", "Kredit", "Größe", "schön")]
FORMS = {
    "gbk": (CHINESE, "gbk", b"", "GB18030"),
    "gb18030": (CHINESE, "gb18030", b"", "GB18030"),
    "latin-1": (GERMAN, "latin-1", b"", "cp1252"),
    "utf-16 with its mark": (GERMAN, "utf-16-le", codecs.BOM_UTF16_LE, "UTF-16"),
    "utf-16 big-endian": (CHINESE, "utf-16-be", codecs.BOM_UTF16_BE, "UTF-16"),
    "utf-16 without a mark": (GERMAN, "utf-16-le", b"", "UTF-16LE"),
}


@pytest.mark.parametrize("form", sorted(FORMS))
def test_text_in_another_encoding_is_refused_with_the_line_and_the_key_that_reads_it(bank, landed, form):
    rows, encoding, mark, likely = FORMS[form]
    (bank / "products.csv").write_bytes(mark + csv_text(rows).encode(encoding))
    line = 1 if "16" in form else 2
    told = f"products.csv is not UTF-8, first at line {line}; it looks like {likely}: say files.encoding: "
    with pytest.raises(InputMissing, match=told) as caught:
        landed("products")
    assert f"{{products: {likely}}}" in str(caught.value) and "\n" not in str(caught.value)
    found = landed("products", encoding={"products": likely})
    assert [row.name for row in found] == [row[2] for row in rows[1:]]
    assert [row.text for row in found] == [row[3] for row in rows[1:]]


def test_a_bad_line_far_behind_the_beginning_is_found_and_numbered(bank, landed):
    lines = ["customer_id,city", *(f"C{n:06},plain city" for n in range(1, 9000))]
    text = "\n".join(lines).encode() + "\nC9,Größe\nC10,schön\n".encode("latin-1")
    (bank / "customers.csv").write_bytes(text)
    with pytest.raises(InputMissing, match=r"customers.csv is not UTF-8, first at line 9001; it looks like cp1252"):
        landed("customers")
    (bank / "customers.csv").unlink()
    (bank / "customers.csv.gz").write_bytes(gzip.compress(text))
    with pytest.raises(InputMissing, match=r"customers.csv.gz is not UTF-8, first at line 9001"):
        landed("customers")


def test_the_sign_for_lost_signs_is_kept_where_it_was_delivered(bank, landed):
    (bank / "products.csv").write_text("product_id,category,name\nP1,loan,lost \ufffd here\n", encoding="utf-8")
    assert landed("products")[0].name == "lost \ufffd here"


@pytest.mark.parametrize("far", [0, 9000])
def test_a_wrongly_named_encoding_is_refused_too(bank, landed, far):
    lines = b"customer_id,city\n" + b"C1,plain\n" * far + b"C2,Gro\xff\xffe\n"
    (bank / "customers.csv").write_bytes(lines)
    with pytest.raises(InputMissing, match=f"is not GB18030, first at line {far + 2}"):
        landed("customers", encoding={"customers": "GB18030"})


SIGNS = {
    "cp932": "株式会社銀行①㈱~\\",
    "cp949": "은행 똠방 \\ 100%",
    "cp950": "存款｜信用卡",
    "euc_kr": "은행",
    "shift_jis": "銀行",
    "gbk": "存款①",
    "big5": "存款",
    "cp874": "ธนาคาร–",
    "cp1250": "účet Łódź",
    "cp1251": "вклад",
    "cp1253": "τράπεζα",
    "cp1256": "بنك",
    "koi8-r": "вклад",
    "mac-roman": "crédit – ∑",
    "cp850": "crédit",
    "latin-1": "Größe",
    "utf-16-be": "存款",
}


def test_every_encoding_that_can_be_named_is_read_as_python_writes_it(spark):
    row = spark.createDataFrame([tuple(text.encode(name) for name, text in SIGNS.items())], list(SIGNS))
    read = (decoded(F.col(f"`{name}`"), java_charset(name), F.lit("file")).alias(name) for name in SIGNS)
    assert row.select(*read).first().asDict() == SIGNS


@pytest.mark.parametrize("name", ["utf-7", "hz", "base64", "rot13", "cp037", "mac-greek", "raw_unicode_escape"])
def test_an_encoding_that_java_lacks_or_means_otherwise_is_refused_at_once(name):
    with pytest.raises(ValueError, match=f"products: there is no encoding {name}"):
        FilesParams(encoding={"products": name})


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_read_only_by_the_name_that_says_the_order(bank, landed, encoding):
    (bank / "products.csv").write_bytes(csv_text(CHINESE).encode(encoding))
    with pytest.raises(InputMissing, match=r"UTF-16 without a byte order mark: .*{products: UTF-16LE} or {products: U"):
        landed("products", encoding={"products": "UTF-16"})
    assert [row.name for row in landed("products", encoding={"products": encoding})] == ["存款1号", "信用卡2号"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("interactions.csv.gz", lambda text: gzip.compress(text)[:-9], "was cut off"),
        ("interactions.csv.gz", lambda text: text, "is not packed with gzip, as its name says"),
        ("interactions.csv", gzip.compress, "is packed with gzip: name it .csv.gz"),
        ("interactions.csv", lambda text: b"PAR1" + text, "is Parquet: name it .parquet"),
        ("interactions.parquet", lambda text: text, "is no Parquet file, or was cut off"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_told_with_its_name(bank, landed, name, content, told):
    (bank / "interactions.csv").unlink()
    (bank / name).write_bytes(content(csv_text(EVENTS).encode() * 50))
    with pytest.raises(InputMissing, match=told) as caught:
        landed("interactions")
    assert name in str(caught.value) and "\n" not in str(caught.value)


def test_a_gzip_that_is_cut_far_behind_its_beginning_is_told(bank, landed):
    (bank / "interactions.csv").unlink()
    lines = "\n".join(f"C{n:02},P1,2022-05-01,{n * 7919 % 99991}" for n in range(40_000))
    packed = gzip.compress(f"customer_id,product_id,event_time,value\n{lines}\n".encode())
    (bank / "interactions.csv.gz").write_bytes(packed[: len(packed) * 3 // 4])
    with pytest.raises(InputMissing, match=r"interactions.csv.gz cannot be read .*was cut off"):
        landed("interactions")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "Caused by: org.apache.spark.sql.AnalysisException: [PARQUET_TYPE_ILLEGAL] Illegal Parquet type: INT64"
            " (TIMESTAMP(NANOS,true)).",
            "a column is of a type that Spark cannot read there; write times in microseconds, or the column as text",
        ),
        (
            "[FAILED_READ_FILE.NO_HINT] Encountered error while reading file s3a://in/p.parquet. Details:"
            "\nCaused by: org.apache.spark.sql.AnalysisException: Illegal Parquet type: INT64 (TIMESTAMP(NANOS,false))",
            "write times in microseconds, or the column as text",
        ),
        (
            '[CANNOT_MERGE_SCHEMAS] Failed merging schemas:\nInitial schema:\n"STRUCT<id: BIGINT>"',
            "parts of one table have a column in different types; write it in one",
        ),
        ("[FAILED_READ_FILE] Could not read footer", "it is damaged or was cut off; deliver it anew"),
    ],
)
def test_a_file_on_a_uri_is_called_damaged_only_where_it_is(error, told):
    with pytest.raises(InputMissing) as caught, told_in_one_line(None, "s3a://in/customers.parquet", "customers"):
        raise PySparkException(error)
    assert str(caught.value).endswith(told)


def test_a_workbook_is_told(bank, landed):
    with zipfile.ZipFile(bank / "customers.csv", "w") as book:
        book.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(InputMissing, match="is a zip archive or an Excel workbook"):
        landed("customers")


TEXT = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff\x85\u2028\u2029"), max_size=9
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(TEXT, min_size=1, max_size=8),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    separator=st.sampled_from([",", ";", "\t", "|"]),
    quoting=st.sampled_from([0, 1]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_goes_in_comes_out(bank, landed, texts, encoding, separator, quoting, end):
    """In whatever encoding, with whatever separator, quotes and line ends; named by key where it is not UTF-8."""
    rows = [("customer_id", "word"), *((f"C{n}", f"x{text}") for n, text in enumerate(texts))]
    (bank / "customers.csv").write_bytes(csv_text(rows, separator, quoting, end).encode(encoding))
    named = {} if encoding.startswith("utf-8") else {"customers": encoding}
    found = landed("customers", encoding=named)
    assert {row.customer_id: row.extra["word"] for row in found} == dict(rows[1:])
    assert len(found) == len(texts) and not any(row.malformed for row in found)


def test_the_bank_itself_is_read(landed):
    assert [len(landed(name)) for name in ("customers", "products", "interactions")] == [
        len(rows) - 1 for rows in (CUSTOMERS, PRODUCTS, EVENTS)
    ]
