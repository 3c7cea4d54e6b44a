import shutil
from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.evaluate_last_month import STEP
from finrec_spark.steps.scoring_inputs import read_month_tables, rows_with_taken
from finrec_spark.tables import PRODUCT_INDEX_TABLE

MAY, JUNE = date(2022, 5, 1), date(2022, 6, 1)


def test_a_month_is_read_once_and_anew_after_positions_were_written(job):
    first = read_month_tables(job, MAY)
    assert read_month_tables(job, MAY) is first
    job.context.lake.replace(PRODUCT_INDEX_TABLE, job.context.lake.read(PRODUCT_INDEX_TABLE))
    again = read_month_tables(job, MAY)
    assert again is not first
    assert again.product_ids == first.product_ids


def test_what_was_taken_is_among_the_products_that_were_read(job):
    tables = read_month_tables(job, MAY)
    fewer = replace(tables, product_ids=tables.product_ids[: len(tables.product_ids) // 2])
    largest = F.max(F.array_max("taken")).alias("largest")
    assert rows_with_taken(job, tables).agg(largest).head().largest >= len(fewer.product_ids)
    assert rows_with_taken(job, fewer).agg(largest).head().largest < len(fewer.product_ids)


@pytest.fixture
def job(finished, context, tmp_path):
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    return StepRun(context(tmp_path / "lake", "files"), STEP, JUNE)
