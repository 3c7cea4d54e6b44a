"""The recurrent network: products from ID and text, customers from their events, all products scored at once.

After Bansal, Belanger, McCallum, "Ask the GRU: Multi-Task Learning for Deep Text Recommendations" (RecSys 2016). A
product's embedding is that of its ID plus what a recurrent encoder makes of its text, plus its numbers. A GRU reads
the customer's events, starting from the profile. Its last state times the product embeddings are the scores. Tags
are predicted from the text's encoding alone. In training, a share of the products lacks the ID's part in each step
(item dropout), so that a product without any history can be scored from its content.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from finrec_spark.training.batch import Batch
from finrec_spark.training.content import ProductContent, require_content
from finrec_spark.training.params import NetworkParams
from finrec_spark.training.sequences_schema import SequenceLayout


class Products(NamedTuple):
    """P products: embedding, P × width; bias, P; encoding of the text, P × 2 token_hidden."""

    embedding: Tensor
    bias: Tensor
    text: Tensor


class Output(NamedTuple):
    """Scores, B × P; logits of the tags, P × K, or None; ratings of the batch's targets, B × T, or None."""

    scores: Tensor
    tags: Tensor | None
    ratings: Tensor | None


class TextEncoder(nn.Module):
    """Tokens of each product → mean of a bidirectional GRU's states over them; zero for a product without text."""

    def __init__(self, content: ProductContent, params: NetworkParams) -> None:
        super().__init__()
        vectors = torch.tensor(content.vectors)  # a copy: training changes it
        self.tokens = nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=0)
        self.gru = nn.GRU(content.vectors.shape[1], params.token_hidden, batch_first=True, bidirectional=True)
        n_tokens = torch.from_numpy(content.n_tokens)
        self.width = 2 * params.token_hidden
        self.register_buffer("text", torch.from_numpy(content.tokens), persistent=False)
        self.register_buffer("has_token", (self.text > 0).float().unsqueeze(-1), persistent=False)
        self.lengths = n_tokens.clamp(min=1)  # stays on the CPU, where packing wants it

    def forward(self) -> Tensor:
        """Encodings of all products, P × 2 token_hidden."""
        return self.encoded(self.tokens(self.text))

    def encoded(self, embedded: Tensor) -> Tensor:
        """Encodings of all products from their tokens' embeddings, P × N × D."""
        packed = pack_padded_sequence(embedded, self.lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.gru(packed)[0], batch_first=True, total_length=embedded.shape[1])
        return (states * self.has_token).sum(dim=1) / self.lengths.to(states.device).unsqueeze(-1)


class ProductEncoder(nn.Module):
    """ID, text and features of all products → their embeddings."""

    def __init__(self, content: ProductContent, params: NetworkParams) -> None:
        super().__init__()
        self.item_dropout = params.item_dropout
        self.id = nn.Embedding(content.n_products, params.width)
        self.bias = nn.Parameter(torch.zeros(content.n_products))
        self.text = TextEncoder(content, params)
        self.from_text = nn.Linear(self.text.width, params.width)
        n_features = content.features.shape[1]
        self.from_features = nn.Linear(n_features, params.width, bias=False) if n_features else None
        self.register_buffer("features", torch.from_numpy(content.features), persistent=False)
        self.register_buffer("known", torch.from_numpy(content.known), persistent=False)
        nn.init.normal_(self.id.weight, std=params.width**-0.5)

    def forward(self) -> Products:
        """All products, as this step knows them."""
        text = self.text()
        by_id = self._by_id()
        embedding = self.id.weight * by_id.unsqueeze(-1) + self.from_text(text)
        if self.from_features is not None:
            embedding = embedding + self.from_features(self.features)
        return Products(embedding, self.bias * by_id, text)

    def _by_id(self) -> Tensor:
        """1 where the product's own embedding and bias are used, P."""
        known = self.known.float()
        if not self.training:
            return known
        return known * (torch.rand_like(known) >= self.item_dropout)


