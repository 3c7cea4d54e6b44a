"""The Spark session of a job."""

import os
import sys
from collections.abc import Mapping

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


def default_file_system(spark: SparkSession) -> str | None:
    """What Spark takes a path without a scheme for: the session's own word, else the cluster's configuration's."""
    return spark.conf.get(f"spark.hadoop.{PROPERTY}", None) or file_system_of_hadoop(os.environ)


def interpret_queries(spark: SparkSession, interpreted: bool) -> None:
    """Interpret the session's queries from now on, or run them as generated code.

    Generated code is compiled once a query, twice: by Spark and by the JVM. Few rows do not earn it back.
    """
    spark.conf.set("spark.sql.codegen.wholeStage", not interpreted)
    spark.conf.set("spark.sql.codegen.factoryMode", "NO_CODEGEN" if interpreted else "FALLBACK")
