"""What the network is trained for, and how well it ranks."""

from torch import Tensor
from torch.nn import functional

from finrec_spark.training.batch import Batch
from finrec_spark.training.network import Network, Output, Tags, marked
from finrec_spark.training.params import NetworkParams

NEVER = float("-inf")


def training_loss(output: Output, batch: Batch, network: Network, params: NetworkParams) -> Tensor:
    """Loss of one step on one rank: next products, plus tags and ratings by their weights.

    Its mean over ranks has the gradient of the mean over all rows of the step, however they are spread.
    """
    rows = next_product_loss(output.scores, batch, network.products.known)
    loss = (rows * batch.weight).sum() * batch.scale
    if output.tags is not None:
        loss = loss + params.tags_weight * tags_loss(output.tags)
    if output.ratings is not None and batch.rating is not None:
        of_ratings = (rating_loss(output.ratings, batch.rating) * batch.weight).sum() * batch.scale
        loss = loss + params.rating_weight * of_ratings
    return loss


def next_product_loss(scores: Tensor, batch: Batch, known: Tensor) -> Tensor:
    """Mean of −log p(target) over each row's targets, B; 0 for a row without a target.

    p is the softmax over the products with a history that the customer did not hold, and the targets.
    """
    wanted = marked(batch.target, scores.shape[1])
    logs = functional.log_softmax(offered(scores.float(), batch, known).where(~wanted, scores.float()), dim=1)
    count = wanted.sum(dim=1)
    return -logs.where(wanted, logs.new_zeros(())).sum(dim=1) / count.clamp(min=1)


def offered(scores: Tensor, batch: Batch, known: Tensor) -> Tensor:
    """The scores, −∞ for products that the customer holds and for those without a history."""
    return scores.masked_fill(marked(batch.owned, scores.shape[1]) | ~known, NEVER)


def tags_loss(tags: Tags) -> Tensor:
    """Mean binary cross-entropy over products and tags."""
    return functional.binary_cross_entropy_with_logits(tags.logits.float(), tags.truth)


def rating_loss(predicted: Tensor, rating: Tensor) -> Tensor:
    """Mean squared error over each row's rated targets, B; 0 for a row without one."""
    rated = ~rating.isnan()
    error = (predicted.float() - rating.nan_to_num()).square() * rated
    return error.sum(dim=1) / rated.sum(dim=1).clamp(min=1)


def recall(scores: Tensor, batch: Batch, known: Tensor, k: int = 10) -> Tensor:
    """Share of each row's targets among the k best that may be offered, B; 0 for a row without a target."""
    wanted = marked(batch.target, scores.shape[1])
    best = offered(scores.float(), batch, known).topk(min(k, scores.shape[1]), dim=1).indices
    return wanted.gather(1, best).sum(dim=1) / wanted.sum(dim=1).clamp(min=1)
