"""What a bank delivers of its customers is found in its tables and nowhere else.

A small bank is delivered in which every field of a customer that may hold one carries a marker which stands nowhere by
chance, in good rows and in damaged ones. All that a month leaves beside its tables is then searched for the markers:
what it said on both streams, its log, scratch files, and the names of all files and folders.
"""

import contextlib
import io
import logging
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from finrec_spark.errors import DataQualityError
from finrec_spark.pipeline.logs import configure_logging
from finrec_spark.sources.generator import write_bank
from finrec_spark.tables import CUSTOMERS, QUARANTINE, RECOMMENDATIONS
from jobs import month as month_job

pytestmark = pytest.mark.slow

MARK = "Qz7x"  # in every text: an ID, a name, a wrong value
GROUP = "Gw5k"  # in categories, which name groups of customers: a report may tell of groups of 30 or more
AMOUNT, PHONE = "7190283.64", "139071902836"
OF_ONE = (MARK, MARK.lower(), AMOUNT.split(".")[0], PHONE)
MARKERS = (*OF_ONE, GROUP, GROUP.lower())

IDS = ("customer_id", "event_id", "contact_id", "campaign_id")
CATEGORIES = ("segment", "gender", "region", "occupation", "marital_status", "housing")
NOBODY = f"{MARK}-nobody"
DAMAGED = {
    "customers": [
        {"customer_id": f"{MARK}-C1", "risk_level": f"{MARK}-risk", "full_name": f"{MARK} Name", "phone": PHONE},
        {"customer_id": f"{MARK}-C2", "valid_from": f"{MARK}-day", "segment": f"{MARK}-segment", "income_yuan": AMOUNT},
        {"full_name": f"{MARK} Nobody", "phone": PHONE, "occupation": f"{MARK}-occupation"},
    ],
    "interactions": [
        {"event_id": f"{MARK}-E1", "customer_id": NOBODY, "product_id": f"{MARK}-P", "event_time": f"{MARK}-time"},
        {"event_id": f"{MARK}-E2", "event_type": f"{MARK}-type", "value": f"{MARK}-value", "currency": f"{MARK}-money"},
    ],
    "consents": [{"customer_id": NOBODY, "channel": f"{MARK}-sms", "consented": f"{MARK}-yes", "valid_from": MARK}],
    "contacts": [
        {"contact_id": f"{MARK}-K1", "customer_id": NOBODY, "channel": f"{MARK}-sms", "contact_time": f"{MARK}-time"},
        {
            "contact_id": f"{MARK}-K2",
            "product_id": f"{MARK}-P",
            "campaign_id": f"{MARK}-campaign",
            "arm": f"{MARK}-arm",
        },
    ],
    "campaign_responses": [
        {"contact_id": f"{MARK}-K3", "response": f"{MARK}-yes", "response_time": f"{MARK}-time", "value": AMOUNT},
        {"contact_id": f"{MARK}-K1", "response": "accepted", "value": f"{MARK}-value", "currency": f"{MARK}-money"},
    ],
}
MALFORMED = ",".join(f"{MARK}-surplus" for _ in range(30))


def test_nothing_of_a_customer_is_found_outside_the_tables(decided):
    run, said, log_dir = decided
    lake = Path(run.lake.root)
    assert found_in(said) == []
    assert [str(path) for path in log_dir.rglob("*") if path.is_file() and found_in(text_of(path))] == []
    reports = set(lake.glob("reports/*/report.html"))
    assert reports and [str(path) for path in reports if found_in(text_of(path), OF_ONE)] == []
    assert [str(path) for path in beside_tables(lake) if path not in reports and found_in(text_of(path))] == []
    names = [str(path) for root in (lake, log_dir) for path in root.rglob("*")]
    assert [name for name in names if found_in(name)] == []


def test_the_markers_came_through_to_the_tables_or_the_search_proves_nothing(decided):
    run, said, log_dir = decided
    customers = run.lake.read(CUSTOMERS)
    assert customers.where(~customers.customer_id.contains(MARK)).isEmpty()
    assert run.lake.read(RECOMMENDATIONS).where(f"not customer_id like '%{MARK}%'").isEmpty()
    refused = {row.source for row in run.lake.read(QUARANTINE).where(f"row like '%{MARK}%'").collect()}
    assert refused == set(DAMAGED)
    assert "recommend" in said
    assert any("recommend" in text_of(path) for path in log_dir.rglob("*") if path.is_file())


def test_a_quality_gate_that_says_no_quotes_no_row(context, options, delivery, tmp_path, capfd):
    strict = context(tmp_path / "lake", "files", delivery, quality={"max_quarantined_share": 0.0})
    with pytest.raises(DataQualityError) as error:
        month_job.run(strict, options)
    said = capfd.readouterr()
    assert found_in(f"{error.value} {error.value.__cause__} {said.out} {said.err}") == []


@pytest.fixture(scope="module")
def delivery(spark, context, tmp_path_factory):
    """The generated bank as CSV files, with markers in everything that is of a customer, and damaged rows."""
    root = tmp_path_factory.mktemp("delivery")
    write_bank(spark, context(root / "lake").config.generator, str(root / "bank"), str(root / "truth"))
    landing = root / "landing"
    landing.mkdir()
    for source in sorted((root / "bank").glob("*.parquet")):
        name = source.stem
        rows = pd.concat([marked(name, pd.read_parquet(source)), pd.DataFrame(DAMAGED.get(name, []))])
        malformed = f"{MALFORMED}\n" if name in DAMAGED else ""
        (landing / f"{name}.csv").write_text(rows.to_csv(index=False) + malformed)
    return landing


@pytest.fixture(scope="module")
def decided(context, options, delivery, tmp_path_factory):
    """A month on the delivery, what it said on both streams, and the folder of its log."""
    root = tmp_path_factory.mktemp("decided")
    run = context(root / "lake", "files", delivery, log_dir=str(root / "logs"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), logged(root / "logs"):
        month_job.run(run, options)
    return run, said.getvalue(), root / "logs"


@contextlib.contextmanager
def logged(folder):
    """The job's log as its command line sets it up, and afterwards as it was."""
    logger = logging.getLogger("finrec_spark")
    before = logger.handlers[:], logger.propagate, logger.level
    configure_logging("text", str(folder))
    yield
    for handler in logger.handlers:
        handler.close()
    logger.handlers[:], logger.propagate, level = before
    logger.setLevel(level)


def marked(name, table):
    """The table with markers in every field that is of a customer; what is typed keeps its type."""
    for mark, columns in ((MARK, IDS), (GROUP, CATEGORIES)):
        for column in columns:
            if column in table:
                table[column] = mark + "-" + table[column].where(table[column].notna(), None)
    if name == "customers":
        table["full_name"], table["phone"] = MARK + " " + table["customer_id"], PHONE
    for column in {"value", "income_yuan"} & set(table.columns):
        table.loc[table[column].notna() & (table.index % 7 == 0), column] = AMOUNT
    return table


def found_in(text, markers=MARKERS):
    return [marker for marker in markers if marker in text]


def beside_tables(lake):
    """Files of the lake that are in no table: not below a folder with a Delta log."""
    tables = [log.parent for log in lake.rglob("_delta_log")]
    files = (path for path in lake.rglob("*") if path.is_file())
    return [path for path in files if not any(table in path.parents for table in tables)]


def text_of(path):
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist())
    return path.read_bytes().decode("utf-8", errors="ignore")
