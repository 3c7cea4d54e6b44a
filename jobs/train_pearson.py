"""Train the neighbour models: Pearson between products and between customers, Euclidean distance."""

from pyspark.sql import DataFrame

from finrec_spark.models.neighbours.recall import neighbour_recall
from finrec_spark.models.neighbours.similar_customers import customer_neighbours
from finrec_spark.models.neighbours.similar_products import product_neighbours
from finrec_spark.pipeline.cli import run_command, step_command
from finrec_spark.pipeline.step import After, Job, Step
from finrec_spark.tables import (
    CUSTOMER_INDEX_TABLE,
    CUSTOMER_NEIGHBOURS,
    CUSTOMER_PRODUCT_MATRIX,
    PRODUCT_INDEX_TABLE,
    PRODUCT_NEIGHBOURS,
    REGISTRY,
)
from finrec_spark.transforms.histories import customer_histories, history_values
from finrec_spark.transforms.ids import collect_product_ids


def run(job: Job) -> int:
    """Neighbours of products and of customers, for those of the models that are configured."""
    histories = customer_histories(job.read(CUSTOMER_PRODUCT_MATRIX)).persist()
    product_ids = collect_product_ids(job.read(PRODUCT_INDEX_TABLE))
    params = job.config.parameters
    rows = 0

    if "pearson_item" in job.config.models:
        values = history_values(histories, params.pearson_item.value)
        fitted = product_neighbours(values, product_ids, "pearson", params.pearson_item)
        job.register_model("pearson_item", params.pearson_item)
        rows += job.write(PRODUCT_NEIGHBOURS, fitted, model="pearson_item")

    if "euclidean" in job.config.models:
        values = history_values(histories, params.euclidean.value)
        fitted = product_neighbours(values, product_ids, "euclidean", params.euclidean)
        job.register_model("euclidean", params.euclidean)
        rows += job.write(PRODUCT_NEIGHBOURS, fitted, model="euclidean")

    if "pearson_user" in job.config.models:
        values = history_values(histories, params.pearson_user.value)
        values = values.join(job.read(CUSTOMER_INDEX_TABLE), "customer_id")
        fitted = customer_neighbours(values, len(product_ids), params.pearson_user)
        job.register_model("pearson_user", params.pearson_user)
        rows += job.write(CUSTOMER_NEIGHBOURS, fitted)
        _tell_recall(job, values, len(product_ids))

    histories.unpersist()
    return rows


def _tell_recall(job: Job, values: DataFrame, n_products: int) -> None:
    """Say how many of the exact nearest customers were found, where they were not all looked at."""
    params = job.config.parameters.pearson_user
    customers = values.count()
    if customers <= params.exact_up_to:
        job.tell(f"pearson_user: exact among {customers:,} customers")
        return
    found = neighbour_recall(values, job.read(CUSTOMER_NEIGHBOURS), n_products, params)
    job.tell(f"pearson_user: found {found:.1%} of the exact nearest customers (on a sample; {customers:,} in all)")


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
