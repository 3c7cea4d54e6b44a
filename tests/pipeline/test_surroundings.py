"""What a job makes of a terminal, folders and a Hadoop configuration that are not as usual."""

import io
import logging
import sys

import pytest

from finrec_spark.pipeline.logs import configure_logging, print_in_plain_signs
from finrec_spark.pipeline.paths import file_system_of_hadoop


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [
        ("iso-8859-1", ".458 ± .03 - Société, S?? -- '|'"),
        ("ascii", ".458 +- .03 - Societe, S?? -- '|'"),
        ("gb18030", ".458 ± .03 − Société, S银行 –— ’│‘"),
    ],
)
def test_signs_that_the_terminal_lacks_are_printed_as_others(monkeypatch, encoding, printed):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    print_in_plain_signs()
    print(".458 ± .03 − Société, S银行 –— ’│‘", end="", flush=True)
    assert stream.buffer.getvalue().decode(encoding) == printed


@pytest.mark.parametrize("folder", ["a file/logs", "/proc/nowhere/logs"])
def test_a_log_that_cannot_be_written_is_told_and_keeps_no_job_from_its_work(tmp_path, capsys, folder):
    (tmp_path / "a file").write_text("")
    configure_logging("text", str(tmp_path / folder))
    logger = logging.getLogger("finrec_spark")
    logger.debug("traceback", exc_info=ValueError("why"))
    logger.debug("what only a file is meant for")
    told = capsys.readouterr().err
    assert f"log_dir {tmp_path / folder} cannot be written" in told
    assert "ValueError: why" in told
    assert "only a file" not in told


@pytest.mark.parametrize("name", ["fs.defaultFS", "fs.default.name"])
def test_the_file_system_of_hadoop_is_read_from_hadoops_configuration(tmp_path, name):
    prop = f"<property><name>{name}</name><value> hdfs://bank:8020/ </value></property>"
    (tmp_path / "core-site.xml").write_text(f"<?xml version='1.0'?><configuration>{prop}</configuration>")
    assert file_system_of_hadoop({"HADOOP_CONF_DIR": str(tmp_path)}) == "hdfs://bank:8020"


@pytest.mark.parametrize("content", [None, "", "<configuration/>", "no xml"])
def test_without_a_word_in_it_there_is_no_default(tmp_path, content):
    if content is not None:
        (tmp_path / "core-site.xml").write_text(content)
    assert file_system_of_hadoop({"HADOOP_CONF_DIR": str(tmp_path)}) is None
    assert file_system_of_hadoop({}) is None
