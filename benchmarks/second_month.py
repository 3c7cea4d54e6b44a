"""What the month after costs: a bank's files without the last month, then with it, on one lake.

    .venv/bin/python benchmarks/second_month.py [--customers 5000] [--conf conf/local.yaml] [--folder DIR]

Prints CPU seconds by what used them, wall clock and memory of both, the ratio, and which steps the second one ran, in
which months and why. Run it on an idle machine.
"""

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from deltalake import DeltaTable
from profile_job import ROOT, Watched, table, watch

from finrec_spark.sources.generator import GeneratorParams

FIRST, SECOND = "without the last month", "with it"


def main(argv: Sequence[str]) -> int:
    """Run both months and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=GeneratorParams().customers)
    parser.add_argument("--conf", type=Path, default=ROOT / "conf/local.yaml", metavar="FILE")
    parser.add_argument("--folder", type=Path, metavar="DIR")
    options = parser.parse_args(argv)
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="second-month-"))).resolve()
    shutil.copytree(ROOT / "conf", folder / "conf", dirs_exist_ok=True)
    months = GeneratorParams().months
    values = yaml.safe_load(options.conf.read_text()) or {}
    watched, before = {}, 0
    for name, known in ((FIRST, months - 1), (SECOND, months)):
        before = len(attempts(folder / "lake"))
        watched[name] = submit(folder, values, {"customers": options.customers, "known_months": known})
    report(watched)
    table(("step", "why it ran"), ran_since(folder / "lake", before))
    return 0


def submit(folder: Path, values: Mapping[str, object], bank: Mapping[str, object]) -> Watched:
    """The month that so much of the bank's history leads up to; stops where it fails."""
    conf = folder / "conf" / f"known-{bank['known_months']}.yaml"
    conf.write_text(yaml.safe_dump({**values, "generator": dict(bank)}))
    log = folder / f"{conf.stem}.log"
    found = watch([str(ROOT / "spark-submit.sh"), "month", "--conf", str(conf), "--lake", str(folder / "lake")], log)
    if found.code:
        sys.exit(f"exit code {found.code}; see {log}")
    return found


def attempts(lake: Path) -> list[Mapping[str, object]]:
    """The ledger's rows, in the order in which they were written; none before the first run."""
    path = lake / "mart/runs"
    if not path.exists():
        return []
    rows = DeltaTable(path).to_pyarrow_table().to_pylist()
    return sorted(rows, key=lambda row: row["finished_at"])


def ran_since(lake: Path, before: int) -> dict[str, str]:
    """Step and month → why it ran, of the attempts behind the first ``before``."""
    return {f"{row['step']} {row['month']:%Y-%m}": str(row["why"]) for row in attempts(lake)[before:]}


def report(watched: Mapping[str, Watched]) -> None:
    """Print what both cost, and the ratio."""
    first, second = watched[FIRST], watched[SECOND]
    kinds = [kind for kind, _ in (Counter(first.cpu) + Counter(second.cpu)).most_common()]
    lines = {f"CPU s: {kind}": _row(first.cpu[kind], second.cpu[kind]) for kind in kinds}
    lines["CPU s"] = _row(sum(first.cpu.values()), sum(second.cpu.values()))
    lines["wall clock, s"] = _row(first.seconds, second.seconds)
    lines["greatest memory, GB"] = _row(first.peak_bytes / 1e9, second.peak_bytes / 1e9)
    table(("", FIRST, SECOND, "ratio"), lines)


def _row(first: float, second: float) -> str:
    return f"{first:.1f} | {second:.1f} | {second / first if first else float('nan'):.2f}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