class EventEncoder(nn.Module):
    """Events of each customer → the state after the last one, B × width; the profile alone where there is none."""

    def __init__(self, layout: SequenceLayout, params: NetworkParams) -> None:
        super().__init__()
        self.layers, self.hidden = params.layers, params.hidden
        self.event_type = nn.Embedding(layout.event_types + 1, params.width, padding_idx=0)
        self.amount = nn.Embedding(layout.amounts + 1, params.width, padding_idx=0)
        self.gap = nn.Embedding(layout.gaps + 1, params.width, padding_idx=0)
        self.month = nn.Embedding(13, params.width, padding_idx=0)
        self.first = nn.Linear(layout.profile, params.layers * params.hidden)
        self.gru = nn.GRU(params.width, params.hidden, params.layers, batch_first=True)
        self.last = nn.Linear(params.hidden, params.width)
        self.dropout = nn.Dropout(params.dropout)
        for table in (self.event_type, self.amount, self.gap, self.month):
            nn.init.normal_(table.weight, std=params.width**-0.5)

    def forward(self, batch: Batch, products: Tensor) -> Tensor:
        """States, B × width.

        Args:
            batch: B customers.
            products: embeddings, P × width.
        """
        first = torch.tanh(self.first(batch.profile)).view(-1, self.layers, self.hidden).transpose(0, 1).contiguous()
        lengths = batch.length.long()
        steps = self.dropout(self._steps(batch, products))
        packed = pack_padded_sequence(steps, lengths.clamp(min=1), batch_first=True, enforce_sorted=False)
        after = self.gru(packed, first)[1][-1]
        has_event = (lengths > 0).unsqueeze(-1).to(after.device)
        return self.last(self.dropout(torch.where(has_event, after, first[-1].to(after.dtype))))

    def _steps(self, batch: Batch, products: Tensor) -> Tensor:
        padded = torch.cat([products.new_zeros(1, products.shape[1]), products])
        of_event = self.event_type(batch.event_type) + self.amount(batch.amount)
        of_time = self.gap(batch.gap) + self.month(batch.month)
        return nn.functional.embedding(batch.product, padded) + of_event + of_time


class Network(nn.Module):
    """Scores of all products for a batch of customers, and the side tasks' predictions.

    Raises:
        TrainingError: the content does not fit the layout (``require_content``).
    """

    def __init__(self, layout: SequenceLayout, content: ProductContent, params: NetworkParams) -> None:
        require_content(content, layout.products)
        super().__init__()
        self.products = ProductEncoder(content, params)
        self.events = EventEncoder(layout, params)
        n_tags = content.tags.shape[1] if params.tags_weight else 0
        self.tags = nn.Linear(self.products.text.width, n_tags) if n_tags else None
        rated = layout.ratings and params.rating_weight > 0
        self.rating = nn.Linear(params.width, params.width) if rated else None
        self.mean_rating = nn.Parameter(torch.zeros(1)) if rated else None
        self.register_buffer("true_tags", torch.from_numpy(content.tags), persistent=False)

    def forward(self, batch: Batch) -> Output:
        """Scores with nothing masked, logits of all products' tags, and ratings of the targets."""
        products = self.products()
        state = self.events(batch, products.embedding)
        scores = state @ products.embedding.T + products.bias
        tags = None if self.tags is None else self.tags(products.text)
        return Output(scores, tags, self._ratings(batch, state, products.embedding))

    def _ratings(self, batch: Batch, state: Tensor, products: Tensor) -> Tensor | None:
        if self.rating is None:
            return None
        wanted = products[(batch.target.long() - 1).clamp(min=0)]
        return (wanted @ self.rating(state).unsqueeze(-1)).squeeze(-1) + self.mean_rating


def marked(products: Tensor, n_products: int) -> Tensor:
    """B × P, true at each row's products (position + 1; 0 is padding)."""
    wide = torch.zeros(len(products), n_products + 1, dtype=torch.bool, device=products.device)
    return wide.scatter_(1, products.long(), True)[:, 1:]


def state_arrays(network: Network) -> dict[str, NDArray[np.float32]]:
    """The trained weights by name."""
    return {name: value.detach().cpu().numpy().copy() for name, value in network.state_dict().items()}


def load_arrays(network: Network, arrays: dict[str, NDArray[np.float32]]) -> None:
    """Put weights by name into a network of the same layout, content and parameters."""
    network.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})
