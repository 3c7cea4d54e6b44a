from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import functions as F

from finrec_spark.errors import DataQualityError, FinrecError, InputMissing, SchemaError
from finrec_spark.pipeline.checks import Check
from finrec_spark.pipeline.fingerprint import fingerprint, why_stale
from finrec_spark.pipeline.publication import publish
from finrec_spark.pipeline.runner import run_step
from finrec_spark.pipeline.step import Read, Step, Writes
from finrec_spark.tables import CHECKS, EXCLUSIONS, PUBLICATIONS, RUNS
from finrec_spark.warehouse import Lake

from .conftest import EVENTS, LETTERS, write_rows

APRIL, MAY, JUNE, JULY = (date(2022, month, 1) for month in (4, 5, 6, 7))


@pytest.fixture
def job(context, tmp_path):
    """A job on the test's lake, as it would be started anew."""
    return lambda **over: context(tmp_path / "lake", **over)


def _why(step, job, month=JUNE):
    return why_stale(step, job, month, fingerprint(step, job, month))


def test_a_step_runs_once_and_then_is_up_to_date_in_a_job_started_anew(job, letters):
    assert run_step(letters, job(), JUNE).rows == 2
    assert run_step(letters, job(), JUNE).rows is None
    assert _why(letters, job()) is None


@pytest.fixture
def code_settings(spark):
    """Reads how queries run; they run as before after the test."""
    names = ("spark.sql.codegen.wholeStage", "spark.sql.codegen.factoryMode")
    before = {name: spark.conf.get(name) for name in names}
    yield lambda: tuple(spark.conf.get(name) for name in names)
    for name, value in before.items():
        spark.conf.set(name, value)


@pytest.mark.parametrize(("megabytes", "settings"), [(1, ("false", "NO_CODEGEN")), (2, ("true", "FALLBACK"))])
def test_queries_of_a_small_delivery_are_interpreted_and_others_are_not(
    context, letters, code_settings, tmp_path, megabytes, settings
):
    (tmp_path / "delivery").mkdir()
    (tmp_path / "delivery" / "interactions.csv").write_bytes(b"x" * (megabytes << 20))
    run_step(letters, context(tmp_path / "lake", "files", tmp_path / "delivery", small_delivery_mb=1), JUNE)
    assert code_settings() == settings


def test_a_job_that_takes_no_delivery_in_goes_by_what_the_lake_holds(context, code_settings, monkeypatch, tmp_path):
    job = context(tmp_path / "lake", small_delivery_mb=1)
    monkeypatch.setattr(Lake, "exists", lambda lake, table: True)
    monkeypatch.setattr(Lake, "count", lambda lake, table: 1_000_000)
    job.suit_queries()
    assert code_settings() == ("true", "FALLBACK")


def test_a_changed_parameter_is_named(job, letters):
    with_params = lambda n: replace(letters, params=lambda config: {"als": {"rank": n, "alpha": 1}})  # noqa: E731
    run_step(with_params(4), job(), JUNE)
    assert _why(with_params(8), job()) == "parameters changed: als.rank"


def test_a_changed_module_is_named(job, letters, monkeypatch):
    run_step(letters, job(), JUNE)
    monkeypatch.setattr(
        "finrec_spark.pipeline.fingerprint.module_digests", lambda roots: {"finrec_spark.models.als": "1"}
    )
    assert _why(letters, job()) == "code changed: models.als"


def test_a_table_that_somebody_overwrote_is_made_anew(job, letters, spark):
    run_step(letters, job(), JUNE)
    other = job().lake
    other.replace(LETTERS, spark.createDataFrame([(JUNE, "z")], LETTERS.ddl), month=JUNE)
    assert _why(letters, job()) == "output changed: gold.letters 2022-06-01 is not as it was left"
    assert run_step(letters, job(), JUNE).rows == 2
    assert {row.letter for row in job().lake.read(LETTERS).collect()} == {"a", "b"}


def test_what_somebody_overwrote_is_made_anew_though_another_month_was_written_since(job, letters, spark):
    run_step(letters, job(), JUNE)
    job().lake.replace(LETTERS, spark.createDataFrame([(JUNE, "z")], LETTERS.ddl), month=JUNE)
    run_step(letters, job(), JULY)
    assert _why(letters, job()) == "output changed: gold.letters 2022-06-01 is not as it was left"
    assert _why(letters, job(), JULY) is None


