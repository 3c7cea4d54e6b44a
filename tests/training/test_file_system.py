import pytest
from pyarrow.fs import LocalFileSystem, S3FileSystem

from finrec_spark.errors import ConfigError
from finrec_spark.training.file_system import arrow_place, file_system


def test_a_path_and_its_url_lead_to_the_same_file(tmp_path):
    assert file_system(str(tmp_path)) == file_system(f"file://{tmp_path}") == (LocalFileSystem(), str(tmp_path))


@pytest.mark.parametrize("scheme", ["s3a", "s3"])
@pytest.mark.parametrize(
    "endpoint", ["http://storage.bank.example:9000", "https://storage.bank.example", "bank.example"]
)
def test_s3_is_reached_at_the_endpoint_that_spark_is_told(scheme, endpoint):
    files, path = file_system(arrow_place(f"{scheme}://bank/lake", endpoint))
    protocol, host = endpoint.split("://") if "://" in endpoint else ("https", endpoint)
    assert (files, path) == (S3FileSystem(scheme=protocol, endpoint_override=host), "bank/lake")


def test_without_an_endpoint_s3_is_amazons():
    assert arrow_place("s3a://bank/lake", None) == arrow_place("s3a://bank/lake", "") == "s3://bank/lake"


def test_a_file_system_that_pyarrow_does_not_know_is_told_in_one_line():
    with pytest.raises(
        ConfigError, match=r"^dbfs:/{2}x: files are written to folders, .* leave gru and the campaign out$"
    ):
        file_system("dbfs://x")
