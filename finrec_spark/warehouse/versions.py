"""The newest version of a Delta table, without a query."""

import re
from pathlib import Path

from deltalake import DeltaTable

_COMMIT = re.compile(r"^(\d{20})\.json$")
NO_TABLE = -1


def newest_version(path: str) -> int:
    """Version of the table's last commit; ``NO_TABLE`` where there is no table.

    Delta numbers its commits in their files' names, so a local folder is just listed; delta-rs knows other places.
    """
    if "://" not in path:
        return _local_version(Path(path))
    return DeltaTable(path).version() if DeltaTable.is_deltatable(path) else NO_TABLE


def _local_version(table: Path) -> int:
    log = table / "_delta_log"
    names = (entry.name for entry in log.iterdir()) if log.is_dir() else ()
    return max((int(found[1]) for found in map(_COMMIT.match, names) if found), default=NO_TABLE)
