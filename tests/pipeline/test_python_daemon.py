import sys
from zipimport import zipimporter

import pyarrow as pa


def test_a_worker_has_what_it_needs_loaded_and_reads_no_archive_before_a_task(spark):
    def seen(batches):
        archives = [entry for entry, found in sys.path_importer_cache.items() if isinstance(found, zipimporter)]
        for _ in batches:
            columns = [pa.array([len(archives)]), pa.array([{"pandas", "scipy.sparse"} <= sys.modules.keys()])]
            yield pa.RecordBatch.from_arrays(columns, names=["archives", "loaded"])

    found = spark.range(4).repartition(2).mapInArrow(seen, "archives long, loaded boolean").distinct().collect()
    assert [tuple(row) for row in found] == [(0, True)]
