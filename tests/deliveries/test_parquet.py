"""Parquet as tools write it."""

import logging
import math
import shutil
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from finrec_spark.errors import InputMissing

MOMENT = datetime(2022, 5, 1, 10, 30, 15, 123456)
VALUES = {
    "string": (pa.string(), "x y", "x y"),
    "large string": (pa.large_string(), "007", "007"),
    "category": (pa.dictionary(pa.int8(), pa.string()), "retail", "retail"),
    "bytes": (pa.binary(), b"plain", "plain"),
    "other bytes": (pa.binary(), b"\xff\x00", "FF00"),
    "bool": (pa.bool_(), True, "true"),
    "int8": (pa.int8(), -5, "-5"),
    "uint16": (pa.uint16(), 65000, "65000"),
    "uint32": (pa.uint32(), 4_000_000_000, "4000000000"),
    "uint64": (pa.uint64(), 2**63 + 1, str(2**63 + 1)),
    "int64": (pa.int64(), 5100000000000028, "5100000000000028"),
    "oracle": (pa.decimal128(38, 10), Decimal(53), "53"),
    "oracle zero": (pa.decimal128(38, 10), Decimal(0), "0"),
    "oracle fraction": (pa.decimal128(38, 10), Decimal("5.25"), "5.2500000000"),
    "money": (pa.decimal128(18, 2), Decimal("0.10"), "0.10"),
    "double": (pa.float64(), 5100000000000028.0, "5100000000000028"),
    "float": (pa.float32(), 7.1, "7.1"),
    "NaN": (pa.float64(), float("nan"), None),
    "date": (pa.date32(), date(2022, 5, 1), "2022-05-01"),
    "time of day": (pa.time64("us"), time(8, 5, 0, 250000), "08:05:00.25"),
    "nanoseconds": (pa.timestamp("ns"), MOMENT, "2022-05-01 10:30:15.123456"),
    "nanoseconds in a zone": (pa.timestamp("ns", "UTC"), MOMENT.replace(tzinfo=UTC), "2022-05-01T10:30:15.123456Z"),
    "microseconds": (pa.timestamp("us"), MOMENT, "2022-05-01 10:30:15.123456"),
    "milliseconds in a zone": (
        pa.timestamp("ms", "Europe/Athens"),
        datetime(2022, 5, 1, 7, tzinfo=UTC),
        "2022-05-01T07:00:00.000000Z",
    ),
    "before 1970": (pa.timestamp("ns"), datetime(1969, 12, 31, 23, 59, 59, 5), "1969-12-31 23:59:59.000005"),
    "nanoseconds before 1900": (pa.timestamp("ns"), datetime(1753, 1, 1), "1753-01-01 00:00:00"),
    "microseconds before 1900": (pa.timestamp("us"), datetime(1, 1, 1), "0001-01-01 00:00:00"),
    "a zone before 1900": (pa.timestamp("us", "UTC"), datetime(1899, 12, 31), "1899-12-31T00:00:00.000000Z"),
    "day before 1582": (pa.date32(), date(1, 1, 1), "0001-01-01"),
    "day in milliseconds": (pa.date64(), date(2022, 5, 1), "2022-05-01"),
    "time of day in seconds": (pa.time32("s"), time(8, 5, 3), "08:05:03"),
    "list": (pa.list_(pa.string()), ["a", "b"], "a|b"),
    "large list": (pa.large_list(pa.large_string()), ["a", "b"], "a|b"),
    "list of a fixed size": (pa.list_(pa.int64(), 2), [1, 2], "[1,2]"),
    "nested lists": (pa.large_list(pa.large_list(pa.int64())), [[1], [2, 3]], "[[1],[2,3]]"),
    "nothing": (pa.null(), None, None),
}


def write(path, **columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, coerce_timestamps=None, version="2.6")


@pytest.fixture
def customers(bank):
    (bank / "customers.csv").unlink()
    return bank / "customers.parquet"


def test_every_type_is_written_plainly(customers, landed):
    columns = {name: pa.array([value], type_) for name, (type_, value, _) in VALUES.items()}
    write(customers, customer_id=pa.array(["C1"]), **columns)
    extra = landed("customers")[0].extra
    assert {name: extra.get(name.lower()) for name in VALUES} == {name: text for name, (_, _, text) in VALUES.items()}


