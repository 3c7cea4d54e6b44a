import json
import logging

import pytest

from finrec_spark.pipeline.cli import Command, main, source_options
from finrec_spark.pipeline.session import session_on_demand

HELLO = Command("hello", "Say hello.", lambda program, options: None, source_options)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--monht", "2022-06"], "unrecognized arguments"),
        (["--month", "2022-13"], "expected YYYY-MM"),
        (["--conf", "no-such.yaml"], "no-such.yaml: cannot be read"),
        (["--source", "files"], "--source files needs --input DIR"),
        (["--source", "oracle"], "invalid choice: 'oracle'"),
        (
            ["--input", "/data/2022-06"],
            "--input /data/2022-06: the source generator reads no files; add --source files",
        ),
        (["--source", "files", "--input", ""], "--input is empty"),
        (["--lake", " "], "--lake is empty"),
        (["--lake", "/proc/lake"], "lake /proc/lake cannot be written"),
    ],
)
def test_wrong_usage_ends_with_2_and_one_line(argv, told, said):
    code, lines = said(argv)
    assert code == 2
    assert len(lines) == 1
    assert told in lines[0]


def test_a_job_whose_input_is_no_delivery_takes_one_without_a_source(said, tmp_path):
    taken = []
    command = Command(
        "measure", "", lambda run, _: taken.append(run.input_dir), source_options, input_is_delivery=False
    )
    assert said(["--input", "contacts.csv", "--lake", str(tmp_path / "lake")], command) == (0, [])
    assert taken == ["contacts.csv"]


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ("als: [", "is not valid YAML"),
        ("spark:\n  a: 1\nmodels: [als]\nspark:\n  b: 2", "my.yaml: is not valid YAML: line 4: key spark stands twice"),
        ("spark: {spark.x: 1, spark.x: 2}", "line 1: key spark.x stands twice"),
        ("alz: {}", "alz: Extra inputs are not permitted"),
        ("parameters: {als: {rank: 0}}\nrecommend: {n: ten}", "recommend.n: "),
    ],
)
def test_a_wrong_configuration_names_every_fault_in_one_line(yaml, told, said, tmp_path):
    (tmp_path / "my.yaml").write_text(yaml)
    code, lines = said(["--conf", str(tmp_path / "my.yaml")])
    assert (code, len(lines)) == (2, 1)
    assert told in lines[0]


def test_a_session_is_opened_by_whoever_first_asks_and_stopped_only_then():
    opened, stopped = [], []

    class Session:
        version = "3.5"

        def stop(self):
            stopped.append(self)

    def open_one():
        opened.append(Session())
        return opened[-1]

    with session_on_demand(open_one) as idle:
        assert (idle is not None, opened) == (True, [])
    assert stopped == []
    with session_on_demand(open_one) as asked:
        assert [asked.version, asked.version] == ["3.5", "3.5"]
    assert len(opened) == 1
    assert stopped == opened


def test_json_lines_are_json(capsys, tmp_path):
    from finrec_spark.pipeline.logs import configure_logging

    configure_logging("json", None)
    logging.getLogger("finrec_spark.job").info("a line")
    assert json.loads(capsys.readouterr().err)["message"] == "a line"


@pytest.fixture(autouse=True)
def _loggers_as_they_were():
    logger = logging.getLogger("finrec_spark")
    before = logger.handlers[:], logger.level, logger.propagate
    yield
    logger.handlers[:], logger.propagate = before[0], before[2]
    logger.setLevel(before[1])


@pytest.fixture
def said(capsys):
    def run(argv, command=HELLO):
        code = main(command, argv)
        return code, capsys.readouterr().err.splitlines()

    return run
