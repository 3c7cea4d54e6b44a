"""Train ALS: latent factors of every product; customers are folded in when they are scored."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.steps.training import training_step

STEP = training_step("train_als")

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
