"""Spark's Python daemon, made cheap for many small tasks: ``spark.python.daemon.module`` of runs on one machine.

Before every task a worker of Spark's own daemon invalidates all import caches, and with Python 3.11 reads the directory
of every archive on its path again: Spark's own ones and the jars of all packages, .2 s of CPU time and more. It loads
pandas, Arrow and SciPy anew whenever the one before had idled for a minute (1 s), and walks through all that is loaded
when it collects garbage after a task. Here archives are read once and jars, which hold no Python, never; workers are
forked from a process that has loaded what they need, and the collector passes over it.

Executors elsewhere may not have this package when their daemon starts, and their tasks are longer.
"""

import gc
import sys
from importlib import import_module
from zipimport import ZipImportError, zipimporter

_LOADED = (
    "lightgbm",
    "pandas",
    "pyarrow.compute",
    "pydantic",
    "pyspark.sql.pandas.serializers",
    "scipy.sparse",
    "scipy.special",
)


class UnchangingArchive(zipimporter):
    """An archive on the path that is never read again, and no jar."""

    def __init__(self, path: str) -> None:
        """As ``zipimporter``.

        Raises:
            ZipImportError: it is no archive, or a jar.
        """
        if path.endswith(".jar"):
            raise ZipImportError(f"{path}: Python is not looked for in jars", path=path)
        super().__init__(path)

    def invalidate_caches(self) -> None:
        """Nothing: what Spark has fetched for a job stays as it is."""


def main() -> None:
    """Load what workers need, then be the daemon until Spark says otherwise."""
    sys.path_hooks[sys.path_hooks.index(zipimporter)] = UnchangingArchive
    sys.path_importer_cache.clear()
    for module in _LOADED:
        import_module(module)
    gc.freeze()
    import_module("pyspark.daemon").manager()


if __name__ == "__main__":
    main()
