"""The package as a zip for executors elsewhere: ``python conf/archive.py ROOT ARCHIVE``.

Made anew only when a source is newer; the same sources make the same bytes.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

FOLDERS = ("finrec_spark", "jobs")
SUFFIXES = (".py", ".po", ".html", ".css", ".js")


def sources(root: Path) -> Iterator[Path]:
    """Modules, message catalogues and the report's templates, in one order."""
    for folder in FOLDERS:
        yield from sorted(path for path in (root / folder).rglob("*") if path.suffix in SUFFIXES)


def is_up_to_date(root: Path, archive: Path) -> bool:
    """Whether nothing is newer. Folders count too: a removed file leaves no other trace."""
    if not archive.exists():
        return False
    files = list(sources(root))
    folders = {parent for file in files for parent in file.parents if parent.is_relative_to(root) and parent != root}
    return all(path.stat().st_mtime_ns <= archive.stat().st_mtime_ns for path in (*files, *folders))


def write(root: Path, archive: Path) -> None:
    """Write the archive beside its place, then put it there."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_name(f"{archive.name}.{os.getpid()}")
    with ZipFile(unfinished, "w", ZIP_DEFLATED) as out:
        for source in sources(root):
            entry = ZipInfo(source.relative_to(root).as_posix())  # dated 1980, as every ZipInfo that is told no date
            entry.external_attr = 0o644 << 16
            out.writestr(entry, source.read_bytes(), ZIP_DEFLATED)
    unfinished.replace(archive)


if __name__ == "__main__":
    checkout, target = map(Path, sys.argv[1:])
    if not is_up_to_date(checkout, target):
        write(checkout, target)
