"""Start the training's processes with Spark, on the driver's machine or on the executors."""

from typing import cast

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.ml.torch.distributor import TorchDistributor
from pyspark.sql import SparkSession

from finrec_spark.errors import ConfigError, TrainingError
from finrec_spark.training.checkpoint import take_failure
from finrec_spark.training.loop import train_rank
from finrec_spark.training.params import TrainingParams
from finrec_spark.training.trained import Trained, TrainingPlan

_DIED = "gru: a process of the training died and the others were ended; see its lines above, and start again to go on"


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
    take_failure(plan.checkpoints)  # of an earlier start
    try:
        return cast(Trained, distributor.run(train_rank, plan))
    except (RuntimeError, PySparkException, Py4JError) as error:
        raise TrainingError(take_failure(plan.checkpoints) or _DIED) from error


def require_slots(spark: SparkSession, params: TrainingParams) -> None:
    """Compare processes with task slots, for which Spark would wait long and then fail.

    Raises:
        ConfigError: there are fewer slots, or they come and go.
    """
    if params.placement == "driver":
        return
    if spark.conf.get("spark.dynamicAllocation.enabled", "false") == "true":
        raise ConfigError(
            "training.placement: processes on executors start all at once, which Spark refuses while it adds and "
            "removes executors; set spark.dynamicAllocation.enabled to false, or placement to driver"
        )
    slots = spark.sparkContext.defaultParallelism
    if slots < params.processes:
        raise ConfigError(
            f"training.processes: {params.processes} processes on executors need as many task slots, "
            f"there are {slots}; lower it, or submit with more cores"
        )
