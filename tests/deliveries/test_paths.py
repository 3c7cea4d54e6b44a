"""Where a lake and a delivery lie, however the folder is named."""

from pathlib import Path

import pytest

from finrec_spark.pipeline.cli import _absolute
from finrec_spark.sources.delivery import Delivery, local_path, parts_of, without_pattern


@pytest.mark.parametrize(
    ("named", "meant"),
    [
        ("file:/data/lake", "/data/lake"),
        ("file:///data/lake", "/data/lake"),
        ("/data/O'Neil/lake", "/data/O'Neil/lake"),
        ("lake", str(Path.cwd() / "lake")),
        ("s3a://bank/lake", "s3a://bank/lake"),
        ("hdfs://name:9000/lake", "hdfs://name:9000/lake"),
    ],
)
def test_a_lake_lies_where_its_name_says(named, meant):
    assert _absolute(named) == meant


def test_a_uri_of_this_machine_is_a_path_and_no_other_is():
    assert local_path("file:/a b#1/50%") == local_path("file:///a b#1/50%") == "/a b#1/50%"
    assert local_path("s3a://bank/file:/x") is None


def test_every_sign_of_a_pattern_is_escaped():
    assert without_pattern("/a[b]{c}*?\\") == "/a\\[b\\]\\{c\\}\\*\\?\\\\"


def test_only_folders_below_the_tables_own_name_values():
    events = Delivery("events", "/in/day=1/events.csv", ())
    assert parts_of(events, "file:/in/day=1/events.csv/kind=a/p.csv") == ("kind",)
    assert parts_of(events, "file:/in/day=1/events.csv") == ()
