"""Train the popularity model: the baseline, and what customers without a history are offered."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.steps.training import training_step

STEP = training_step("train_popularity")

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
