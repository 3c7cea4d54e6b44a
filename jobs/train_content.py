"""Train content: which products are alike in category, tags, risk, price, further attributes and text."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.steps.training import training_step

STEP = training_step("train_content")

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
