"""Which of several trees over the same candidates ranked a finished month best."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.evaluation.metrics import ndcg_of_lists
from finrec_spark.models.trees.kernel import Trees
from finrec_spark.ranking.batches import customer_batches
from finrec_spark.ranking.ensemble import best_by_trees
from finrec_spark.ranking.pair_rows import PairSample, sample_candidates, taken_matrix

_EXACT = float(1 << 30)  # gains are multiples of 1/_EXACT: their sums are exact, whatever the order


def collect_mean_ndcg(rows: DataFrame, sample: PairSample, trees: Mapping[str, Trees], k: int) -> dict[str, float]:
    """Name → mean nDCG@k of the lists that its trees make of the customers who took something; empty without such.

    Args:
        rows: scoring rows as of the month with ``taken``, as ``ranking.pair_rows.pair_rows`` reads them.
        sample: the month's models and what trees read; all candidates are ranked, whatever its share.
        trees: none of them learned from the month.
        k: length of the lists.
    """
    state = rows.sparkSession.sparkContext.broadcast((sample, dict(trees)))

    def gains(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        sample, trees = state.value
        for record_batch in batches:
            for piece, batch in customer_batches(record_batch, len(sample.catalogue.names)):
                among, taken = sample_candidates(batch, sample), taken_matrix(piece, batch)
                for name, of_name in trees.items():
                    lists = best_by_trees(of_name, among, k, sample.catalogue.id_rank)
                    gain = np.round(ndcg_of_lists(lists, taken) * _EXACT) / _EXACT
                    columns = [pa.array([name] * len(gain), pa.string()), pa.array(gain)]
                    yield pa.RecordBatch.from_arrays(columns, names=["model", "gain"])

    takers = rows.where(F.size("taken") > 0).mapInArrow(gains, "model string, gain double")
    return {row["model"]: row["mean"] for row in takers.groupBy("model").agg(F.avg("gain").alias("mean")).collect()}
