"""Train naive Bayes: what each value of a customer's profile says about liking each product."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.steps.training import training_step

STEP = training_step("train_naive_bayes")

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
