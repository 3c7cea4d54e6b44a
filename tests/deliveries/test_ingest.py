"""Whole deliveries taken in: what a job says and leaves."""

import logging
from datetime import date, timedelta

import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError, InputMissing
from finrec_spark.pipeline.cli import decided_month, delivered_month
from finrec_spark.pipeline.runner import run_step
from finrec_spark.tables import BRONZE, CUSTOMERS, INTERACTIONS, PRODUCTS, QUARANTINE
from jobs import ingest
from tests.deliveries.small_bank import EVENTS, csv_text
from tests.deliveries.small_bank import PRODUCTS as PRODUCT_ROWS

JUNE = date(2022, 6, 1)


def test_a_lake_and_a_delivery_with_an_apostrophe_are_taken_in_twice(context, bank, tmp_path):
    folder = bank.rename(tmp_path / "O'Neil [x] 银行")
    started = context(tmp_path / "O'Neil" / "lake", "files", folder)
    run_step(ingest.STEP, started, JUNE)
    (folder / "interactions.csv").write_text(csv_text([*EVENTS[:1], ("C01", "P1", "2022-05-30", "7"), *EVENTS[1:4]]))
    run_step(ingest.STEP, started, JUNE)
    assert started.lake.read(INTERACTIONS).count() == 7


def test_text_that_is_not_utf_8_far_behind_leaves_no_lost_sign_in_any_table(context, bank, tmp_path):
    text = "\n".join(["customer_id,city", *(f"C{n:02},plain" for n in range(6000))]).encode()
    (bank / "customers.csv").write_bytes(text + "\nC9999,存款".encode("gbk"))
    started = context(tmp_path / "lake", "files", bank)
    with pytest.raises(InputMissing, match=r"customers.csv is not UTF-8, first at line 6002"):
        run_step(ingest.STEP, started, JUNE)
    assert not started.lake.exists(CUSTOMERS)
    known = [started.lake.read(table) for table in (*BRONZE, PRODUCTS) if started.lake.exists(table)]
    assert known and not any("\ufffd" in str(row) for table in known for row in table.collect())


def test_a_gate_tells_the_commonest_reasons_by_their_form_and_the_key(context, bank, tmp_path):
    days = [("C01", "P1", f"{n:02}/05/2022", "5") for n in range(10, 30)]
    (bank / "interactions.csv").write_text(csv_text([*EVENTS[:2], *days, ("Jane Doe", "P1", "2022-05-01", "5")]))
    with pytest.raises(DataQualityError) as caught:
        run_step(ingest.STEP, context(tmp_path / "lake", "files", bank), JUNE)
    told = str(caught.value)
    assert "event_time is not a date (20, such as 99/99/9999); unknown customer (1, such as aaaa aaa)" in told
    assert "files.formats: {event_time: dd/MM/yyyy} reads them" in told and "Jane" not in told and "\n" not in told
    formats = {"formats": {"event_time": "dd/MM/yyyy"}}
    mended = context(tmp_path / "mended", "files", bank, files=formats)
    run_step(ingest.STEP, mended, JUNE)
    assert mended.lake.read(INTERACTIONS).count() == 21
    assert mended.lake.read(QUARANTINE).count() == 1


def test_without_a_readable_time_the_line_names_the_form_and_the_key(context, options, bank, tmp_path):
    events = [EVENTS[0], *((c, p, str(1642579440 + 86400 * n), v) for n, (c, p, _, v) in enumerate(EVENTS[1:]))]
    (bank / "interactions.csv").write_text(csv_text(events))
    with pytest.raises(InputMissing, match=r"look like 9999999999; files.formats: {event_time: epoch_seconds} reads"):
        delivered_month(context(tmp_path / "lake", "files", bank), options)
    formats = {"formats": {"interactions.event_time": "epoch_seconds"}}
    assert delivered_month(context(tmp_path / "lake", "files", bank, files=formats), options) == date(2022, 2, 1)


