"""What a month or another job costs in two versions: an earlier commit and this one, run in turn on an idle machine.

    .venv/bin/python benchmarks/two_versions.py [--commit 103181a] [--runs 1] [--folder DIR] month [the job's options]

The earlier version is cloned into DIR and makes its own environment first. Each run has a new lake. Prints wall clock,
CPU seconds and greatest memory of both with their ratios, and the largest difference between the figures of
``mart.metrics``, model by model, where the job measures. What was measured lies in DIR: the same command goes on from
there.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median

import pyarrow.parquet as pq
from deltalake import DeltaTable
from profile_job import ROOT, table, watch

EARLIER, THIS = "earlier", "this"
FIGURES = {"wall clock, s": "seconds", "CPU, s": "cpu", "greatest memory, GB": "memory"}
KEY = ("model", "metric", "k", "segment")


def main(argv: Sequence[str]) -> int:
    """Run both in turn and print what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commit", default="103181a", help="the earlier version")
    parser.add_argument("--runs", type=int, default=1, metavar="N", help="runs of each; their medians are compared")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/two_versions", metavar="DIR")
    parser.add_argument("job", nargs=argparse.REMAINDER, metavar="JOB")
    options = parser.parse_args(argv)
    folder = options.folder.resolve()
    clones = {EARLIER: clone(folder / options.commit, options.commit), THIS: ROOT}
    for place in clones.values():
        subprocess.run([place / "spark-submit.sh", options.job[0], "--help"], check=True, stdout=subprocess.DEVNULL)
    for number in range(options.runs):
        for version, place in clones.items():
            measure(folder / f"{version}-{number}", place, options.job)
    compare({version: [noted(folder / f"{version}-{n}") for n in range(options.runs)] for version in clones})
    report_metrics(*(folder / f"{version}-{options.runs - 1}" / "lake" for version in clones))
    return 0


def clone(place: Path, commit: str) -> Path:
    """A clone of this repository with the commit checked out."""
    if not place.exists():
        subprocess.run(["git", "clone", "--quiet", ROOT, place], check=True)
        subprocess.run(["git", "-C", place, "checkout", "--quiet", commit], check=True)
    return place


def measure(folder: Path, place: Path, job: Sequence[str]) -> None:
    """One run on a new lake, unless it was noted before."""
    if (folder / "noted.json").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    load = os.getloadavg()[0]
    found = watch([str(place / "spark-submit.sh"), *job, "--lake", str(folder / "lake")], folder / "output.log", place)
    if found.code:
        sys.exit(f"{place}: exit code {found.code}; see {folder / 'output.log'}")
    figures = {"seconds": found.seconds, "cpu": sum(found.cpu.values()), "memory": found.peak_bytes / 1e9, "load": load}
    (folder / "noted.json").write_text(json.dumps(figures))


def noted(folder: Path) -> Mapping[str, float]:
    """What a run took."""
    return json.loads((folder / "noted.json").read_text())


def compare(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Print the medians and their ratios."""
    loads = ", ".join(f"{run['load']:.1f}" for of in runs.values() for run in of)
    print(f"load of the machine before each run: {loads}\n")
    lines = {}
    for title, name in FIGURES.items():
        old, new = (median(run[name] for run in runs[version]) for version in (EARLIER, THIS))
        lines[title] = f"{old:.1f} | {new:.1f} | {new / old:.2f}"
    table(("", EARLIER, THIS, "ratio"), lines)


def report_metrics(*lakes: Path) -> None:
    """Print how far the figures of both lakes lie apart."""
    if not all((lake / "mart/metrics").exists() for lake in lakes):
        return
    old, new = (dict(figures(lake)) for lake in lakes)
    differences = {key: abs(new[key] - old[key]) for key in old.keys() & new.keys()}
    by_model: dict[str, float] = {}
    for (model, *_), difference in differences.items():
        by_model[model] = max(difference, by_model.get(model, 0.0))
    print(f"{len(differences)} figures in both, {len(old.keys() ^ new.keys())} in one alone\n")
    table(("model", "largest difference"), {model: f"{value:.5f}" for model, value in sorted(by_model.items())})


def figures(lake: Path) -> Iterator[tuple[tuple[object, ...], float]]:
    """Model, metric, k, segment → value, of every row of ``mart.metrics``."""
    for file in DeltaTable(lake / "mart/metrics").file_uris():
        for row in pq.read_table(file, columns=[*KEY, "value"], partitioning=None).to_pylist():
            yield tuple(row[name] for name in KEY), row["value"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
