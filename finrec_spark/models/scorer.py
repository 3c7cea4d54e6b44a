"""What every model offers to the scoring pass.

A model is fitted to rows of its declared table (``fit``), and those rows of one month make a
``Scorer``: plain numpy state, sent once to every executor, that scores a batch of customers
against all products at once. Products are positions 0 … P-1 of ``gold.product_index``.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from finrec_spark.arrays import Floats, Ints


@dataclass(frozen=True)
class CustomerBatch:
    """B customers as the models see them; every matrix is B × P.

    Attributes:
        strength: decayed strength of each product in the customer's history, sorted by product.
        owned: 1 where the customer holds the product.
        evidence: Σ similarity · strength over similar customers (``pearson_user``).
        holders: how many of the similar customers hold the product.
        segment: the customer's segment.
        risk_level: highest product risk that suits the customer; 0 where it is unknown.
        key: a stable 64-bit hash of each customer's ID, for seeded choices.
        rating: newest explicit rating, stored where there is one; None where the bank has no ratings.
        profile: B × F profile vectors (``transforms.profile_vector``), NaN where a value is missing; None where
            no model reads profiles.
        state: B × width, the recurrent network's state after the customer's latest events, NaN for a customer whom it
            did not read; None where the model is not used.
        days: since the newest interaction with each product of the history, at least 1; None where no trees score.
    """

    strength: csr_matrix
    owned: csr_matrix
    evidence: csr_matrix
    holders: csr_matrix
    segment: NDArray[np.object_]
    risk_level: Ints
    key: NDArray[np.uint64]
    rating: csr_matrix | None = None
    profile: Floats | None = None
    state: Floats | None = None
    days: csr_matrix | None = None

    @property
    def size(self) -> int:
        """Number of customers."""
        return int(self.strength.shape[0])

    @property
    def n_products(self) -> int:
        """Number of products."""
        return int(self.strength.shape[1])


@dataclass(frozen=True)
class Explanation:
    """What made the scores of B × N recommended products.

    Attributes:
        code: reason's code, such as ``similar_product``.
        product: position of the product in the customer's history that carried most of the score; -1 for none.
        share: that product's share of the score, in [0, 1]; 1 where ``product`` is -1.
        count: a number that the sentence tells, such as similar customers; 0 where there is none.
        feature: place in the profile vector that the sentence names; -1 for none. None where no sentence names one.
    """

    code: str
    product: Ints
    share: Floats
    count: Ints
    feature: Ints | None = None


class Scorer(Protocol):
    """Scores customers; larger is better, 0 where the model has nothing to say, never NaN."""

    def score(self, batch: CustomerBatch) -> Floats:
        """Scores, B × P."""
        ...

    def explain(self, batch: CustomerBatch, products: Ints) -> Explanation:
        """What made the scores of ``products``, B × N positions."""
        ...
