# ruff: noqa: E402 (what needs torch is imported after a look whether it is there)
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the training extra is not installed")

from finrec_spark.errors import TrainingError
from finrec_spark.training.batch import Batch
from finrec_spark.training.losses import next_product_loss, offered, rating_loss, recall, training_loss
from finrec_spark.training.network import Network, state_arrays
from finrec_spark.training.network_state import NetworkScorer, NetworkState
from finrec_spark.training.params import NetworkParams

PARAMS = NetworkParams(width=16, hidden=16, token_hidden=8, item_dropout=0.0, dropout=0.0)
ALL_KNOWN = torch.full((6,), True)


def test_the_network_overfits_one_batch(layout, content):
    batch = ring()
    network = learned(layout, content, PARAMS, batch, steps=80)
    assert recall(network.eval()(batch).scores, batch, ALL_KNOWN, k=1).tolist() == [1.0] * 6


def test_a_cold_product_is_found_by_its_text_alone(layout, content):
    """Product 5 has no history; its text is that of product 4, which everyone takes after product 3."""
    tokens = content.tokens.copy()
    tokens[5] = tokens[4]
    cold = replace(content, tokens=tokens, known=np.arange(6) < 5)
    batch = ring(rows=5, products=5)
    network = learned(layout, cold, PARAMS.model_copy(update={"item_dropout": 0.5}), batch, steps=150)
    assert int(network.eval()(batch).scores[3, [0, 1, 2, 3, 5]].argmax()) == 4


def test_a_product_without_a_history_uses_nothing_of_its_id_and_its_figures(layout, content):
    of_two_months = replace(with_figures(content), known=np.arange(6) < 5)
    network = Network(layout.model_copy(update={"ages": 2}), of_two_months, PARAMS).eval()
    with torch.no_grad():
        network.figures.weight += 1.0
    before = network(ring()).scores
    with torch.no_grad():
        network.products.id.weight[5] += 1.0
        network.products.bias[5] += 1.0
        network.figures.figures[:, 5] += 1.0
    assert torch.equal(network(ring()).scores, before)


def test_training_reads_a_few_texts_of_products_without_a_history_and_scores_the_others_the_same(layout, content):
    known = np.arange(6) < 3
    network = Network(layout, replace(content, known=known), PARAMS.model_copy(update={"other_texts": 2}))
    batch = replace(ring(), product=ring().product.where(ring().product <= 3, 1))
    learning, scoring = network.train()(batch), network.eval()(batch)
    torch.testing.assert_close(learning.scores[:, known], scoring.scores[:, known])
    torch.testing.assert_close(learning.tags.logits[:3], scoring.tags.logits[:3])
    assert learning.tags.logits.shape == learning.tags.truth.shape == (5, 4)


def test_each_product_without_a_history_teaches_its_own_tags_at_times(layout, content):
    params = PARAMS.model_copy(update={"other_texts": 1})
    few = Network(layout, replace(content, known=np.arange(6) < 2), params).train()
    reads = [few.products().read.tolist() for _ in range(50)]
    assert {read[-1] for read in reads} == {2, 3, 4, 5}
    assert torch.equal(few(ring()).tags.truth[:2], torch.from_numpy(content.tags[:2]))


def test_without_the_task_of_tags_no_text_is_read_that_the_scores_do_not_need(layout, content):
    alone = PARAMS.model_copy(update={"tags_weight": 0.0})
    assert Network(layout, replace(content, known=np.arange(6) < 2), alone).train().products().read.tolist() == [0, 1]


def test_item_dropout_leaves_the_share_of_products_without_their_id(layout, content):
    torch.manual_seed(0)
    encoder = Network(layout, content, PARAMS.model_copy(update={"item_dropout": 0.25})).products.train()
    assert torch.stack([encoder._has_history() for _ in range(400)]).mean().item() == pytest.approx(0.75, abs=0.03)


def test_padding_changes_no_score(layout, content):
    network = Network(layout, content, PARAMS).eval()
    product = ring().product
    product[:, 1:] = 3  # after the first event, which is the last
    assert torch.equal(network(ring()).scores, network(replace(ring(), product=product)).scores)


def test_a_customer_without_events_is_scored_from_the_profile(layout, content):
    network = Network(layout, content, PARAMS).eval()
    torch.nn.init.normal_(network.events.first.weight)
    empty = replace(ring(), product=torch.zeros(6, 4, dtype=torch.int32), length=torch.zeros(6, dtype=torch.int32))
    other = replace(empty, profile=empty.profile + 1)
    assert torch.isfinite(network(empty).scores).all()
    assert not torch.allclose(network(empty).scores, network(other).scores)


def test_what_the_customer_holds_is_not_offered():
    batch = replace(ring(), owned=torch.tensor([[2, 3, 0]] * 6, dtype=torch.int32))
    scores = offered(torch.zeros(6, 6), batch, torch.tensor([True] * 5 + [False]))
    assert torch.isinf(scores[0]).tolist() == [False, True, True, False, False, True]


