"""What the recurrent network of one month reads, from the lake: shared by ``train_gru`` and ``evaluate``."""

from collections.abc import Sequence
from datetime import date

from pyarrow.fs import FileType
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.models.gru import GruParams
from finrec_spark.pipeline.step import StepRun
from finrec_spark.steps.places import file_place
from finrec_spark.tables import CUSTOMER_PRODUCT_MATRIX, PRODUCT_SERIES, PRODUCT_TEXT, PRODUCTS, TOKEN_VECTORS
from finrec_spark.training.feed_writing import write_for_feed
from finrec_spark.training.file_system import file_system
from finrec_spark.training.product_arrays import ProductContent
from finrec_spark.training.product_content import collect_content
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.training.trained import TrainingPlan
from finrec_spark.transforms.sequences.customer_sequences import feed_rows, sequence_layout


def network_layout(run: StepRun, sequences: DataFrame, n_products: int) -> SequenceLayout:
    """The layout that the month's sequences were built with."""
    row = sequences.select(F.size("profile").alias("profile")).head()
    return sequence_layout(n_products, row["profile"] if row else 1, run.config.matrix, run.config.sequences)


def network_content(run: StepRun, product_ids: Sequence[str], layout: SequenceLayout) -> ProductContent:
    """Text, tags and figures of the month's products, by position."""
    return collect_content(
        texts=run.read(PRODUCT_TEXT),
        vectors=run.read(TOKEN_VECTORS),
        series=run.read(PRODUCT_SERIES),
        products=run.read(PRODUCTS),
        known=run.read(CUSTOMER_PRODUCT_MATRIX),
        product_ids=product_ids,
        ages=layout.ages,
    )


def training_plan(
    run: StepRun, sequences: DataFrame, layout: SequenceLayout, content: ProductContent, params: GruParams, name: str
) -> TrainingPlan:
    """Write the feeds to the job's scratch folder and say what is to be trained.

    The newest cut in whose month anything was taken tells when to stop, and is learned last; the cuts before it are
    learned from. Sequences without events are learned in the newest cut alone: nothing in them tells the time, so
    the earlier ones would teach whatever was sold to most first buyers at once, years ago. Where there is nothing
    earlier, all of the newest cut is learned from, and nothing tells when to stop.

    Args:
        sequences: rows of ``gold.sequences`` with targets.
        name: of the training; one of the same name and content goes on where it was killed.
    """
    root = f"{run.scratch}/{name}"
    is_newest = F.col("cut") == F.lit(collect_newest_cut(sequences))
    newest, earlier = sequences.where(is_newest), sequences.where(~is_newest & (F.col("length") > 0))
    feeds = {"train": newest} if earlier.isEmpty() else {"train": earlier, "validation": newest}
    for part, rows in feeds.items():
        write_for_feed(feed_rows(rows, layout), f"{root}/{part}", layout, params.writing)
    return TrainingPlan(
        train=file_place(run, f"{root}/train"),
        validation=file_place(run, f"{root}/validation") if "validation" in feeds else None,
        checkpoints=file_place(run, f"{root}/checkpoints"),
        content=content,
        network=params.network,
        feed=params.feed,
        training=params.training,
    )


def collect_newest_cut(sequences: DataFrame) -> date | None:
    """The newest cut that has a row; a month in which nothing was taken has none."""
    newest: date | None = sequences.agg(F.max("cut").alias("newest")).collect()[0]["newest"]
    return newest


def discard_trainings(run: StepRun) -> None:
    """Delete the feeds and checkpoints of the job's trainings, whose results stand."""
    files, path = file_system(file_place(run, run.scratch))
    if files.get_file_info(path).type != FileType.NotFound:
        files.delete_dir(path)
