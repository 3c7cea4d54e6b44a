"""Train the neighbour models: Pearson between products and between customers, Euclidean distance."""

import logging

from finrec_spark.cli import run_command, step_command
from finrec_spark.job import After, Job, Step
from finrec_spark.models import euclidean, pearson_item, pearson_user
from finrec_spark.models.similarity_recall import neighbour_recall
from finrec_spark.tables import (
    CUSTOMER_NEIGHBOURS,
    CUSTOMER_PRODUCT_MATRIX,
    PRODUCT_INDEX_TABLE,
    PRODUCT_NEIGHBOURS,
    REGISTRY,
)
from finrec_spark.transforms.histories import customer_histories, history_values
from finrec_spark.transforms.ids import collect_product_ids

logger = logging.getLogger(__name__)


def run(job: Job) -> int:
    """Neighbours of products and of customers, for those of the models that are configured."""
    histories = customer_histories(job.read(CUSTOMER_PRODUCT_MATRIX)).persist()
    product_ids = collect_product_ids(job.read(PRODUCT_INDEX_TABLE))
    params = job.config.parameters
    rows = 0

    if "pearson_item" in job.config.models:
        values = history_values(histories, params.pearson_item.value)
        fitted = pearson_item.fit(values, product_ids, params.pearson_item)
        job.register_model("pearson_item", params.pearson_item)
        rows += job.write(PRODUCT_NEIGHBOURS, fitted, model="pearson_item")

    if "euclidean" in job.config.models:
        values = history_values(histories, params.euclidean.value)
        fitted = euclidean.fit(values, product_ids, params.euclidean)
        job.register_model("euclidean", params.euclidean)
        rows += job.write(PRODUCT_NEIGHBOURS, fitted, model="euclidean")

    if "pearson_user" in job.config.models:
        values = history_values(histories, params.pearson_user.value)
        fitted = pearson_user.fit(values, product_ids, params.pearson_user)
        job.register_model("pearson_user", params.pearson_user)
        rows += job.write(CUSTOMER_NEIGHBOURS, fitted)
        found = neighbour_recall(values, job.read(CUSTOMER_NEIGHBOURS), len(product_ids), params.pearson_user)
        logger.info("pearson_user: %.1f %% of the exact nearest customers were found (sample)", 100 * found)

    histories.unpersist()
    return rows


STEP = Step(
    name="train_pearson",
    run=run,
    writes=(REGISTRY,),
    after=(After("build_matrix"),),
    params=lambda config: [
        config.models,
        config.parameters.pearson_item,
        config.parameters.pearson_user,
        config.parameters.euclidean,
    ],
)

if __name__ == "__main__":
    run_command(step_command(STEP, __doc__))
