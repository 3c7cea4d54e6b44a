"""Train what rests on pairs of products or customers: Pearson, Euclidean distance, EASE, SLIT."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.steps.training import training_step

STEP = training_step("train_pearson")

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
