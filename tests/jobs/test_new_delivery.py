"""What a new delivery makes anew: the months whose past it changes, and no others."""

import shutil
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.pipeline.explain import verdicts
from finrec_spark.pipeline.runner import run_step
from finrec_spark.tables import RECOMMENDATIONS, RUNS
from jobs import ingest
from jobs import month as month_job

pytestmark = pytest.mark.slow
JUNE, JULY = date(2022, 6, 1), date(2022, 7, 1)


@pytest.fixture
def delivered(finished, context, tmp_path, spark):
    """A copy of the finished lake, and its landing files with these events beside them."""
    shutil.copytree(finished.lake.root, tmp_path / "lake")
    shutil.copytree(f"{finished.lake.root}/landing", tmp_path / "in")

    def build(*days):
        landed = spark.read.parquet(f"{tmp_path}/in/interactions.parquet")
        events = [
            landed.where("event_type = 'open'")
            .orderBy("event_id")
            .limit(40)
            .withColumns(
                {"event_id": F.concat(F.lit(f"new-{day}-"), "event_id"), "event_time": F.lit(f"{day} 10:00:00")}
            )
            for day in days
        ]
        for rows in events:
            rows.localCheckpoint().write.mode("append").parquet(f"{tmp_path}/in/interactions.parquet")
        return context(tmp_path / "lake", "files", tmp_path / "in")

    return build


def test_a_new_month_runs_no_step_of_the_months_before(delivered, options):
    job = delivered("2022-06-10")
    before = job.lake.read(RUNS).count()
    month_job.run(job, options)
    new = job.lake.read(RUNS).orderBy(F.desc("finished_at")).limit(job.lake.read(RUNS).count() - before).collect()
    assert {(row.step, row.month) for row in new if row.month != JULY} == set()
    assert {"build_matrix", "recommend", "evaluate"} <= {row.step for row in new}
    assert {row.why for row in new if row.step == "ingest"} == {"another delivery"}
    assert job.lake.read(RECOMMENDATIONS, month=JULY).count() > 0


def test_a_late_row_makes_exactly_what_read_its_month_anew(delivered):
    job = delivered("2022-04-20")
    run_step(ingest.STEP, job, JUNE)
    found = {(v.step.name, v.month.month): v.why for v in verdicts(month_job.plan_of(job, JUNE), job)}
    assert {step for (step, month), why in found.items() if month == 4 and why} == set()
    assert found["build_matrix", 5] == "data changed: silver.interactions of 2022-04"
    assert {step for (step, month), why in found.items() if month in (5, 6) and why is None} == set()