def test_one_day_in_2099_does_not_decide_the_month_and_a_word_is_said(context, options, bank, tmp_path, caplog):
    rows = [("C01", "P1", str(date(2021, 6, 1) + timedelta(days=n)), "5") for n in range(360)]
    (bank / "interactions.csv").write_text(csv_text([EVENTS[0], *rows, ("C01", "P1", "2099-12-31", "5")]))
    started = context(tmp_path / "lake", "files", bank)
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        assert delivered_month(started, options) == JUNE
        run_step(ingest.STEP, started, JUNE)
        assert decided_month(started, options) == JUNE
    assert caplog.text.count("1 of 361 are of later months than 2022-05 (up to 2099-12), next to nothing") == 2


def test_rows_without_any_value_are_refused_and_do_not_stop_the_others(context, bank, tmp_path):
    (bank / "products.csv").write_text(csv_text([*PRODUCT_ROWS, *[("", "", "", "")] * 5]))
    (bank / "interactions.csv").write_text(csv_text([*EVENTS, *[("", "", "", "")] * 9]))
    started = context(tmp_path / "lake", "files", bank)
    run_step(ingest.STEP, started, JUNE)
    assert started.lake.read(PRODUCTS).count() == 4 and started.lake.read(INTERACTIONS).count() == len(EVENTS) - 1
    refused = started.lake.read(QUARANTINE).groupBy("source", "reason").count().collect()
    assert set(map(tuple, refused)) == {("products", "empty row", 5), ("interactions", "empty row", 9)}


def test_numbers_with_a_decimal_comma_are_told_with_the_key_that_reads_them(context, bank, tmp_path):
    values = ["8.413,50", "1,5", "-", "12", "1.000.000"]
    events = [EVENTS[0], *(("C01", "P1", "2022-05-01", value) for value in values)]
    (bank / "interactions.csv").write_text(csv_text(events, ";"))
    with pytest.raises(DataQualityError, match=r"such as .*; files.formats: {value: decimal_comma} reads them"):
        run_step(ingest.STEP, context(tmp_path / "lake", "files", bank), JUNE)
    over = {"files": {"formats": {"value": "decimal_comma"}}, "quality": {"max_quarantined_share": 0.5}}
    mended = context(tmp_path / "mended", "files", bank, **over)
    run_step(ingest.STEP, mended, JUNE)
    assert sorted(float(row.value) for row in mended.lake.read(INTERACTIONS).collect()) == [1.5, 12, 8413.5, 1e6]


def test_ratings_keep_their_precision_and_amounts_are_cents(context, bank, tmp_path):
    (bank / "interactions.csv").write_text(csv_text([EVENTS[0], ("C01", "P1", "2022-05-01", "0.0031")]))
    started = context(tmp_path / "lake", "files", bank, files={"default_event_type": "rating"})
    run_step(ingest.STEP, started, JUNE)
    row = started.lake.read(INTERACTIONS).first()
    assert (row.rating, str(row.value)) == (0.0031, "0.00")


def test_every_record_of_the_files_is_either_valid_or_in_quarantine(context, bank, tmp_path):
    """Counted by the lines that were written, not by what a parser made of them."""
    good = [",".join((f"P{n}", "loan", f"Loan {n}", f'"text, {n}"')) for n in range(5, 60)]
    bad = ['P70,loan,"Loan 70,x', "P71,loan", ",loan,Loan,x", 'P72,loan,Loan 72,"a"b']
    lines = [",".join(PRODUCT_ROWS[0]), *good[:20], bad[0], *good[20:40], *bad[1:], *good[40:]]
    (bank / "products.csv").write_text("\n".join(lines))
    (bank / "interactions.csv").write_text(csv_text([EVENTS[0], ("C01", "P5", "2022-05-01", "1")]))
    started = context(tmp_path / "lake", "files", bank)
    run_step(ingest.STEP, started, JUNE)
    refused = started.lake.read(QUARANTINE).where(F.col("source") == "products")
    assert started.lake.read(PRODUCTS).count() == len(good)
    assert refused.count() == len(bad)
