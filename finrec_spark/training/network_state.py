"""A trained network → scores of all products, in batches, on one thread.

The products are encoded once; a batch costs a pass of the recurrent layers over its events and one matrix product.
"""

from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from finrec_spark.training.batch import Batch
from finrec_spark.training.network import Network, Products, load_arrays
from finrec_spark.training.params import NetworkParams
from finrec_spark.training.product_arrays import ProductContent
from finrec_spark.training.sequences_schema import SequenceLayout
from finrec_spark.training.trained import Weights

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class NetworkState:
    """All that scoring needs, as plain values: sent to the executors once."""

    layout: SequenceLayout
    content: ProductContent
    params: NetworkParams
    weights: Weights


@dataclass
class NetworkScorer:
    """Scores customers' sequences.

    Attributes:
        network: the trained network, ready to score.
        embedding, bias: of products in the decided month, P × width and P (``Network.decided``).
    """

    state: NetworkState
    network: Network = field(init=False, repr=False)
    embedding: Floats = field(init=False, repr=False)
    bias: Floats = field(init=False, repr=False)
    _products: Products = field(init=False, repr=False)

    def __post_init__(self) -> None:
        torch.set_num_threads(1)  # a Spark task has one core
        self.network = network_of(self.state)
        with torch.inference_mode():
            self._products = self.network.products()
            embedding, bias = self.network.decided(self._products)
        self.embedding, self.bias = embedding.numpy(), bias.numpy()

    def hidden(self, batch: Batch) -> Floats:
        """States of B customers, B × width."""
        with torch.inference_mode():
            return self.network.events(batch, self._products.embedding).numpy()

    def score(self, batch: Batch) -> Floats:
        """Scores, B × P, of sequences of any month; larger is better, nothing masked."""
        with torch.inference_mode():
            return self.network(batch).scores.numpy()


def network_of(state: NetworkState) -> Network:
    """The trained network, ready to score."""
    network = Network(state.layout, state.content, state.params)
    load_arrays(network, dict(state.weights))
    return network.eval()