def test_uuids_have_their_usual_text(customers, landed):
    shutil.copy(Path(__file__).parent / "data" / "uuid.parquet", customers)
    rows = landed("customers")
    assert rows[0].customer_id == "80d60f1d-7075-5602-94dc-7dc107da9830"
    assert len({row.customer_id for row in rows}) == 80


def test_what_pandas_leaves_behind_is_no_column_and_a_time_at_midnight_is_a_day(customers, landed):
    days = pa.array([datetime(1990, 2, 2)], pa.timestamp("us"))
    write(customers, customer_id=pa.array(["C1"]), birth_date=days, __index_level_0__=pa.array([37]))
    assert landed("customers")[0].extra == {"birth_date": "1990-02-02 00:00:00"}


def test_the_columns_of_all_parts_are_read_by_name_whatever_their_type(customers, landed):
    write(customers / "part-0.parquet", customer_id=pa.array([1]), segment=pa.array(["a"]))
    write(customers / "part-1.parquet", risk_level=pa.array([2.0]), Customer_ID=pa.array(["41"]), income=pa.array([7]))
    write(customers / "part-2.parquet", income=pa.array([Decimal("8.0")]), customer_id=pa.array([42.0]))
    found = {row.customer_id: (row.risk_level, row.extra) for row in landed("customers")}
    assert found == {"1": (None, {"segment": "a"}), "41": ("2", {"income": "7"}), "42": (None, {"income": "8"})}


def test_a_part_without_a_needed_column_is_told(customers, landed):
    write(customers / "part-0.parquet", customer_id=pa.array(["C1"]))
    write(customers / "part-1.parquet", client=pa.array(["C2"]))
    with pytest.raises(InputMissing, match=r"part-1.parquet lacks column customer_id; found: client"):
        landed("customers")


def test_the_folders_values_stay_as_they_stand(bank, landed):
    (bank / "interactions.csv").unlink()
    for product in ("007", "01", "1", "a b", "x%2Fy"):
        path = bank / "interactions.parquet" / f"product_id={product}" / "part-0.parquet"
        write(path, customer_id=pa.array(["C1"]), event_time=pa.array(["2022-05-01"]))
    assert sorted(row.product_id for row in landed("interactions")) == ["007", "01", "1", "a b", "x/y"]


def test_names_that_differ_in_case_alone_are_told(customers, landed):
    write(customers, customer_id=pa.array(["C1"]), CUSTOMER_ID=pa.array(["C1"]))
    with pytest.raises(InputMissing, match="customers.parquet has column customer_id more than once: keep one"):
        landed("customers")


def test_keys_that_were_rounded_are_refused_with_their_column(customers, landed):
    write(customers, customer_id=pa.array([2.0**53 - 1, float("nan")]))
    assert [row.customer_id for row in landed("customers")] == [str(2**53 - 1), None]
    write(customers, customer_id=pa.array([2.0**53, 5.0]))
    with pytest.raises(InputMissing, match=r"customers.parquet: column customer_id holds keys as floating numbers"):
        landed("customers")


def test_a_column_that_nobody_needs_stops_nobody(bank, landed):
    (bank / "interactions.csv").unlink()
    wide = pa.array([{"t": MOMENT}], pa.struct([("t", pa.timestamp("ns"))]))
    columns = {
        "customer_id": pa.array(["C1"]),
        "product_id": pa.array(["P1"]),
        "event_time": pa.array([MOMENT], pa.timestamp("ns")),
    }
    write(bank / "interactions.parquet", **columns, odd=wide, big=pa.array([Decimal(1)], pa.decimal256(60, 2)))
    assert landed("interactions")[0].event_time == "2022-05-01 10:30:15.123456"


def test_a_column_that_is_left_out_is_named_with_its_type(customers, landed, caplog):
    write(customers, customer_id=pa.array(["C1"]), big=pa.array([Decimal(1)], pa.decimal256(60, 2)))
    with caplog.at_level(logging.WARNING, logger="finrec_spark"):
        assert landed("customers")[0].extra == {}
    assert (
        "customers.parquet: column big is of the type decimal256(60, 2), which cannot be read: left out" in caplog.text
    )


