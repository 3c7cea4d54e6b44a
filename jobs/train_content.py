"""Train content: which products are alike in category, tags, risk, price, further attributes and text."""

from finrec_spark.models import content
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import INTERACTIONS, PRODUCT_INDEX_TABLE, PRODUCT_NEIGHBOURS, PRODUCTS, REGISTRY
from finrec_spark.transforms.ids import collect_product_ids, known_before
from finrec_spark.transforms.splits import before


def run(job: Job) -> int:
    """Neighbours of every product that was known before the month."""
    products = job.read(PRODUCTS)
    known = known_before(job.month, products, before(job.read(INTERACTIONS), job.month), "product_id")
    product_ids = collect_product_ids(job.read(PRODUCT_INDEX_TABLE))
    params = job.config.parameters.content

    fitted = content.content_neighbours(products.join(known, "product_id", "left_semi"), product_ids, params)

    job.register_model(content.SPEC.name, params)
    return job.write(PRODUCT_NEIGHBOURS, fitted, model=content.SPEC.name)


STEP = Step(
    name="train_content",
    run=run,
    writes=(PRODUCT_NEIGHBOURS, REGISTRY),
    after=(After("build_matrix"),),
    params=lambda config: config.parameters.content,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
