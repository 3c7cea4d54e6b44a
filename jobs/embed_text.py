"""Learn tokens and vectors of the products' texts."""

from collections.abc import Sequence
from datetime import date

from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.context import RunContext
from finrec_spark.pipeline.step import Read, Step, StepRun, Writes
from finrec_spark.tables import INTERACTIONS, PRODUCT_TEXT, PRODUCTS, TOKEN_VECTORS
from finrec_spark.training.text import embed_texts, product_texts
from finrec_spark.transforms.ids import known_before
from finrec_spark.transforms.splits import before


def reads(context: RunContext, month: date) -> Sequence[Read]:
    """Products, and which of them were dealt with."""
    return (Read(PRODUCTS), Read(INTERACTIONS))


def run(step_run: StepRun) -> int:
    """Train the month's text pipeline and write what it says of tokens and products."""
    products = step_run.read(PRODUCTS)
    known = known_before(step_run.month, products, before(step_run.read(INTERACTIONS), step_run.month), "product_id")
    texts = product_texts(products.join(known, "product_id", "left_semi"), step_run.config.text)

    embedded = embed_texts(texts, step_run.config.text)

    step_run.write(TOKEN_VECTORS, embedded.tokens)
    return step_run.write(PRODUCT_TEXT, embedded.products)


STEP = Step(
    name="embed_text",
    run=run,
    reads=reads,
    writes=(Writes(PRODUCT_TEXT), Writes(TOKEN_VECTORS)),
    params=lambda config: {"text": config.text},
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
