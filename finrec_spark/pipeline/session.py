"""The Spark session of a job."""

import os
from collections.abc import Mapping

from pyspark.sql import SparkSession


def open_session(name: str, properties: Mapping[str, str]) -> SparkSession:
    """The session that spark-submit prepared; one with ``properties`` where Python was started by itself.

    Under spark-submit the properties have already been given to it, and its command line is the last word.
    """
    builder = SparkSession.builder.appName(f"finrec_spark {name}")
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        for key, value in properties.items():
            builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