def test_rows_are_not_looked_at_where_the_log_says_that_they_lie_as_they_were_left(job, letters, monkeypatch):
    def fail(run):
        letters.run(run)
        raise RuntimeError

    run_step(letters, job(), JUNE)
    for n in (1, 2):  # the first result is not among the newest any more
        run_step(replace(letters, params=lambda config, n=n: {"n": n}), job(), MAY)
    monkeypatch.setattr(Lake, "digest", lambda *rows, **values: pytest.fail("the rows are looked at"))
    assert _why(letters, job()) is None
    with pytest.raises(RuntimeError):
        run_step(replace(letters, run=fail), job(), JULY)
    assert _why(letters, job()) is None


def test_what_a_failed_attempt_left_is_made_anew(job, letters):
    def fail(run):
        write_rows(LETTERS, ["z"])(run)
        raise RuntimeError

    run_step(letters, job(), JUNE)
    failing = job()
    with pytest.raises(RuntimeError):
        run_step(replace(letters, run=fail, params=lambda config: {"n": 1}), failing, JUNE)
    for later in (failing, job()):
        assert _why(letters, later) == "output changed: gold.letters 2022-06-01 is not as it was left"


def test_a_table_that_was_rewritten_with_the_same_content_is_left_alone(job, letters):
    run_step(letters, job(), JUNE)
    other = job().lake
    same = other.read(LETTERS, month=JUNE).coalesce(1).localCheckpoint()
    other.replace(LETTERS, same, month=JUNE)
    assert _why(letters, job()) is None


def test_another_month_s_write_changes_nothing(job, letters):
    run_step(letters, job(), JUNE)
    run_step(letters, job(), MAY)
    assert _why(letters, job(), JUNE) is None


def test_what_reads_something_made_anew_is_made_anew_and_says_so(job, letters, words):
    run_step(letters, job(), JUNE)
    run_step(words, job(), JUNE)
    run_step(replace(letters, params=lambda config: {"n": 1}), job(), JUNE)
    assert _why(words, job()) == "gold.letters 2022-06 was made anew by letters 2022-06"


def test_a_growing_table_makes_only_the_months_stale_whose_past_changed(job, take_events, words):
    reader = replace(words, reads=lambda context, month: (Read(EVENTS),))
    run_step(take_events(("a", "2022-03-05"), ("b", "2022-04-20")), job(), MAY)
    for month in (APRIL, MAY, JUNE):
        run_step(reader, job(), month)
    run_step(take_events(("c", "2022-05-03")), job(), JUNE)
    assert [_why(reader, job(), month) for month in (APRIL, MAY)] == [None, None]
    assert _why(reader, job(), JUNE) == "data changed: silver.events of 2022-05"
    run_step(take_events(("late", "2022-03-09")), job(), JULY)
    assert _why(reader, job(), APRIL) == "data changed: silver.events of 2022-03"


def test_what_was_never_made_is_a_missing_input(job, words):
    with pytest.raises(InputMissing, match=r"gold.letters: nothing of 2022-06.*words needs it"):
        run_step(words, job(), JUNE)


def test_what_is_not_declared_cannot_be_read(job, letters):
    run_step(letters, job(), JUNE)
    peeking = Step("peeking", lambda run: run.read(LETTERS).count())
    with pytest.raises(FinrecError, match=r"peeking does not declare that it reads gold.letters"):
        run_step(peeking, job(), JUNE)


def test_the_ledger_keeps_every_attempt_and_why_it_ran(job, letters):
    def die(run):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_step(replace(letters, run=die), job(), JUNE)
    run_step(letters, job(), JUNE)
    rows = job().lake.read(RUNS).orderBy("finished_at").collect()
    assert [(row.status, row.why) for row in rows] == [
        ("failed", "no result yet"),
        ("done", "no result yet"),
    ]
    assert rows[1].outputs[0].asDict(recursive=True)["slice"] == {"month": "2022-06-01"}
    assert rows[0].attempt_id != rows[1].attempt_id


def test_an_attempt_that_was_killed_is_recorded_by_the_next_job(job, letters):
    killed = job()
    killed.held.left = []
    notes = []
    killed.held.note = lambda attempts: notes.append(list(attempts))
    with pytest.raises(SystemExit):
        run_step(replace(letters, run=lambda run: (_ for _ in ()).throw(SystemExit)), killed, JUNE)
    later = job()
    later.held.left = notes[0]
    later.record_killed()
    assert {(row.step, row.status) for row in later.lake.read(RUNS).collect()} == {
        ("letters", "killed"),
        ("letters", "failed"),
    }


