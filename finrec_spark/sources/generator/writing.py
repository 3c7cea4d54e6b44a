"""The synthetic bank as files."""

from collections.abc import Sequence

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from finrec_spark.sources.generator.bank import PRODUCT_COLUMNS, PROFILE_COLUMNS, generated_bank, simulated_histories
from finrec_spark.sources.generator.params import GeneratorParams
from finrec_spark.sources.generator.truth import true_amounts, true_effects, true_propensities, true_spending
from finrec_spark.sources.landing import Landing

_FURTHER = {"customers": PROFILE_COLUMNS, "products": PRODUCT_COLUMNS}


def write_bank(
    spark: SparkSession,
    params: GeneratorParams,
    landing_dir: str,
    truth_dir: str,
    partitions: int | None = None,
    targets: DataFrame | None = None,
) -> None:
    """Writes the bank's landing files and, apart from them, the truth that only evaluation may read.

    Parquet folders, replaced where they stand: ``landing_dir`` gets ``customers.parquet`` and so on with further
    columns as plain columns, every value a string; ``truth_dir`` gets ``propensities.parquet``, ``effects.parquet``,
    ``spending.parquet`` and ``amounts.parquet``. The histories are simulated once and kept on the executors' disks
    meanwhile: about 2.5 kB a customer, most of it propensities.

    Args:
        targets: ``mart.campaign_targets``, to which customers answer; None: there are none.
    """
    histories = simulated_histories(spark, params, partitions, targets).persist(StorageLevel.DISK_ONLY)
    try:
        _write_landing(generated_bank(spark, params, histories, partitions), landing_dir)
        _write(true_propensities(histories, params), truth_dir, "propensities")
        _write(true_effects(spark, params, partitions), truth_dir, "effects")
        _write(true_spending(spark, params, partitions), truth_dir, "spending")
        _write(true_amounts(spark, params), truth_dir, "amounts")
    finally:
        histories.unpersist()


def _write_landing(bank: Landing, landing_dir: str) -> None:
    for name, table in bank.tables.items():
        _write(with_plain_columns(table, _FURTHER.get(name, ())), landing_dir, name)


def with_plain_columns(table: DataFrame, names: Sequence[str]) -> DataFrame:
    """The entries ``names`` of ``extra`` as columns of their own, null where there is none."""
    declared = [name for name in table.columns if name != "extra"]
    return table.select(*declared, *(F.col("extra")[name].alias(name) for name in names))


def _write(table: DataFrame, folder: str, name: str) -> None:
    table.write.mode("overwrite").parquet(f"{folder}/{name}.parquet")
