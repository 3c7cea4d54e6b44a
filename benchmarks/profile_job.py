"""Where a job's time goes: CPU seconds and memory by what used them, Spark's queries by kind, commits by table.

    .venv/bin/python benchmarks/profile_job.py [--folder DIR] [--repository DIR] JOB [the job's options]

The job is submitted with Spark's event log while its processes are watched; what it prints goes to DIR/output.log. The
tables are Markdown, so that a page can keep them. --repository: the clone whose ./spark-submit.sh runs the job, this
one by default. The lake must be on this machine: --lake DIR of the job, by default a new one in DIR.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
_INTERVAL = 0.5  # seconds between two looks, at least
_REST = 30  # and as many times what a look took: a process of hundreds of threads is looked at more seldom
THREADS = (  # of the JVM, by the start of the name
    ("JVM: compilers", ("C1 Compiler", "C2 Compiler", "Sweeper")),
    ("JVM: collector", ("GC Thread", "G1 ", "VM Thread", "Reference Handl", "Finalizer")),
    ("JVM: tasks", ("Executor task", "stdout writer", "Writer for", "Idle Worker Mo")),
)
KINDS = (  # of queries, by what stands in the description, else in the call that started it
    ("Delta: computes a snapshot", r"Compute snapshot|[Ss]napshot for"),
    ("Delta: filters files", r"Filtering files"),
    ("Delta: other", r"Delta:|io\.delta|sql\.delta"),
    ("writes", r"DataFrameWriter|InsertInto"),
    ("collects", r"collectToPython|toPandas|collectAsArrowToPython|Dataset\.(?:head|first|count|isEmpty|take)"),
)


@dataclass
class Watched:
    """What was seen of a process tree while it ran.

    Attributes:
        cpu: CPU seconds by what used them.
        memory: bytes by what held them when all processes held most; pages that forked workers share count once.
        seconds: wall clock.
        code: exit code.
    """

    cpu: Counter[str] = field(default_factory=Counter)
    memory: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    code: int = 0

    @property
    def peak_bytes(self) -> int:
        """Greatest memory of all processes together."""
        return self.memory.total()


@dataclass
class Events:
    """What Spark's event log says."""

    queries: Counter[str] = field(default_factory=Counter)
    jobs: int = 0
    tasks: int = 0
    queries_by_step: Counter[str] = field(default_factory=Counter)
    task_cpu_by_step: Counter[str] = field(default_factory=Counter)


