import logging
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError, InputMissing
from finrec_spark.pipeline.runner import run_step
from finrec_spark.tables import CUSTOMERS, INTERACTIONS, PRODUCTS, QUARANTINE
from jobs import ingest

JUNE = date(2022, 6, 1)
CUSTOMERS_CSV = ["customer_id,segment,risk_level", "u-0007,young,3", "007,,", ",old,1", "u-9,old,9"]
PRODUCTS_CSV = ["product_id,category,name,valid_from", "card,credit_card,Card,2020-01-01", "loan,loan,Loan,2022-02-30"]
EVENTS = "event_id,customer_id,product_id,event_type,event_time,value"
GOOD = [f"e{n},u-0007,card,view,2022-05-{n:02d} 10:00:00,1.5" for n in range(1, 11)]
DAMAGED = {
    "d1,,card,view,2022-05-01,1": "customer_id is missing",
    "d2,u-0007,boat,view,2022-05-01,1": "unknown product",
    "d3,nobody,card,view,2022-05-01,1": "unknown customer",
    "d4,u-0007,card,view,2022-02-30,1": "event_time is a date that does not exist",
    "d5,u-0007,card,view,yesterday,1": "event_time is not a date",
    "d6,u-0007,card,view,2022-05-01,-1": "value is negative",
    "d7,u-0007,card,view,2022-05-01,12x": "value is not a number",
    "e1,u-0007,card,view,2022-05-02,1": "duplicate key",
    "d9,u-0007,card,view,2022-05-01,1,surplus,more": "malformed row",
    "d10,u-0007,card,view,,1": "event_time is missing",
}


def test_every_damaged_row_is_kept_with_its_reason_and_no_good_one_is_lost(deliver):
    run = deliver(interactions=[EVENTS, *GOOD, *DAMAGED], share=0.9)
    refused = run.lake.read(QUARANTINE).where("source = 'interactions'").collect()
    assert sorted(row.reason for row in refused) == sorted(DAMAGED.values())
    assert run.lake.read(INTERACTIONS).count() == len(GOOD)
    assert {row.source for row in run.lake.read(QUARANTINE).collect()} == {"customers", "products", "interactions"}


def test_ids_stay_the_strings_that_they_are(deliver):
    run = deliver(interactions=[EVENTS, *GOOD], share=0.9)
    assert {row.customer_id for row in run.lake.read(CUSTOMERS).collect()} == {"u-0007", "007"}


def test_too_large_a_share_in_quarantine_stops_the_run(deliver):
    with pytest.raises(DataQualityError, match=r"products: 1 of 2 rows are in bronze.quarantine") as error:
        deliver(interactions=[EVENTS, *GOOD], share=0.1)
    assert error.value.exit_code == 4


def test_a_missing_file_is_told_in_one_line(deliver):
    with pytest.raises(InputMissing, match="interactions") as error:
        deliver(interactions=None)
    assert "\n" not in str(error.value)


def test_a_missing_column_is_told_in_one_line(deliver):
    with pytest.raises(InputMissing, match="event_time") as error:
        deliver(interactions=["customer_id,product_id", "u-0007,card"])
    assert "\n" not in str(error.value)


def test_the_same_delivery_again_stands_and_a_changed_one_is_merged(deliver, directory, caplog):
    run = deliver(interactions=[EVENTS, *GOOD], share=0.9)
    assert run_step(ingest.STEP, run, JUNE).rows is None
    later = "e99,u-0007,card,view,2022-05-30,1"
    (directory / "interactions.csv").write_text("\n".join([EVENTS, *GOOD[1:], later]))
    with caplog.at_level(logging.INFO, logger="finrec_spark"):
        run_step(ingest.STEP, run, JUNE)
    events = {row.event_id for row in run.lake.read(INTERACTIONS).collect()}
    assert events == {*(f"e{n}" for n in range(1, 11)), "e99"}
    assert run.lake.read(PRODUCTS).where(F.col("product_id") == "card").count() == 1


def test_a_first_delivery_that_was_refused_and_mended_holds_since_ever_and_a_later_one_does_not(deliver):
    events, cut_off = [EVENTS, *GOOD], ["customer_id,segment", "other,young"]
    with pytest.raises(DataQualityError, match="unknown customer"):
        deliver(events, 0.6, cut_off)
    whole = ["customer_id,segment", "u-0007,young", "other,old"]
    first = {("other", date(1900, 1, 1)), ("u-0007", date(1900, 1, 1))}
    assert _since(deliver(events, 0.6, whole)) == first
    assert _since(deliver(events, 0.6, [*whole, "new,old"])) == {*first, ("new", date(2022, 5, 31))}


def _since(run):
    return {(row.customer_id, row.valid_from) for row in run.lake.read(CUSTOMERS).collect()}


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def deliver(context, directory, tmp_path):
    def run(interactions, share=0.2, customers=CUSTOMERS_CSV):
        (directory / "customers.csv").write_text("\n".join(customers))
        (directory / "products.csv").write_text("\n".join(PRODUCTS_CSV))
        if interactions is not None:
            (directory / "interactions.csv").write_text("\n".join(interactions))
        started = context(tmp_path / "lake", "files", directory, quality={"max_quarantined_share": share})
        run_step(ingest.STEP, started, JUNE)
        return started

    return run
