"""The Spark session of a job."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, cast

from pyspark.sql import SparkSession

from finrec_spark.pipeline.paths import PROPERTY, file_system_of_hadoop


def open_session(name: str, properties: Mapping[str, str]) -> SparkSession:
    """The session that spark-submit prepared; one with ``properties`` where Python was started by itself.

    Under spark-submit the properties have already been given to it, and its command line is the last word.
    """
    builder = SparkSession.builder.appName(f"finrec_spark {name}")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers' Python
        for key, value in properties.items():
            builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


@dataclass(eq=False)
class _OnDemand:
    """Stands for a session, which is opened by whoever first asks anything of it."""

    open: Callable[[], SparkSession]
    opened: SparkSession | None = None
    lock: Lock = field(default_factory=Lock)

    def __getattr__(self, name: str) -> Any:
        """What the session has under this name."""
        with self.lock:
            self.opened = self.opened or self.open()
        return getattr(self.opened, name)


@contextmanager
def session_on_demand(open_one: Callable[[], SparkSession]) -> Iterator[SparkSession]:
    """A session that is opened when something is first asked of it, and stopped at the end where it was.

    The ledger and small tables are read without Spark, so a month that is up to date never starts it.
    """
    standing = _OnDemand(open_one)
    try:
        yield cast(SparkSession, standing)
    finally:
        if standing.opened is not None:
            standing.opened.stop()


def default_file_system(spark: SparkSession) -> str | None:
    """What Spark takes a path without a scheme for: the session's own word, else the cluster's configuration's."""
    return spark.conf.get(f"spark.hadoop.{PROPERTY}", None) or file_system_of_hadoop(os.environ)


def interpret_queries(spark: SparkSession, interpreted: bool) -> None:
    """Interpret the session's queries from now on, or run them as generated code.

    Generated code is compiled once a query, twice: by Spark and by the JVM. Few rows do not earn it back.
    """
    spark.conf.set("spark.sql.codegen.wholeStage", not interpreted)
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if interpreted else "FALLBACK")
