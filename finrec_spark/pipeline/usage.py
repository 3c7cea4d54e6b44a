"""What a step run took of Spark: memory, shuffle and spill, from Spark's own metrics."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from pyspark import SparkContext

_SECONDS = 10


@dataclass(frozen=True)
class Usage:
    """Of all stages of a job group; None where Spark's REST interface cannot be reached (``spark.ui.enabled: false``).

    Attributes:
        peak_memory_bytes: most execution memory of one stage, over its tasks.
        shuffle_bytes: bytes written to shuffle.
        spill_bytes: bytes spilled to disk.
    """

    peak_memory_bytes: int | None = None
    shuffle_bytes: int | None = None
    spill_bytes: int | None = None


def collect_usage(spark: SparkContext, job_group: str) -> Usage:
    """The usage of all jobs of the group so far, as Spark's monitoring REST interface tells it."""
    if spark.uiWebUrl is None:
        return Usage()
    root = f"{spark.uiWebUrl}/api/v1/applications/{spark.applicationId}"
    try:
        jobs, stages = _asked(f"{root}/jobs"), _asked(f"{root}/stages")
    except (URLError, OSError, json.JSONDecodeError):
        return Usage()
    return usage_of(jobs, stages, job_group)


def usage_of(jobs: Iterable[Mapping[str, Any]], stages: Iterable[Mapping[str, Any]], job_group: str) -> Usage:
    """The usage of the group's stages.

    >>> jobs = [{"jobGroup": "a", "stageIds": [1, 2]}, {"stageIds": [3]}]
    >>> stages = [{"stageId": n, "peakExecutionMemory": 10 * n, "shuffleWriteBytes": n, "diskBytesSpilled": 0}
    ...     for n in (1, 2, 3)]
    >>> usage_of(jobs, stages, "a")
    Usage(peak_memory_bytes=20, shuffle_bytes=3, spill_bytes=0)
    """
    mine = {stage for job in jobs if job.get("jobGroup") == job_group for stage in job["stageIds"]}
    of_group = [stage for stage in stages if stage["stageId"] in mine]
    return Usage(
        peak_memory_bytes=max((stage["peakExecutionMemory"] for stage in of_group), default=0),
        shuffle_bytes=sum(stage["shuffleWriteBytes"] for stage in of_group),
        spill_bytes=sum(stage["diskBytesSpilled"] for stage in of_group),
    )


def _asked(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=_SECONDS) as answer:
        return json.load(answer)
