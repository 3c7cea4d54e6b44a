"""Train ALS: latent factors of every product; customers are folded in when they are scored."""

from finrec_spark.models import als
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, PRODUCT_FACTORS, REGISTRY


def run(job: Job) -> int:
    """Factors from the month's matrix."""
    matrix = job.read(CUSTOMER_PRODUCT_MATRIX)

    params = job.config.parameters.als
    if params.iterations > als.ITERATIONS_WITHOUT_CHECKPOINT:
        job.spark.sparkContext.setCheckpointDir(f"{job.program.lake.root}/.checkpoints")
    fitted = als.product_factors(matrix, params)

    job.register_model("als", params)
    return job.write(PRODUCT_FACTORS, fitted)


STEP = Step(
    name="train_als",
    run=run,
    writes=(PRODUCT_FACTORS, REGISTRY),
    after=(After("build_matrix"),),
    params=lambda config: config.parameters.als,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