def test_int96_times_before_1900_are_read(customers, landed):
    moments = pa.array([datetime(1753, 1, 1), datetime(2022, 5, 1)], pa.timestamp("us"))
    table = pa.table({"customer_id": pa.array(["C1", "C2"]), "seen": moments})
    pq.write_table(table, customers, use_deprecated_int96_timestamps=True)
    assert {row.extra["seen"][:10] for row in landed("customers")} == {"1753-01-01", "2022-05-01"}


def test_a_needed_column_that_cannot_be_read_is_told_with_its_type(customers, landed):
    write(customers, customer_id=pa.array([Decimal(1)], pa.decimal256(60, 2)))
    with pytest.raises(InputMissing, match=r"customers.parquet: column customer_id is of the type decimal256"):
        landed("customers")


def test_a_file_that_was_cut_is_told(customers, landed):
    write(customers, customer_id=pa.array([f"C{n}" for n in range(999)]))
    customers.write_bytes(customers.read_bytes()[:-20])
    with pytest.raises(InputMissing, match=r"customers.parquet is no Parquet file, or was cut off"):
        landed("customers")


KEYS = {
    "int64": (pa.int64(), int),
    "double": (pa.float64(), float),
    "string": (pa.string(), str),
    "decimal": (pa.decimal128(38, 10), Decimal),
}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.integers(0, 2**53 - 1), min_size=1, max_size=8, unique=True),
    types=st.lists(
        st.sampled_from([pa.int64(), pa.float64(), pa.string(), pa.decimal128(38, 10)]), min_size=1, max_size=3
    ),
)
def test_keys_are_the_same_in_whatever_type_the_parts_have_them(bank, landed, keys, types):
    (bank / "customers.csv").unlink(missing_ok=True)
    folder = bank / "customers.parquet"
    for old in folder.glob("*"):
        old.unlink()
    for place, type_ in enumerate(types):
        made = [
            Decimal(key) if pa.types.is_decimal(type_) else str(key) if type_ == pa.string() else key for key in keys
        ]
        made = [float(key) for key in made] if type_ == pa.float64() else made
        write(folder / f"part-{place}.parquet", customer_id=pa.array(made, type_))
    found = sorted(row.customer_id for row in landed("customers"))
    assert found == sorted(str(key) for key in keys for _ in types)


STORED = {
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1), int),
    "double": (pa.float64(), st.floats(allow_infinity=False), float),
    "decimal": (pa.decimal128(38, 10), st.decimals(-(10**20), 10**20, allow_nan=False, places=10), Decimal),
    "text": (pa.large_string(), st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=1), str),
    "day": (pa.date32(), st.dates(), date.fromisoformat),
    "moment": (pa.timestamp("us"), st.datetimes(), datetime.fromisoformat),
    "nanoseconds": (
        pa.timestamp("ns", "Asia/Shanghai"),
        st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
        datetime.fromisoformat,
    ),
    "truth": (pa.bool_(), st.booleans(), lambda text: text == "true"),
}
ROW = st.fixed_dictionaries({name: st.none() | of for name, (_, of, _) in STORED.items()})


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROW, min_size=1, max_size=9))
def test_every_value_of_every_type_means_the_same_as_text(bank, landed, rows):
    """Null and NaN are missing; a table of its own for each type would say no more."""
    (bank / "customers.csv").unlink(missing_ok=True)
    columns = {name: pa.array([row[name] for row in rows], type_) for name, (type_, _, _) in STORED.items()}
    write(bank / "customers.parquet", customer_id=pa.array([str(n) for n in range(len(rows))]), **columns)
    found = {row.customer_id: row.extra for row in landed("customers")}
    read = [{name: STORED[name][2](text) for name, text in found[str(n)].items()} for n in range(len(rows))]
    assert read == [{name: value for name, value in row.items() if is_there(value)} for row in rows]


def is_there(value):
    return value is not None and not (isinstance(value, float) and math.isnan(value))
