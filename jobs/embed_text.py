"""Learn tokens and vectors of the products' texts."""

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import INTERACTIONS, PRODUCT_TEXT, PRODUCTS, TOKEN_VECTORS
from finrec_spark.training.text import embed_texts, product_texts
from finrec_spark.transforms.ids import known_before
from finrec_spark.transforms.splits import before


def run(job: Job) -> int:
    """Train the month's text pipeline and write what it says of tokens and products."""
    products = job.read(PRODUCTS)
    known = known_before(job.month, products, before(job.read(INTERACTIONS), job.month), "product_id")
    texts = product_texts(products.join(known, "product_id", "left_semi"), job.config.text)

    embedded = embed_texts(texts, job.config.text)

    job.write(TOKEN_VECTORS, embedded.tokens)
    return job.write(PRODUCT_TEXT, embedded.products)


STEP = Step(
    name="embed_text",
    run=run,
    writes=(PRODUCT_TEXT, TOKEN_VECTORS),
    after=(After("ingest", months_back=None),),
    params=lambda config: config.text,
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
