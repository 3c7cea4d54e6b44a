"""What the network knows of products besides their history."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finrec_spark.errors import TrainingError

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class ProductContent:
    """Text, tags and numbers of P products, in the order of ``gold.product_index``.

    Attributes:
        tokens: P × N, the text's tokens from its start, 1 … V; 0 is padding. N is 1 at least.
        vectors: V + 1 × D, what each token's embedding starts from; row 0 is padding and zero.
        tags: P × K, 1 where the product has the tag (a category, sector, risk level …); K may be 0.
        figures: A × P × S, such as price, return and volume of sales before the decided month and before each of the
            A - 1 months before it, standardised, without missing values; S may be 0.
        known: P, whether the product has a history; others are scored from their content alone and are no
            alternatives in training.
    """

    tokens: NDArray[np.int64]
    vectors: Floats
    tags: Floats
    figures: Floats
    known: NDArray[np.bool_]

    @property
    def n_products(self) -> int:
        """Number of products, P."""
        return len(self.known)


def require_content(content: ProductContent, products: int, ages: int) -> None:
    """Hold the content against a feed's numbers of products and of months, and its parts against each other.

    Raises:
        TrainingError: naming everything that does not fit.
    """
    lengths = {name: len(getattr(content, name)) for name in ("tokens", "tags", "known")}
    lengths["figures"] = content.figures.shape[1]
    wrong = [f"{name} of {found} products" for name, found in lengths.items() if found != products]
    if len(content.figures) != ages:
        wrong.append(f"figures of {len(content.figures)} months instead of {ages}")
    if content.tokens.size and int(content.tokens.max()) >= len(content.vectors):
        wrong.append(f"token {int(content.tokens.max())} without a vector")
    if not content.tokens.shape[1:] or not content.tokens.shape[1]:
        wrong.append("no place for a token")
    finite = {name: bool(np.isfinite(getattr(content, name)).all()) for name in ("vectors", "tags", "figures")}
    wrong += [f"{name} with missing values" for name, fine in finite.items() if not fine]
    if not content.known.any():
        wrong.append("no product with a history")
    if wrong:
        raise TrainingError(f"product content for {products} products: {'; '.join(wrong)}; build it again")
