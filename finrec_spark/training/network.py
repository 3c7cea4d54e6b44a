"""The recurrent network: products from ID and text, customers from their events, all products scored at once.

After Bansal, Belanger, McCallum, "Ask the GRU: Multi-Task Learning for Deep Text Recommendations" (RecSys 2016). A
product's embedding is that of its ID plus what a recurrent encoder makes of its text. A GRU reads the customer's
events, starting from the profile. Its last state times the product embeddings, plus what the state makes of the
products' figures before the month in question, are the scores. Tags are predicted from the text's encoding alone. In
training, a share of the products lacks the ID's part and the figures in each step (item dropout), so that a product
without any history can be scored from its text alone.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from finrec_spark.training.batch import Batch
from finrec_spark.training.params import NetworkParams
from finrec_spark.training.product_arrays import ProductContent, require_content
from finrec_spark.training.sequences_schema import SequenceLayout


class Products(NamedTuple):
    """P products: embedding, P × width; bias, P; encoding of the text, P × 2 token_hidden.

    ``has_history`` is 1 where the product's own embedding, bias and figures count in this step, else 0, P; ``read``
    are the positions of the Q products whose text is read in this step.
    """

    embedding: Tensor
    bias: Tensor
    text: Tensor
    has_history: Tensor
    read: Tensor


class Tags(NamedTuple):
    """Logits and truth of K tags of the Q products whose text is read, Q × K each."""

    logits: Tensor
    truth: Tensor


class Output(NamedTuple):
    """Scores, B × P; tags of the products whose text is read; ratings of targets, B × T.

    The last two are None where they are not learned.
    """

    scores: Tensor
    tags: Tags | None
    ratings: Tensor | None


class TextEncoder(nn.Module):
    """Tokens of each product → mean of two GRUs' states over them, one reading each way; zero where there is no text.

    Nothing is packed: padding follows the text in either direction, so it reaches no state that counts, and the
    gradient of packed sequences costs more than the padding does.
    """

    def __init__(self, content: ProductContent, params: NetworkParams) -> None:
        super().__init__()
        vectors = torch.tensor(content.vectors)  # a copy: training changes it
        self.tokens = nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=0)
        self.forwards = nn.GRU(vectors.shape[1], params.token_hidden, batch_first=True)
        self.backwards = nn.GRU(vectors.shape[1], params.token_hidden, batch_first=True)
        self.width = 2 * params.token_hidden
        text = torch.from_numpy(content.tokens)
        has_token = (text > 0).float()
        n_tokens = has_token.sum(dim=1, keepdim=True).clamp(min=1)
        self.register_buffer("text", text, persistent=False)
        self.register_buffer("share", (has_token / n_tokens).unsqueeze(-1), persistent=False)
        self.register_buffer("from_the_end", _reversed_places(text), persistent=False)

    def forward(self, read: Tensor) -> Tensor:
        """Encodings, P × 2 token_hidden; 0 for a product that is not read.

        Args:
            read: positions of those that are, Q.
        """
        encoded = self.encoded(self.tokens(self.text[read]), read)
        return encoded.new_zeros(len(self.text), self.width).index_copy(0, read, encoded)

    def encoded(self, embedded: Tensor, products: Tensor) -> Tensor:
        """Encodings of products, Q × 2 token_hidden, from their tokens' embeddings.

        Args:
            embedded: Q × N × D.
            products: their positions, Q.
        """
        turned = embedded.gather(1, self.from_the_end[products].unsqueeze(-1).expand_as(embedded))
        states = torch.cat([self.forwards(embedded)[0], self.backwards(turned)[0]], dim=2)
        return (states * self.share[products]).sum(dim=1)


def _reversed_places(text: Tensor) -> Tensor:
    """Where the token stands that comes at each place when texts are read from their ends, P × N."""
    places = torch.arange(text.shape[1]).expand_as(text)
    last = (text > 0).sum(dim=1, keepdim=True) - 1
    return torch.where(places <= last, last - places, places)


class ProductEncoder(nn.Module):
    """ID and text of all products → their embeddings."""

    def __init__(self, content: ProductContent, params: NetworkParams) -> None:
        super().__init__()
        self.item_dropout = params.item_dropout
        self.other_texts = params.other_texts if params.tags_weight else 0
        self.id = nn.Embedding(content.n_products, params.width)
        self.bias = nn.Parameter(torch.zeros(content.n_products))
        self.text = TextEncoder(content, params)
        self.from_text = nn.Linear(self.text.width, params.width)
        self.register_buffer("known", torch.from_numpy(content.known), persistent=False)
        self.register_buffer("others", torch.from_numpy(np.flatnonzero(~content.known)), persistent=False)
        self.register_buffer("with_history", torch.from_numpy(np.flatnonzero(content.known)), persistent=False)
        nn.init.normal_(self.id.weight, std=params.width**-0.5)

    def forward(self) -> Products:
        """All products, as this step knows them."""
        read, has_history = self._read(), self._has_history()
        text = self.text(read)
        embedding = self.id.weight * has_history.unsqueeze(-1) + self.from_text(text)
        return Products(embedding, self.bias * has_history, text, has_history, read)

    def _read(self) -> Tensor:
        """Positions of the products whose text is read in this step, Q.

        In training they are those with a history and a few of the others, which may be many: these teach tags alone.
        """
        if not self.training:
            return torch.arange(len(self.known), device=self.known.device)
        chosen = torch.randperm(len(self.others), device=self.others.device)[: self.other_texts]
        return torch.cat([self.with_history, self.others[chosen]])

    def _has_history(self) -> Tensor:
        """1 where the product's history is used in this step, P."""
        known = self.known.float()
        if not self.training:
            return known
        return known * (torch.rand_like(known) >= self.item_dropout)