def main(argv: Sequence[str]) -> int:
    """Run the job and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--repository", type=Path, default=ROOT)
    parser.add_argument("job", nargs=argparse.REMAINDER, metavar="JOB")
    options = parser.parse_args(argv)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="profile-"))
    (folder / "events").mkdir(parents=True, exist_ok=True)
    given = options.job
    lake = Path(given[given.index("--lake") + 1]) if "--lake" in given else folder / "lake"
    job = given if "--lake" in given else [*given, "--lake", str(lake)]
    before = commits(lake)
    load = os.getloadavg()[0]
    watched = watch(submission(options.repository, folder, job), folder / "output.log")
    made = Counter({name: count - before[name] for name, count in commits(lake).items()})
    events = events_of(sorted((folder / "events").iterdir())[-1])
    print(f"`{' '.join(given)}`: exit code {watched.code}; load of the machine before it {load:.1f}\n")
    report(watched, events, made)
    return watched.code


def submission(repository: Path, folder: Path, job: Sequence[str]) -> list[str]:
    """The command that runs the job with an event log."""
    settings = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": (folder / "events").resolve().as_uri()}
    options = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    return [str(repository / "spark-submit.sh"), *options, *job]


def watch(command: Sequence[str], log: Path, folder: Path = ROOT) -> Watched:
    """Run the command in the folder; CPU by kind of thread, from the greatest figure seen of each thread."""
    seen: dict[tuple[int, int], tuple[str, float]] = {}
    found = Watched()
    start = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
        while process.poll() is None:
            began = time.monotonic()
            tree = list(process_tree(process.pid))
            for each in tree:
                seen.update(threads_of(each))
            found.memory = max(found.memory, memory_of(tree), key=Counter.total)
            time.sleep(max(_INTERVAL, _REST * (time.monotonic() - began)))
    found.seconds, found.code = time.monotonic() - start, process.returncode
    for kind, seconds in seen.values():
        found.cpu[kind] += seconds
    return found


def process_tree(pid: int) -> Iterator[psutil.Process]:
    """The process and all below it."""
    try:
        root = psutil.Process(pid)
        yield from (root, *root.children(recursive=True))
    except psutil.NoSuchProcess:
        return


def memory_of(processes: Iterable[psutil.Process]) -> Counter[str]:
    """Bytes by kind of process."""
    held: Counter[str] = Counter()
    for process in processes:
        try:
            held["JVM" if process.name() == "java" else kind_of_process(process)] += resident(process)
        except psutil.Error:
            continue
    return held


def resident(process: psutil.Process) -> int:
    """Bytes in memory, shared ones in proportion."""
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        return 1024 * int(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])  # type: ignore[index]
    except (OSError, TypeError):
        return 0


def threads_of(process: psutil.Process) -> Mapping[tuple[int, int], tuple[str, float]]:
    """(process, thread) → kind and CPU seconds so far; a thread of Python's is the process's."""
    try:
        is_java = process.name() == "java"
        found = {}
        for task in Path(f"/proc/{process.pid}/task").iterdir():
            name, _, numbers = (task / "stat").read_text().partition("(")[2].rpartition(")")
            used = [int(number) for number in numbers.split()[11:13]]
            kind = kind_of_thread(name) if is_java else kind_of_process(process)
            found[process.pid, int(task.name)] = kind, sum(used) / TICK
        return found
    except (OSError, ValueError, psutil.Error):
        return {}


def kind_of_thread(name: str) -> str:
    """Which part of the JVM a thread is of."""
    return next((kind for kind, starts in THREADS if name.startswith(starts)), "JVM: planner and the rest")


def kind_of_process(process: psutil.Process) -> str:
    """Which part of the job a process without a JVM is of."""
    command = " ".join(process.cmdline())
    if any(name in command for name in ("pyspark.daemon", "python_daemon", "pyspark.worker")):
        return "Python: workers"
    return "Python: the job" if "python" in process.name() else "set-up"


def events_of(log: Path) -> Events:
    """Queries, jobs and tasks in an event log."""
    found, steps = Events(), {}
    with log.open() as lines:
        for line in lines:
            note_event(found, steps, json.loads(line))
    return found


def note_event(found: Events, steps: dict[int, str], event: Mapping[str, Any]) -> None:
    """Count one event; ``steps`` holds the step of each stage."""
    match event["Event"].rpartition(".")[2]:
        case "SparkListenerSQLExecutionStart":
            found.queries[kind_of_query(event["description"], event["details"])] += 1
            found.queries_by_step[step_of(event["description"])] += 1
        case "SparkListenerJobStart":
            found.jobs += 1
            step = step_of((event.get("Properties") or {}).get("spark.job.description", ""))
            steps.update(dict.fromkeys(event["Stage IDs"], step))
        case "SparkListenerTaskEnd":
            seconds = (event.get("Task Metrics") or {}).get("Executor CPU Time", 0) / 1e9
            found.tasks += 1
            found.task_cpu_by_step[steps[event["Stage ID"]]] += seconds


def step_of(description: str) -> str:
    """The step at work, as its run describes its queries: ``train_als 2022-06: why it runs``."""
    named = re.search(r"([a-z_]+(?: \d{4}-\d\d)?): ", description)
    return named[1] if named else "between steps"


def kind_of_query(description: str, details: str) -> str:
    """What a query is for."""
    for text in (description, details):
        for kind, pattern in KINDS:
            if re.search(pattern, text):
                return kind
    return "others"


def commits(lake: Path) -> Counter[str]:
    """Delta commits by table."""
    found: Counter[str] = Counter()
    for log in lake.glob("*/*/_delta_log/*.json"):
        found["/".join(log.parts[-4:-2])] += 1
    return found


def report(watched: Watched, events: Events, made: Counter[str]) -> None:
    """Print all tables."""
    total = sum(watched.cpu.values())
    table(
        ("the job", ""),
        {
            "wall clock, s": f"{watched.seconds:.0f}",
            "CPU, s": f"{total:.0f}",
            "greatest memory, GB": f"{watched.peak_bytes / 1e9:.2f}",
            "queries": f"{sum(events.queries.values()):,}",
            "jobs of Spark": f"{events.jobs:,}",
            "tasks": f"{events.tasks:,}",
            "CPU of tasks, s": f"{sum(events.task_cpu_by_step.values()):.0f}",
            "commits": f"{sum(made.values()):,}",
        },
    )
    table(("CPU by", "s"), {kind: f"{seconds:.0f}" for kind, seconds in watched.cpu.most_common()})
    table(("memory at its greatest", "GB"), {kind: f"{held / 1e9:.2f}" for kind, held in watched.memory.most_common()})
    table(("queries by kind", "queries"), dict(events.queries.most_common()))
    table(("queries by step", "queries"), dict(events.queries_by_step.most_common(25)))
    table(("CPU of tasks by step", "s"), {step: f"{s:.0f}" for step, s in events.task_cpu_by_step.most_common(25)})
    table(("commits by table", "commits"), {name: n for name, n in made.most_common() if n})


def table(head: Sequence[str], rows: Mapping[str, object]) -> None:
    """Print a table in Markdown."""
    print(f"| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for name, value in rows.items():
        print(f"| {name.replace('|', ' ')} | {value} |")
    print()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
