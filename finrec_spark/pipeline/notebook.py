"""A lake in a notebook: the job's configuration with less memory, and not a word of Java's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import finrec_spark
from finrec_spark.pipeline.config import load_config
from finrec_spark.pipeline.context import GENERATOR, RunContext
from finrec_spark.pipeline.session import open_session
from finrec_spark.warehouse import Lake

ROOT = Path(finrec_spark.__file__).parents[1]
SMALL = {"spark.driver.memory": "2g", "spark.sql.shuffle.partitions": 4}


def open_lake(name: str, lake: str, conf: Path = ROOT / "conf/local.yaml") -> RunContext:
    """A session on the lake, to read and to try out; whoever opened it stops ``spark``."""
    config = load_config(conf, {"spark": SMALL})
    with _silence():
        spark = open_session(name, config.spark_properties)
    return RunContext(spark, config, Lake(spark, lake), GENERATOR, None)


@contextmanager
def _silence() -> Iterator[None]:
    """This process's output is turned away, so that a Java that starts meanwhile inherits silence."""
    streams = [(descriptor, os.dup(descriptor)) for descriptor in (1, 2)]
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        try:
            for descriptor, _ in streams:
                os.dup2(nowhere.fileno(), descriptor)
            yield
        finally:
            for descriptor, kept in streams:
                os.dup2(kept, descriptor)
                os.close(kept)
