"""A small bank and programs on it, in the session that all tests share."""

import argparse

import pytest

from finrec_spark.config import Config
from finrec_spark.job import Program
from finrec_spark.warehouse import Lake
from jobs import month as month_job

SMALL = {
    "generator": {"customers": 250, "products": 60, "months": 8, "campaign_every_months": 4},
    "parameters": {"als": {"rank": 4, "iterations": 2}},
    "ensemble": {"candidates": 20, "pairs_a_month": 5000, "forest": {"trees": 5, "depth": 4, "minimum_rows": 5}},
    "log_dir": None,
}


@pytest.fixture(scope="session")
def options():
    """The command line's options, none of them given."""
    return argparse.Namespace(month=None, dry_run=False, customers=None)


@pytest.fixture(scope="session")
def program(spark):
    """A program on a lake; the catalog forgets the tables of the lake before."""

    def build(root, source="generator", input_dir=None, **over):
        for schema in ("bronze", "silver", "gold", "model", "mart"):
            spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        config = Config.model_validate({**SMALL, **over})
        return Program(spark, config, Lake(spark, str(root)), source, input_dir and str(input_dir), "test")

    return build


@pytest.fixture(scope="session")
def finished(program, options, tmp_path_factory):
    """A bank's month, run once and only read by the tests."""
    run = program(tmp_path_factory.mktemp("lake"))
    month_job.run(run, options)
    return run
