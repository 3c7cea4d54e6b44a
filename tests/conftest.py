"""A small bank and programs on it, in the session that all tests share."""

import argparse
import shutil
from datetime import date

import pytest

from finrec_spark.pipeline.config import config_of
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.runner import run_step
from finrec_spark.tables import TREES
from finrec_spark.warehouse import Lake
from tests.campaign_bank import BANK, MODELS

JUNE = date(2022, 6, 1)
SMALL = {
    "generator": {"customers": 250, "products": 60, "months": 8, "campaign_every_months": 4},
    "parameters": {"als": {"rank": 4, "iterations": 2}},
    "ensemble": {
        "candidates": 20,
        "pairs_a_month": 5000,
        "forest": {"trees": 5, "depth": 4, "minimum_rows": 5},
        "boosting": {"rounds": 5},
    },
    "log_dir": None,
}


GRU = {
    "models": ["popularity", "gru"],
    "parameters": {
        "als": {"rank": 4, "iterations": 2},
        "gru": {
            "network": {"width": 8, "hidden": 8, "token_hidden": 4},
            "training": {"epochs": 1, "processes": 2},
        },
    },
    "text": {"vector_size": 8, "iterations": 1},
    "sequences": {"cuts": 2, "events": 5},
}
"""The network alone, and small."""


@pytest.fixture(scope="session")
def options():
    """The command line's options, none of them given."""
    return argparse.Namespace(month=None, dry_run=False, customers=None, without=())


@pytest.fixture(scope="session")
def unmeasured():
    """The command line's options of a month without what takes longest: figures and report."""
    return argparse.Namespace(month=None, dry_run=False, customers=None, without=("evaluate", "report"))


@pytest.fixture(scope="session")
def context(spark):
    """The context of a job on a lake; the catalog forgets the tables of the lake before."""

    def build(root, source="generator", input_dir=None, **over):
        for schema in ("bronze", "silver", "gold", "model", "mart"):
            spark.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        config = config_of({**SMALL, **over})
        return RunContext(spark, config, Lake(spark, str(root)), source, input_dir and str(input_dir))

    return build


@pytest.fixture(scope="session")
def finished(context, options, tmp_path_factory):
    """A bank's month, run once and only read by the tests."""
    from jobs import month as month_job

    run = context(tmp_path_factory.mktemp("lake"))
    month_job.run(run, options)
    return run


@pytest.fixture(scope="session")
def decided(context, unmeasured, tmp_path_factory):
    """April decided with its campaigns, once; only read."""
    from jobs import month as month_job

    run = context(tmp_path_factory.mktemp("campaign") / "lake", generator={**BANK, "known_months": 8}, **MODELS)
    month_job.run(run, unmeasured)
    return run


@pytest.fixture(scope="session")
def with_gru(finished, context, tmp_path_factory):
    """June decided once more on a copy of the finished lake, by popularity and the network alone, in two processes."""
    pytest.importorskip("torch", reason="the training extra is not installed")
    pytest.importorskip("sparknlp", reason="the nlp extra is not installed")
    from jobs import build_sequences, embed_text, recommend, train_gru

    root = tmp_path_factory.mktemp("gru") / "lake"
    shutil.copytree(finished.lake.root, root)
    other = context(root, "files", **GRU)
    trees = other.lake.read(TREES, month=JUNE)  # they are over other models
    other.lake.replace(TREES, trees.limit(0), month=JUNE)
    for job in (embed_text, build_sequences, train_gru, recommend):
        run_step(job.STEP, other, JUNE)
    return other
