"""Start the training's processes with Spark, on the driver's machine or on the executors."""

import re

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import SparkSession

from finrec_spark.errors import ConfigError, TrainingError
from finrec_spark.training.loop import train_rank
from finrec_spark.training.params import TrainingParams
from finrec_spark.training.trained import Trained, TrainingPlan

_CAUSE = re.compile(r"finrec_spark\.errors\.\w+: (.+)")
_DIED = re.compile(r"exitcode\s*:\s*(-?\d+)")


def train(spark: SparkSession, plan: TrainingPlan) -> Trained:
    """The network trained by ``plan.training.processes`` processes; goes on from a checkpoint of the same training.

    Their lines of progress come out on the driver.

    Raises:
        ConfigError: the session has fewer task slots than processes.
        TrainingError: a process failed or died; the others were ended.
    """
    params = plan.training
    require_slots(spark, params)
    distributor = TorchDistributor(
        num_processes=params.processes, local_mode=params.placement == "driver", use_gpu=params.gpu
    )
    try:
        trained = distributor.run(train_rank, plan)
    except (RuntimeError, PySparkException, Py4JError) as error:
        raise TrainingError(f"gru: {cause(str(error))}") from error
    if not isinstance(trained, Trained):
        raise TrainingError("gru: the training gave no weights; its lines above say why")
    return trained


def require_slots(spark: SparkSession, params: TrainingParams) -> None:
    """Compare processes with task slots, for which Spark would wait long and then fail.

    Raises:
        ConfigError: there are fewer slots.
    """
    slots = spark.sparkContext.defaultParallelism
    if params.placement == "executors" and slots < params.processes:
        raise ConfigError(
            f"training.processes: {params.processes} processes on executors need as many task slots, "
            f"there are {slots}; lower it, or submit with more cores"
        )


def cause(output: str) -> str:
    """What ended a training, from the last lines of its processes.

    >>> cause("... finrec_spark.errors.FeedError: feed a: 3 rows delivered, 4 written\\n ...")
    'feed a: 3 rows delivered, 4 written'
    >>> cause("... exitcode  : -9 (pid: 71) ...")
    'a process died (exit code -9) and the others were ended; see the lines above, and start again to go on'
    """
    named = _CAUSE.search(output)
    if named:
        return named.group(1).strip()
    died = _DIED.search(output)
    how = f" (exit code {died.group(1)})" if died else ""
    return f"a process died{how} and the others were ended; see the lines above, and start again to go on"
