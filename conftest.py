"""One Spark session for the whole run, and what every test builds its rows with."""

import logging
import os
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from finrec_spark.pipeline.properties import read_values, spark_properties

os.environ["TZ"] = "UTC"
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers need what the tests have
time.tzset()

NEED_TORCH = ("batch", "checkpoint", "feed", "launch", "loop", "losses", "network", "ranks", "network_state")
if find_spec("torch") is None or find_spec("petastorm") is None:  # the training extra is not installed
    collect_ignore = [f"finrec_spark/training/{name}.py" for name in NEED_TORCH]

LOCAL = read_values(Path(__file__).parent / "conf" / "local.yaml")
FOR_SMALL_BANKS = (
    "spark.driver.extraJavaOptions",
    "spark.python.daemon.module",
)
"""What tests set as ``conf/local.yaml`` does, for its reasons."""

SETTINGS = {
    "spark.master": "local[2]",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",  # a test has a handful of rows
    "spark.default.parallelism": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.driver.memory": "3g",
    **{name: LOCAL["spark"][name] for name in FOR_SMALL_BANKS},
    "spark.sql.codegen.wholeStage": "false",  # as a small delivery's queries run
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.host": "127.0.0.1",
    "spark.jars.packages": "io.delta:delta-spark_2.12:3.3.3",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.warehouse.dir": "/tmp/finrec_spark-test-warehouse",
}


if find_spec("sparknlp") is not None:  # the nlp extra is installed, so its tests run and need its jar
    needs = read_values(Path(__file__).parent / "conf" / "base.yaml")["needs"]
    SETTINGS = spark_properties({"spark": SETTINGS, "models": ["gru"], "needs": needs})


@pytest.fixture(scope="session")
def spark():
    builder = SparkSession.builder.appName("finrec_spark-tests")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(autouse=True)
def _logging_as_before():
    """A job's command line sets logging up for its process; the tests share one."""
    logger = logging.getLogger("finrec_spark")
    before = logger.handlers[:], logger.propagate, logger.level
    yield
    logger.handlers[:], logger.propagate, level = before
    logger.setLevel(level)


@pytest.fixture(autouse=True)
def _spark_for_doctests(request, doctest_namespace):
    """Doctests of the package find ``spark``; other tests ask for it by name."""
    if isinstance(request.node, pytest.DoctestItem):
        doctest_namespace["spark"] = request.getfixturevalue("spark")
