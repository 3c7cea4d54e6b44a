import sys
import zipfile
from zipimport import ZipImportError

import pyarrow as pa
import pytest

from finrec_spark.pipeline.python_daemon import UnchangingArchive

MODULES = ("pandas", "scipy.sparse", "pyarrow.compute")


def test_workers_have_what_they_need_and_read_no_archive_before_a_task(spark):
    def seen(batches):
        read_again = sum(type(found).__name__ == "zipimporter" for found in sys.path_importer_cache.values())
        for _ in batches:
            loaded = all(module in sys.modules for module in MODULES)
            yield pa.RecordBatch.from_arrays([pa.array([read_again]), pa.array([loaded])], names=["read", "loaded"])

    found = spark.range(4).repartition(2).mapInArrow(seen, "read long, loaded boolean").distinct().collect()
    assert [tuple(row) for row in found] == [(0, True)]


def test_an_archive_is_read_once(tmp_path):
    path = tmp_path / "bank.zip"
    write(path, "rules")
    found = UnchangingArchive(str(path))
    write(path, "rules", "limits")
    found.invalidate_caches()
    assert found.find_spec("rules") is not None and found.find_spec("limits") is None


def test_a_jar_is_not_looked_into(tmp_path):
    path = tmp_path / "delta.jar"
    write(path, "rules")
    with pytest.raises(ZipImportError, match="delta.jar"):
        UnchangingArchive(str(path))


def write(path, *modules):
    with zipfile.ZipFile(path, "w") as archive:
        for module in modules:
            archive.writestr(f"{module}.py", "LIMIT = 3")