def test_a_lake_of_an_earlier_version_ends_with_one_line(job, spark):
    old = job().lake
    columns = "run_id string, step string, month date, status string"
    spark.createDataFrame([("r", "ingest", JUNE, "done")], columns).write.format("delta").save(old.path(RUNS))
    with pytest.raises(
        SchemaError, match="was made by an earlier version; it stays as it is: give --lake a new folder"
    ) as error:
        job()
    assert "\n" not in str(error.value)


@pytest.fixture
def publishing():
    """A step that publishes these exclusions: product, rule, customers."""

    def build(*rows, checks=(), **expected):
        def run(step_run):
            df = step_run.spark.createDataFrame(rows, "product_id string, rule string, customers long")
            staged = step_run.stage(df.withColumn("customer_id", F.lit(None).cast("string")), "staged")
            return publish(step_run, {replace(EXCLUSIONS, references={}): staged}, checks, by="recommend", **expected)

        return Step(
            "recommend",
            run,
            writes=tuple(map(Writes, (EXCLUSIONS, CHECKS, PUBLICATIONS))),
            params=lambda c: {"n": rows},
        )

    return build


FAULTS = {
    "unique_key": ([("p", "owned", 1), ("p", "owned", 2)], (), {}),
    "rule_not_null": ([("p", None, 1)], (), {}),
    "customers_counted": ([("p", "owned", 0)], (), {}),
    "expected_rows": ([("p", "owned", 1)], (), {"exclusions": 2}),
    "nothing_owned": ([("p", "owned", 1)], (Check("mart.exclusions", "nothing_owned", 3),), {}),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_stops_the_publication_and_readers_keep_what_they_had(job, publishing, name):
    rows, checks, expected = FAULTS[name]
    run_step(publishing(("old", "owned", 5)), job(), JUNE)
    with pytest.raises(DataQualityError, match=name) as error:
        run_step(publishing(*rows, checks=checks, **expected), job(), JUNE)
    lake = job().lake
    assert error.value.exit_code == 4
    assert [row.product_id for row in lake.read(EXCLUSIONS).collect()] == ["old"]
    assert lake.read(PUBLICATIONS).count() == 1
    assert lake.read(CHECKS).where(~F.col("passed")).where(F.col("check") == name).count() == 1


def test_a_publication_names_the_month_the_run_and_the_versions(job, publishing):
    run_step(publishing(("p", "owned", 1)), job(), JUNE)
    started = job()
    row = started.lake.read(PUBLICATIONS).collect()[0]
    assert (row.month, row.run_id) == (JUNE, started.run_id(JUNE))
    assert row.versions["mart.exclusions"] == started.lake.version(EXCLUSIONS)


def test_the_view_follows_what_is_published_and_not_what_is_written(job, publishing, spark):
    from finrec_spark.tables import RECOMMENDATIONS

    started = job()
    lists = spark.createDataFrame([(m, "ann", 1, "p", 0.5, [], "v", "r") for m in (MAY, JUNE)], RECOMMENDATIONS.ddl)
    started.lake.replace(RECOMMENDATIONS, lists)
    run_step(publishing(("p", "owned", 1)), started, MAY)
    assert [row.month for row in spark.table("mart.v_recommendation_current").collect()] == [MAY]
    run_step(publishing(("p", "owned", 1)), job(), JUNE)
    assert [row.month for row in spark.table("mart.v_recommendation_current").collect()] == [JUNE]


def test_the_view_keeps_its_lists_where_a_later_month_publishes_others(job, publishing, spark):
    from finrec_spark.tables import RECOMMENDATIONS

    started = job()
    lists = spark.createDataFrame([(MAY, "ann", 1, "p", 0.5, [], "v", "r")], RECOMMENDATIONS.ddl)
    started.lake.replace(RECOMMENDATIONS, lists)
    run_step(publishing(("p", "owned", 1)), started, MAY)
    run_step(publishing(("p", "owned", 1)), job(), JUNE)  # as measure does before June has a list
    assert [row.month for row in spark.table("mart.v_recommendation_current").collect()] == [MAY]


def test_memory_shuffle_and_spill_are_spark_s_own(job, letters, spark):
    run_step(replace(letters, run=_shuffling), job(), JUNE)
    row = job().lake.read(RUNS).collect()[0]
    if spark.sparkContext.uiWebUrl is None:
        assert (row.peak_memory_bytes, row.shuffle_bytes, row.spill_bytes) == (None, None, None)
    else:
        assert row.shuffle_bytes > 0
        assert row.spill_bytes == 0


def _shuffling(run):
    run.spark.range(1000).groupBy((F.col("id") % 7).alias("k")).count().collect()
    return write_rows(LETTERS, ["a"])(run)
