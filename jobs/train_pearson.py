"""Train the neighbour models: Pearson between products and between customers, Euclidean distance."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.steps.training import training_step

STEP = training_step("train_pearson")

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
