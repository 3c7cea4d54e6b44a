import pytest
from pyarrow.fs import LocalFileSystem, S3FileSystem

from finrec_spark.errors import ConfigError
from finrec_spark.training.file_system import file_system


def test_a_path_and_its_url_lead_to_the_same_file(tmp_path):
    assert file_system(str(tmp_path)) == file_system(f"file://{tmp_path}") == (LocalFileSystem(), str(tmp_path))


@pytest.mark.parametrize("scheme", ["s3a", "s3"])
def test_s3_is_reached_at_the_endpoint_that_the_environment_names(monkeypatch, scheme):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://storage.bank.example:9000")
    files, path = file_system(f"{scheme}://bank/lake")
    assert files == S3FileSystem(scheme="http", endpoint_override="storage.bank.example:9000")
    assert path == "bank/lake"


def test_a_file_system_that_pyarrow_does_not_know_is_told_in_one_line():
    with pytest.raises(ConfigError, match=r"^dbfs:/{2}x: gru is trained on files in .* leave gru out of models$"):
        file_system("dbfs://x")
