"""What a trained network makes of customers and products, as rows that score without torch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from pyspark.ml.functions import array_to_vector
from pyspark.ml.stat import Summarizer
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from finrec_spark.training.batch import Batch, unpacked
from finrec_spark.training.network import Network
from finrec_spark.training.network_state import NetworkScorer, NetworkState
from finrec_spark.training.product_arrays import Floats
from finrec_spark.transforms.letters import is_han

_ROWS = 2_048  # sequences of one step: sorted by length, so that short ones wait for no long one

ProductState = tuple[str, list[float], float, list[str]]


def customer_states(sequences: DataFrame, state: NetworkState) -> DataFrame:
    """One row: a customer's state after the last event.

    Args:
        sequences: ``customer_id`` and the columns of ``state.layout``; one row a customer.

    Returns:
        ``customer_id``, ``state`` (array<float>, as long as a product's).
    """
    shared = sequences.sparkSession.sparkContext.broadcast(state)

    def map_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        scorer = NetworkScorer(shared.value)
        for record_batch in batches:
            for start in range(0, record_batch.num_rows, _ROWS):
                yield _states_of(record_batch.slice(start, _ROWS), scorer)

    return sequences.mapInArrow(map_batches, "customer_id string, state array<float>")


def scored_rows(columns: Mapping[str, NDArray[np.int64]], state: NetworkState) -> Floats:
    """Scores of all products for a few sequences, in this process, B × P.

    Args:
        columns: the columns of ``state.layout``, B × their lengths.
        state: a trained network.
    """
    layout, size = state.layout, len(columns["length"])
    whole = [columns[name].reshape(size, -1).astype(np.int32) for name in layout.whole_numbers]
    decimals = [columns[name].reshape(size, -1).astype(np.float32) for name in layout.decimals]
    batch = unpacked(layout, np.concatenate(whole, axis=1), np.concatenate(decimals, axis=1), np.ones(size, np.float32))
    return NetworkScorer(state).score(batch)


def collect_mean_state(states: DataFrame) -> Floats:
    """The mean of the customers' states: one row."""
    row = states.select(Summarizer.mean(array_to_vector(F.col("state").cast("array<double>"))).alias("mean")).collect()
    return np.asarray(row[0]["mean"].toArray(), dtype=np.float32)


def product_states(
    state: NetworkState, mean: Floats, tokens: Sequence[str], product_ids: Sequence[str], newcomers: float
) -> list[ProductState]:
    """One row: a product's state, bias and the words that move its scores most.

    Args:
        mean: the mean customer's state, which the words are found for and newcomers are weighed by.
        tokens: token by number - 1.
        product_ids: product IDs by position.
        newcomers: share of what is taken that goes to products without a history, in (0, 1).
    """
    scorer = NetworkScorer(state)
    known = state.content.known
    offset = newcomers_offset(scorer.embedding @ mean + scorer.bias, known, newcomers)
    bias = np.where(known, scorer.bias, scorer.bias + offset)
    words = salient_words(scorer.network, mean, tokens)
    return list(zip(product_ids, scorer.embedding.tolist(), bias.tolist(), words, strict=True))


def newcomers_offset(scores: Floats, known: NDArray[np.bool_], share: float) -> float:
    """What is to be added to newcomers' scores, so that the softmax gives them ``share`` together; 0 without any.

    In training products without a history are no alternatives, so nothing else holds them against the others.
    offset = log(share / (1 - share)) + log Σ_known exp(score) - log Σ_new exp(score)

    Args:
        scores: P.
        known: whether the product has a history, P.
        share: in (0, 1).

    >>> newcomers_offset(np.log([3.0, 1.0, 4.0]), np.array([True, True, False]), 0.5)
    0.0
    """
    if known.all():
        return 0.0
    odds = np.exp(scores.astype(np.float64) - scores.max())
    return float(np.log(share / (1 - share)) + np.log(odds[known].sum()) - np.log(odds[~known].sum()))


def salient_words(network: Network, customer: Floats, tokens: Sequence[str]) -> list[list[str]]:
    """The words of each product's text by |∂score/∂embedding|, heaviest first, each once.

    As in Bansal, Belanger, McCallum, "Ask the GRU" (RecSys 2016), figure 3: the length of the gradient of the
    customer's score of the product with respect to each word's vector. A Chinese character alone is no word and the
    texts come without word borders, so what is told there are pairs of neighbours, which weigh what their characters
    do on average.

    Args:
        network: a trained network.
        customer: the state whose scores are looked at.
        tokens: token by number - 1.
    """
    encoder = network.products
    numbers = encoder.text.text
    embedded = encoder.text.tokens(numbers).detach().requires_grad_()
    every = torch.arange(len(numbers))
    scores = encoder.from_text(encoder.text.encoded(embedded, every)) @ torch.from_numpy(customer)
    (gradient,) = torch.autograd.grad(scores.sum(), embedded)
    rows = zip(numbers.tolist(), gradient.norm(dim=2).tolist(), strict=True)
    return [heaviest_words([tokens[n - 1] for n in row if n > 0], weights) for row, weights in rows]


def heaviest_words(text: Sequence[str], weights: Sequence[float]) -> list[str]:
    """The words of one text, heaviest first, each once; of equal weight the earlier one.

    Args:
        text: tokens, of which a Chinese one is one character.
        weights: one a token; further ones are not read.

    >>> heaviest_words(["gold", "金", "条", "bar"], [0.5, 0.8, 0.6, 0.1])
    ['金条', 'gold', 'bar']
    """
    weighed = [(word, weight) for word, weight in zip(text, weights, strict=False) if not is_han(word)]
    for at, (word, following) in enumerate(pairwise(text)):
        if is_han(word) and is_han(following):
            weighed.append((word + following, (weights[at] + weights[at + 1]) / 2))
    ordered = sorted(weighed, key=lambda pair: -pair[1])
    return list(dict.fromkeys(word for word, _ in ordered))


def _states_of(rows: pa.RecordBatch, scorer: NetworkScorer) -> pa.RecordBatch:
    order = np.argsort(rows.column("length").to_numpy(), kind="stable")
    sorted_rows = rows.take(pa.array(order))
    states = scorer.hidden(_batch(sorted_rows, scorer))
    offsets = np.arange(len(order) + 1, dtype=np.int32) * states.shape[1]
    listed = pa.ListArray.from_arrays(pa.array(offsets), pa.array(states.ravel(), pa.float32()))
    return pa.RecordBatch.from_arrays([sorted_rows.column("customer_id"), listed], names=["customer_id", "state"])


def _batch(rows: pa.RecordBatch, scorer: NetworkScorer) -> Batch:
    layout = scorer.state.layout
    whole = [_columns(rows.column(name), size, np.int32) for name, size in layout.whole_numbers.items()]
    decimals = [_columns(rows.column(name), size, np.float32) for name, size in layout.decimals.items()]
    weight = np.ones(rows.num_rows, dtype=np.float32)
    return unpacked(layout, np.concatenate(whole, axis=1), np.concatenate(decimals, axis=1), weight)


def _columns(values: pa.Array, size: int, dtype: type) -> NDArray[np.generic]:
    flat = values.flatten() if isinstance(values, pa.ListArray) else values
    return np.asarray(flat.to_numpy(zero_copy_only=False), dtype=dtype).reshape(-1, size)
