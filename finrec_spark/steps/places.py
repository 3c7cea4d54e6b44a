"""Where files that Spark reaches lie for those who know nothing of Spark."""

from finrec_spark.pipeline.step import StepRun
from finrec_spark.sources.delivery import local_path
from finrec_spark.training.file_system import arrow_place


def file_place(run: StepRun, place: str) -> str:
    """Path or URL by which pyarrow reaches what Spark reaches by ``place``."""
    endpoint = None if local_path(place) is not None else run.spark.conf.get("spark.hadoop.fs.s3a.endpoint", None)
    return arrow_place(place, endpoint)
