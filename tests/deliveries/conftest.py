"""A small bank in files, which each test spoils or writes anew, and what is read of it."""

import pytest

from finrec_spark.sources.files import FilesParams, read_landing
from finrec_spark.sources.reading import source_of
from finrec_spark.sources.told import told_in_one_line
from tests.deliveries.small_bank import CUSTOMERS, EVENTS, PRODUCTS, csv_text


@pytest.fixture
def bank(tmp_path):
    """A folder with the three needed tables."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name, rows in (("customers", CUSTOMERS), ("products", PRODUCTS), ("interactions", EVENTS)):
        (folder / f"{name}.csv").write_text(csv_text(rows), encoding="utf-8")
    return folder


@pytest.fixture
def landed(spark, bank):
    """The rows of one table of the bank, with the errors told as a job tells them."""

    def read(table, folder=None, **params):
        files = FilesParams(**params)
        landing = read_landing(spark, str(folder or bank), files)
        with told_in_one_line(spark, *source_of(landing, table, files)):
            return getattr(landing, table).collect()

    return read
