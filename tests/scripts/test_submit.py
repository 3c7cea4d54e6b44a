"""spark-submit.sh: its own words, and what it hands to Spark's spark-submit (a stand-in that repeats it)."""

import hashlib
import zipfile

import pytest


def lines(done, kind):
    """What the stand-in said of one kind, in order."""
    return [line.removeprefix(f"{kind}: ") for line in done.stdout.splitlines() if line.startswith(f"{kind}: ")]


def test_alone_it_lists_the_jobs_with_a_line_each_and_sets_nothing_up(bare):
    done = bare.submit()
    assert done.returncode == 0
    assert "  hello            Say hello.\n" in done.stdout
    assert not (bare.root / ".venv").exists()


def test_an_unknown_job_ends_2_and_names_those_there_are(bare):
    done = bare.submit("helo")
    assert (done.returncode, done.stderr) == (2, "finrec_spark: there is no job helo; there are: hello\n")


@pytest.mark.parametrize(
    "arguments", [["--master", "local"], ["--driver-memory"], ["--conf", "conf/local.yaml", "hello"]]
)
def test_a_wrong_call_ends_2_with_one_line(bare, arguments):
    done = bare.submit(*arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_a_jobs_help_comes_without_spark_and_java(prepared):
    done = prepared.submit("--master", "yarn", "hello", "--month", "2022-06", "--help", JAVA_HOME="/nowhere")
    assert (done.returncode, done.stdout) == (0, "help of hello --help\n")


def test_options_before_the_job_are_sparks_and_those_after_it_the_jobs(prepared):
    done = prepared.submit(
        "--driver-memory", "2g", "--conf", "a.b=c d", "--supervise", "--name=x", "hello", "--lake", "l"
    )
    given = lines(done, "argument")
    start = given.index("--driver-memory")
    job = given.index(str(prepared.root / "jobs/hello.py"))
    assert given[start:job] == ["--driver-memory", "2g", "--conf", "a.b=c d", "--supervise", "--name", "x"]
    assert given[job + 1 : job + 3] == ["--lake", "l"]


def test_a_value_that_is_called_like_a_job_is_no_job(prepared):
    given = lines(prepared.submit("--name", "hello", "hello"), "argument")
    assert given.count("hello") == 1


@pytest.mark.parametrize("code", [0, 1, 2, 3, 4])
def test_the_jobs_exit_code_is_the_scripts(prepared, code):
    assert prepared.submit("hello", FAKE_EXIT=str(code)).returncode == code


def test_properties_come_from_the_jobs_configuration(prepared):
    (prepared.root / "conf" / "mine.yaml").write_text("spark: {spark.sql.shuffle.partitions: 5}\n")
    properties = lines(prepared.submit("hello", "--conf", "conf/mine.yaml"), "property")
    assert "spark.sql.shuffle.partitions 5" in properties
    assert "spark.sql.session.timeZone UTC" in properties


def test_a_users_properties_file_wins_and_the_clusters_defaults_give_way(prepared):
    (prepared.root / "conf" / "spark-defaults.conf").write_text("spark.driver.memory 1g")
    (prepared.root / "mine.properties").write_text("spark.driver.memory 3g")
    properties = lines(prepared.submit("--properties-file", "mine.properties", "hello"), "property")
    assert [line for line in properties if "driver.memory" in line] == [
        "spark.driver.memory 1g",
        "spark.driver.memory 1536m",  # conf/local.yaml's
        "spark.driver.memory 3g",
    ]


def test_what_gru_needs_is_installed_and_handed_to_spark(prepared):
    prepared.shell('write_stamp "nlp training"').check_returncode()
    done = prepared.submit("hello", "--conf", "conf/gru.yaml")
    assert done.returncode == 0
    (packages,) = (line for line in lines(done, "property") if line.startswith("spark.jars.packages"))
    assert packages.endswith(",com.johnsnowlabs.nlp:spark-nlp_2.12:5.5.3")
    assert sum(line.startswith("spark.jars.excludes ") for line in lines(done, "property")) == 1


def test_where_gru_is_a_model_its_extras_are_installed_first(prepared):
    done = prepared.submit("hello", "--conf", "conf/gru.yaml")
    assert done.returncode == 0
    assert prepared.installs() == ["base nlp training", "editable"]


def test_what_a_job_needs_is_installed_for_that_job_alone(prepared):
    (prepared.root / "conf" / "mine.yaml").write_text("needs: {hello: {extras: [tuning]}}\n")
    assert prepared.submit("hello", "--conf", "conf/mine.yaml").returncode == 0
    assert prepared.installs() == ["base tuning", "editable"]


def test_without_gru_nothing_of_it_is_installed_or_fetched(prepared):
    done = prepared.submit("hello")
    assert prepared.installs() == []
    assert not [line for line in lines(done, "property") if "johnsnowlabs" in line]


def test_broken_yaml_ends_2_with_one_line(prepared):
    (prepared.root / "broken.yaml").write_text("spark: [")
    done = prepared.submit("hello", "--conf", "broken.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith("finrec_spark: broken.yaml: ")
    assert done.stderr.count("\n") == 1


def test_a_configuration_without_base_yaml_beside_it_ends_2_with_one_line(prepared):
    (prepared.root / "elsewhere.yaml").write_text("models: [popularity]\n")
    done = prepared.submit("hello", "--conf", "elsewhere.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith("finrec_spark: elsewhere.yaml: there is no base.yaml beside it")
    assert done.stderr.count("\n") == 1


def test_the_package_travels_to_a_cluster_beside_the_users_files(prepared):
    given = lines(prepared.submit("--py-files", "more.zip", "--master", "spark://h:7077", "hello"), "argument")
    archive = prepared.root / "build/finrec_spark-code.zip"
    assert given[given.index("--py-files") + 1] == f"{archive},more.zip"
    assert {"finrec_spark/errors.py", "jobs/hello.py"} <= set(zipfile.ZipFile(archive).namelist())


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ([], "finrec_spark-code.zip"),
        (["--conf", "spark.executorEnv.PYTHONPATH=/more"], "finrec_spark-code.zip:/more"),
    ],
)
def test_what_executors_start_finds_the_package_too(prepared, given, path):
    found = lines(prepared.submit("--master", "yarn", *given, "hello"), "argument")
    said = [word for word in found if word.startswith("spark.executorEnv.PYTHONPATH=")]
    assert said[-1] == f"spark.executorEnv.PYTHONPATH={path}"


@pytest.mark.parametrize("master", ["local", "local[3]"])
def test_nothing_travels_where_spark_is_local(prepared, master):
    assert "--py-files" not in lines(prepared.submit("--master", master, "hello"), "argument")


def test_a_master_given_as_a_property_counts(prepared):
    given = lines(prepared.submit("--conf", "spark.master=yarn", "hello"), "argument")
    assert given[given.index("--master") + 1] == "yarn"
    assert "--py-files" in given


def test_the_same_sources_make_the_same_archive(prepared):
    archive = prepared.root / "build/finrec_spark-code.zip"
    digests = set()
    for _ in range(2):
        archive.unlink(missing_ok=True)
        prepared.submit("--master", "yarn", "hello").check_returncode()
        digests.add(hashlib.sha256(archive.read_bytes()).hexdigest())
    assert len(digests) == 1


def test_the_archive_is_made_anew_only_after_a_change(prepared):
    archive = prepared.root / "build/finrec_spark-code.zip"
    prepared.submit("--master", "yarn", "hello").check_returncode()
    first = archive.stat().st_mtime_ns
    prepared.submit("--master", "yarn", "hello").check_returncode()
    assert archive.stat().st_mtime_ns == first
    (prepared.root / "jobs/hello.py").write_text("changed = True\n")
    prepared.submit("--master", "yarn", "hello").check_returncode()
    second = archive.stat().st_mtime_ns
    assert second > first
    (prepared.root / "finrec_spark/errors.py").unlink()
    prepared.submit("--master", "yarn", "hello").check_returncode()
    assert "finrec_spark/errors.py" not in zipfile.ZipFile(archive).namelist()


def test_sparks_noise_goes_to_a_log_and_downloads_are_told(prepared):
    noise = "WARN something\ndownloading https://host/io/delta/delta.jar ...\n\tat java.lang.Thread.run"
    done = prepared.submit("hello", FAKE_SPARK=noise)
    assert done.stderr == "finrec_spark: fetching delta.jar\n"
    (log,) = (prepared.root / "logs").glob("spark-hello-*.log")
    assert log.read_text() == noise + "\n"
    assert "loading settings" not in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Error: Unrecognized option: --foo", "Spark failed: Error: Unrecognized option: --foo"),
        (
            'Exception in thread "main" java.lang.RuntimeException: [unresolved dependency: a#b;1: not found]',
            "packages",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "Java heap space"),
    ],
)
def test_what_kept_spark_from_running_is_told_in_one_line(prepared, words, told):
    done = prepared.submit("hello", FAKE_SPARK=words, FAKE_EXIT="1")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