def test_the_loss_is_the_mean_log_probability_of_the_targets():
    batch = replace(ring(rows=1), target=torch.tensor([[1, 2]]), owned=torch.tensor([[2, 3, 0]]))
    scores = torch.log(torch.tensor([[4.0, 2.0, 9.0, 1.0, 1.0, 9.0]]))
    loss = next_product_loss(scores, batch, torch.tensor([True] * 5 + [False]))  # out of 4 + 2 + 1 + 1
    assert loss.item() == pytest.approx(-(np.log(4 / 8) + np.log(2 / 8)) / 2)


def test_only_rated_targets_count_in_the_rating_loss():
    loss = rating_loss(torch.tensor([[3.0, 9.0], [1.0, 1.0]]), torch.tensor([[5.0, np.nan], [np.nan, np.nan]]))
    assert loss.tolist() == [4.0, 0.0]


def test_ratings_of_low_rank_are_learned(layout, content):
    batch = replace(ring(), rating=torch.tensor([[float(1 + row % 5), np.nan] for row in range(6)]))
    rated = layout.model_copy(update={"ratings": True})
    network = learned(rated, content, PARAMS, batch, steps=150)
    np.testing.assert_allclose(network.eval()(batch).ratings[:, 0].detach(), batch.rating[:, 0], atol=0.2)


def test_rows_of_weight_zero_change_no_gradient(layout, content):
    whole, filled = ring(rows=3), replace(ring(rows=6), weight=torch.tensor([1.0, 1, 1, 0, 0, 0]))
    gradients = [gradient(layout, content, replace(batch, scale=1 / 3)) for batch in (whole, filled)]
    torch.testing.assert_close(*gradients)


def test_tags_are_learned_from_text(layout, content):
    network = learned(layout, content, PARAMS.model_copy(update={"tags_weight": 5.0}), ring(), steps=120)
    tags = network.eval()(ring()).tags.logits
    assert ((tags > 0).numpy() == content.tags.astype(bool)).all()


def test_states_of_the_decided_month_give_the_networks_scores(layout, content):
    of_two_months = with_figures(content)
    two_months = layout.model_copy(update={"ages": 2})
    network = learned(two_months, of_two_months, PARAMS, ring(), steps=3).eval()
    scorer = NetworkScorer(NetworkState(two_months, of_two_months, PARAMS, state_arrays(network)))
    scores = scorer.hidden(ring()) @ scorer.embedding.T + scorer.bias
    np.testing.assert_allclose(scores, network(ring()).scores.detach(), atol=1e-5)


def test_a_sequence_reads_the_figures_before_its_own_month(layout, content):
    """All take whatever sold in the month before: one product for the decided month, another for the one before."""
    two_months = layout.model_copy(update={"ages": 2})
    figures = np.eye(6, dtype=np.float32)[[2, 4]][:, :, None]
    age = torch.tensor([0, 1, 0, 1, 1, 0], dtype=torch.int32)
    target = torch.stack([torch.where(age == 0, 3, 5), torch.zeros(6, dtype=torch.int64)], dim=1)
    alike = replace(ring(), product=torch.ones(6, 4, dtype=torch.int32), age=age, target=target)
    network = learned(two_months, replace(content, figures=figures), PARAMS, alike, steps=40).eval()
    assert network(alike).scores.argmax(dim=1).tolist() == torch.where(age == 0, 2, 4).tolist()


def test_content_of_other_products_is_refused(layout, content):
    with pytest.raises(TrainingError, match="known of 5 products; no product with a history"):
        Network(layout, replace(content, known=np.full(5, False)), PARAMS)


def test_figures_of_other_months_are_refused(layout, content):
    with pytest.raises(TrainingError, match="figures of 2 months instead of 1"):
        Network(layout, with_figures(content), PARAMS)


def with_figures(content):
    """The content with three figures before each of two months."""
    return replace(content, figures=np.random.default_rng(3).normal(size=(2, 6, 3)).astype(np.float32))


def learned(layout, content, params, batch, steps):
    torch.manual_seed(1)
    network = Network(layout, content, params).train()
    optimiser = torch.optim.Adam(network.parameters(), lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        training_loss(network(batch), batch, network, params).backward()
        optimiser.step()
    return network


def gradient(layout, content, batch):
    torch.manual_seed(1)
    network = Network(layout, content, PARAMS).train()
    training_loss(network(batch), batch, network, PARAMS).backward()
    return network.events.gru.weight_ih_l0.grad


def ring(rows=6, products=6):
    """Each row saw one product, and takes the next one on the ring."""
    seen = torch.arange(rows, dtype=torch.int32) % products
    product = torch.zeros(rows, 4, dtype=torch.int32)
    product[:, 0] = seen + 1
    one = (product > 0).int()
    target = torch.stack([(seen + 1) % products + 1, torch.zeros(rows, dtype=torch.int32)], dim=1)
    owned, profile = torch.zeros(rows, 3, dtype=torch.int32), torch.zeros(rows, 2)
    length, age, weight = torch.ones(rows, dtype=torch.int32), torch.zeros(rows, dtype=torch.int32), torch.ones(rows)
    return Batch(product, one, one, one, one, length, age, target, owned, profile, None, weight, 1 / rows)