class FigureScores(nn.Module):
    """What a customer's state makes of the products' figures, as they were before the sequence's month."""

    def __init__(self, content: ProductContent, params: NetworkParams) -> None:
        super().__init__()
        n_figures = content.figures.shape[2]
        self.weight = nn.Parameter(torch.zeros(n_figures, params.width))  # until learned, figures say nothing
        self.bias = nn.Parameter(torch.zeros(n_figures))
        self.register_buffer("figures", torch.from_numpy(content.figures), persistent=False)

    def forward(self, state: Tensor, age: Tensor) -> Tensor:
        """Scores, B × P; rows of one month are computed together, so that no B × P × S is made.

        Args:
            state: B × width.
            age: months from the sequence's to the decided one, B.
        """
        weights = nn.functional.linear(state, self.weight, self.bias)
        order = age.argsort(stable=True)
        months, sizes = age.unique(return_counts=True)
        parts = zip(months.tolist(), weights[order].split(sizes.tolist()), strict=True)
        scores = torch.cat([part @ self.figures[month].T.to(part.dtype) for month, part in parts])
        return scores[order.argsort()]


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
        nn.init.zeros_(self.first.weight)  # until learned, profiles say nothing: few months may have them

    def forward(self, batch: Batch, products: Tensor) -> Tensor:
        """States, B × width.

        Args:
            batch: B customers.
            products: embeddings, P × width.
        """
        first = torch.tanh(self.first(batch.profile)).view(-1, self.layers, self.hidden).transpose(0, 1).contiguous()
        longest = max(int(batch.length.max()), 1)
        states, _ = self.gru(self.dropout(self._steps(batch, products, longest)), first)
        after = torch.cat([first[-1].to(states.dtype).unsqueeze(1), states], dim=1)
        place = batch.length.long().to(after.device)
        return self.last(self.dropout(after[torch.arange(len(after), device=after.device), place]))

    def _steps(self, batch: Batch, products: Tensor, longest: int) -> Tensor:
        padded = torch.cat([products.new_zeros(1, products.shape[1]), products])
        of_event = self.event_type(batch.event_type[:, :longest]) + self.amount(batch.amount[:, :longest])
        of_time = self.gap(batch.gap[:, :longest]) + self.month(batch.month[:, :longest])
        return nn.functional.embedding(batch.product[:, :longest], padded) + of_event + of_time


class Network(nn.Module):
    """Scores of all products for a batch of customers, and the side tasks' predictions.

    Raises:
        TrainingError: the content does not fit the layout (``require_content``).
    """

    def __init__(self, layout: SequenceLayout, content: ProductContent, params: NetworkParams) -> None:
        require_content(content, layout.products, layout.ages)
        super().__init__()
        self.products = ProductEncoder(content, params)
        self.events = EventEncoder(layout, params)
        self.figures = FigureScores(content, params)
        n_tags = content.tags.shape[1] if params.tags_weight else 0
        self.tags = nn.Linear(self.products.text.width, n_tags) if n_tags else None
        rated = layout.ratings and params.rating_weight > 0
        self.rating = nn.Linear(params.width, params.width) if rated else None
        self.mean_rating = nn.Parameter(torch.zeros(1)) if rated else None
        self.register_buffer("true_tags", torch.from_numpy(content.tags), persistent=False)

    def forward(self, batch: Batch) -> Output:
        """Scores with nothing masked, tags of the products whose text is read, and ratings of the targets."""
        products = self.products()
        state = self.events(batch, products.embedding)
        scores = state @ products.embedding.T + products.bias + self.figures(state, batch.age) * products.has_history
        return Output(scores, self._tags(products), self._ratings(batch, state, products.embedding))

    def decided(self, products: Products) -> tuple[Tensor, Tensor]:
        """Embedding, P × width, and bias, P, of the decided month: its figures are in them.

        A state times the embedding, plus the bias, is what ``forward`` gives a sequence of age 0.
        """
        figures = self.figures.figures[0] * products.has_history.unsqueeze(-1)
        return products.embedding + figures @ self.figures.weight, products.bias + figures @ self.figures.bias

    def _tags(self, products: Products) -> Tags | None:
        if self.tags is None:
            return None
        return Tags(self.tags(products.text[products.read]), self.true_tags[products.read])

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
