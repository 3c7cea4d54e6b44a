"""Messages → files: the same bytes twice, what a channel needs and no more, and a manifest that does not lie."""

import csv
import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from finrec_spark.campaigns.export import FORMATS, MANIFEST, collect_exported, messages_to_export
from finrec_spark.training.file_system import changed_files

DDL = (
    "month date, campaign_id string, customer_id string, product_id string, channel string, arm string, "
    "language string, template_id string, subject string, message string, headers map<string,string>, excluded string"
)
HEADERS = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Unsubscribe": "<https://x.example/u/1>"}


def message(customer, channel="sms", text="=cmd|' /C calc'!A0", excluded=None, headers=None):
    text = None if excluded else text
    return (None, "2022-06-m", customer, "P1", channel, "treatment", "en", "t", None, text, headers, excluded)


@pytest.fixture
def rendered(spark):
    rows = [
        message(f"C{n:04}", ("sms", "app", "email")[n % 3], headers=HEADERS if n % 3 == 2 else None) for n in range(300)
    ]
    return spark.createDataFrame([*rows, message("out", excluded="no_template")], DDL)


def written(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_exported_twice_in_any_partitions_the_files_are_identical(rendered, tmp_path):
    collect_exported(messages_to_export(rendered), str(tmp_path / "a"))
    collect_exported(messages_to_export(rendered.repartition(7)), str(tmp_path / "b"))
    first = written(tmp_path / "a")
    assert set(first) == {f"{c}.{f}" for c in ("sms", "app", "email") for f in FORMATS} | {MANIFEST}
    assert first == written(tmp_path / "b")


@pytest.mark.parametrize("place_of", [str, Path.as_uri], ids=["path", "uri"])
def test_a_channel_without_messages_keeps_no_file_of_an_earlier_export(rendered, tmp_path, place_of):
    collect_exported(messages_to_export(rendered), place_of(tmp_path))
    collect_exported(messages_to_export(rendered.where("channel <> 'email'")), place_of(tmp_path))
    assert set(written(tmp_path)) == {f"{c}.{f}" for c in ("sms", "app") for f in FORMATS} | {MANIFEST}


def test_every_message_is_in_its_channels_file_once_and_what_is_excluded_in_none(rendered, tmp_path):
    collect_exported(messages_to_export(rendered), str(tmp_path))
    of_csv = [row["customer_id"] for c in ("sms", "app", "email") for row in read_csv(tmp_path / f"{c}.csv")]
    of_parquet = [
        name
        for c in ("sms", "app", "email")
        for name in pq.read_table(tmp_path / f"{c}.parquet")["customer_id"].to_pylist()
    ]
    assert sorted(of_csv) == sorted(of_parquet) == [f"C{n:04}" for n in range(300)]


def test_a_file_has_what_its_channel_needs(rendered, tmp_path):
    collect_exported(messages_to_export(rendered), str(tmp_path))
    common = ["contact_id", "campaign_id", "customer_id", "product_id", "language", "message"]
    assert list(read_csv(tmp_path / "sms.csv")[0]) == common == pq.read_schema(tmp_path / "sms.parquet").names
    mail = read_csv(tmp_path / "email.csv")[0]
    assert list(mail) == [*common, "subject", "headers"] and json.loads(mail["headers"]) == HEADERS


def test_no_cell_of_a_csv_is_a_formula_and_parquet_has_the_text_as_it_is(rendered, tmp_path):
    collect_exported(messages_to_export(rendered), str(tmp_path))
    assert {row["message"][:2] for row in read_csv(tmp_path / "sms.csv")} == {"'="}
    assert {text[:1] for text in pq.read_table(tmp_path / "sms.parquet")["message"].to_pylist()} == {"="}


def test_the_manifest_tells_sizes_checksums_and_counts(rendered, tmp_path):
    files = collect_exported(messages_to_export(rendered), str(tmp_path))
    told = json.loads((tmp_path / MANIFEST).read_text())["files"]
    assert [file["path"] for file in told] == [file.path for file in files]
    for file in told:
        content = (tmp_path / file["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest(), 100) == (
            file["bytes"],
            file["sha256"],
            file["messages"],
        )


def test_a_changed_and_a_missing_file_are_noticed(rendered, tmp_path):
    files = {file.path: file.sha256 for file in collect_exported(messages_to_export(rendered), str(tmp_path))}
    assert changed_files(files, str(tmp_path)) == []
    (tmp_path / "sms.csv").write_text("")
    (tmp_path / "app.parquet").unlink()
    assert changed_files(files, str(tmp_path)) == ["app.parquet", "sms.csv"]


def test_without_messages_there_is_a_manifest_and_no_file(rendered, tmp_path):
    assert collect_exported(messages_to_export(rendered.where("false")), str(tmp_path)) == []
    assert set(written(tmp_path)) == {MANIFEST}


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