def test_what_the_job_says_on_stdout_and_on_stderr_stays_apart(prepared):
    (prepared.root / "jobs" / "hello.py").write_text(
        "import sys\nprint('a table')\nprint('a line of the log', file=sys.stderr)\nraise RuntimeError('why')\n"
    )
    done = prepared.submit("hello", FAKE_JOB="run")
    assert done.stdout.splitlines()[-1] == "a table"
    assert done.stderr.startswith("a line of the log\nTraceback")
    assert done.stderr.endswith("RuntimeError: why\n")


def test_verbose_shows_all_that_spark_says(prepared):
    assert "WARN something" in prepared.submit("--verbose", "hello", FAKE_SPARK="WARN something").stderr


def test_no_temporary_file_stays(prepared):
    (prepared.root / "logs").mkdir(exist_ok=True)
    prepared.submit("hello", TMPDIR=str(prepared.root / "logs")).check_returncode()
    assert not list((prepared.root / "logs").glob("finrec_spark-*"))


def test_spark_finds_its_surroundings(prepared):
    venv = prepared.root / ".venv"
    found = lines(prepared.submit("hello"), "environment")
    assert f"SPARK_HOME={venv}/lib/python3.11/site-packages/pyspark" in found
    assert f"SPARK_CONF_DIR={prepared.root}/conf" in found
    assert f"PYSPARK_PYTHON={venv}/bin/python" in found
    assert f"PYTHONPATH={prepared.root}" in found


def test_a_clusters_own_configuration_of_spark_wins(prepared):
    found = lines(prepared.submit("hello", SPARK_CONF_DIR="/cluster/conf"), "environment")
    assert "SPARK_CONF_DIR=/cluster/conf" in found


def test_it_can_be_called_from_another_folder(prepared):
    found = prepared.shell("cd /; $ROOT/spark-submit.sh hello".replace("$ROOT", '"$ROOT"'))
    assert f"{prepared.root}/conf/local.yaml" in lines(found, "argument")
