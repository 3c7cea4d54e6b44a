"""Spark's Python daemon, made cheap for many small tasks: ``spark.python.daemon.module`` of runs on one machine.

A worker of Spark's own daemon reads the directories of ``pyspark.zip``, py4j's archive and ``spark-core``'s jar again
before every task, since it invalidates all import caches there (.2 s of CPU time with Python 3.11). It loads pandas,
Arrow and SciPy anew whenever the one before had idled for a minute (1 s), and walks through all that is loaded when it
collects garbage after a task. Here the same modules come from site-packages, workers are forked from a process that has
them, and the collector passes over them.

Executors elsewhere may not have this package when their daemon starts, and their tasks are longer.
"""

import gc
import sys
from importlib import import_module
from pathlib import PurePath

_ARCHIVES = ("pyspark", "py4j", "spark-core")
_LOADED = ("pandas", "pyarrow.compute", "pydantic", "pyspark.sql.pandas.serializers", "scipy.sparse", "scipy.special")


def without_archives(path: list[str]) -> list[str]:
    """The entries of ``sys.path`` but Spark's own archives, whose modules pip has installed too.

    >>> without_archives(["/job", "/spark/lib/pyspark.zip", "/spark/jars/spark-core_2.12-3.5.9.jar", "/bank.zip"])
    ['/job', '/bank.zip']
    """
    return [entry for entry in path if not _is_sparks(PurePath(entry))]


def _is_sparks(entry: PurePath) -> bool:
    return entry.suffix in (".zip", ".jar") and entry.name.startswith(_ARCHIVES)


def main() -> None:
    """Load what workers need, then be the daemon until Spark says otherwise."""
    sys.path[:] = without_archives(sys.path)
    sys.path_importer_cache.clear()
    for module in _LOADED:
        import_module(module)
    gc.collect()
    gc.freeze()
    import_module("pyspark.daemon").manager()


if __name__ == "__main__":
    main()
