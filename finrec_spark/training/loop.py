"""One process's part in training the network.

The same plan, number of processes and threads give the same weights on a CPU, also where training was killed and
started again in between.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from finrec_spark.errors import FinrecError, TrainingError
from finrec_spark.training import checkpoint
from finrec_spark.training.batch import Batch
from finrec_spark.training.checkpoint import Checkpoint
from finrec_spark.training.feed import Feed, Shard
from finrec_spark.training.losses import next_product_loss, recall, training_loss
from finrec_spark.training.manifest import Tally
from finrec_spark.training.network import Network, state_arrays
from finrec_spark.training.progress import Progress
from finrec_spark.training.ranks import Ranks, joined
from finrec_spark.training.trained import CurvePoint, Trained, TrainingPlan, fingerprint

_CHECK_STEPS = 20  # a GPU is asked for its losses this seldom


def train_rank(plan: TrainingPlan) -> Trained:
    """Train in this process together with the others that a launcher started; alone where there are none.

    What it raises is also left in the checkpoint's directory for the launcher.

    Raises:
        FeedError: a feed did not deliver each row once.
        TrainingError: a loss is not a number, or the content does not fit the feed.
        InputMissing: there is no feed.
    """
    try:
        with joined(plan.training) as ranks:
            return Training(plan, ranks).run()
    except FinrecError as error:
        checkpoint.tell_failure(plan.checkpoints, str(error))
        raise


class Training:
    """A training that goes on from its checkpoint, if there is one."""

    def __init__(self, plan: TrainingPlan, ranks: Ranks) -> None:
        self.plan, self.ranks = plan, ranks
        self.train = Feed.open(plan.train)
        self.validation = Feed.open(plan.validation) if plan.validation else None
        torch.manual_seed(plan.training.seed)
        self.network = Network(self.train.manifest.layout, plan.content, plan.network).to(ranks.device)
        self.optimiser = self._optimiser(plan.training.learning_rate)
        decay = get_ema_multi_avg_fn(plan.training.averaging)
        self.averaged = AveragedModel(self.network, multi_avg_fn=decay)
        self.epochs, self.best_epoch = 0, 0
        self.best = self.network.state_dict()
        self.curve: tuple[CurvePoint, ...] = ()
        self.fingerprint = fingerprint(plan, ranks.world, self._feeds())

    def run(self) -> Trained:
        """Epochs until the last, or until the validation loss no longer falls; then the newest month, from the best."""
        self._resume()
        parallel = self.ranks.parallel(self.network)
        while self.epochs < self.plan.training.epochs and not self._stale():
            self._epoch(parallel)
            if self.ranks.rank == 0:
                checkpoint.save(self._checkpoint(), self.plan.checkpoints)
        self.network.load_state_dict(self.best)
        finish = self._finish(parallel)
        return Trained(state_arrays(self.network), self.best_epoch, (*self.curve, *finish))

    def step(self, parallel: torch.nn.Module, batch: Batch) -> Tensor:
        """Follow the gradient of one batch; its loss."""
        self.optimiser.zero_grad(set_to_none=True)
        with self._precision():
            output = parallel(batch)
        loss = training_loss(output, batch, self.network, self.plan.network)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.plan.training.clip_norm)
        self.optimiser.step()
        self.averaged.update_parameters(self.network)
        return loss.detach()

    def _epoch(self, parallel: torch.nn.Module) -> None:
        loss = self._learn(parallel, self.train, self.epochs + 1)
        self.epochs += 1
        points = [CurvePoint(self.epochs, "train", loss, None), *self._validate()]
        if self._improves(points[-1]):
            self.best, self.best_epoch = copy.deepcopy(self.averaged.module.state_dict()), self.epochs
        self.curve = (*self.curve, *points)
        self._tell(points)

    def _finish(self, parallel: torch.nn.Module) -> list[CurvePoint]:
        """A few slow passes over the validation feed: what customers turn to changes, and it is the newest month.

        They are as many whatever becomes of the loss, which no later month could tell. Killed, they start anew.
        """
        if self.validation is None:
            return []
        settings = self.plan.training
        self.optimiser = self._optimiser(settings.finishing_rate)
        numbers = range(self.epochs + 1, self.epochs + settings.finishing_epochs + 1)
        return [CurvePoint(n, "finish", self._learn(parallel, self.validation, n), None) for n in numbers]

    def _learn(self, parallel: torch.nn.Module, feed: Feed, epoch: int) -> float:
        """One pass over a feed, in an order and with dropout that follow from seed and epoch; its mean loss."""
        seed = torch.Generator().manual_seed(self.plan.training.seed + 1_000_003 * epoch)
        torch.manual_seed(int(torch.randint(2**62, (), generator=seed)) + self.ranks.rank)
        self.network.train()
        shard = self._shard(feed, epoch)
        losses: list[Tensor] = []
        for batch in self._told(shard):
            losses.append(self.step(parallel, batch))
            if self.ranks.device.type == "cpu" or len(losses) % _CHECK_STEPS == 0 or len(losses) == shard.steps:
                require_numbers(losses[-_CHECK_STEPS:], shard, len(losses))
        self._require_whole(shard)
        mine = torch.stack(losses).double().mean().item()
        return float(self.ranks.gathered([mine], torch.float64).mean())

    def _told(self, shard: Shard) -> Iterator[Batch]:
        """The shard's batches on this rank's device, with lines that tell how far the epoch is."""
        title = f"gru epoch {shard.epoch} of {self.plan.training.epochs}"
        rows = self.plan.feed.batch_size * self.ranks.world
        progress = Progress(title, shard.steps, rows, told=self.ranks.rank == 0)
        for step, batch in enumerate(shard, start=1):
            yield batch.to(self.ranks.device)
            progress.step(step)

    @torch.no_grad()
    def _validate(self) -> list[CurvePoint]:
        """The point of the validation feed's sequences with events; none where there is no such feed or sequence."""
        if self.validation is None:
            return []
        self.averaged.eval()
        shard = self._shard(self.validation, self.epochs)
        sums = sum((self._measured(batch.to(self.ranks.device)) for batch in shard), start=torch.zeros(3).double())
        self._require_whole(shard)
        rows, loss, found = self.ranks.gathered(sums.tolist(), torch.float64).sum(dim=0).tolist()
        require_numbers([torch.tensor(loss)], shard, shard.steps)
        return [CurvePoint(self.epochs, "validation", loss / rows, found / rows)] if rows else []

    def _measured(self, batch: Batch) -> Tensor:
        """Number of the batch's rows with events, and their sums of loss and recall, of the averaged weights."""
        with self._precision():
            scores = self.averaged(batch).scores
        known = self.network.products.known
        weight = batch.weight_of_events
        rows = (torch.ones_like(weight), next_product_loss(scores, batch, known), recall(scores, batch, known))
        return torch.stack([(row * weight).sum() for row in rows]).cpu().double()

    def _require_whole(self, shard: Shard) -> None:
        """Hold what all ranks delivered against the manifest; see ``Manifest.require_delivered``."""
        mine = shard.delivered
        found = self.ranks.gathered([mine.rows, mine.low_sum, mine.xor], torch.int64)
        shard.manifest.require_delivered((Tally(*row) for row in found.tolist()), shard.epoch)

    def _optimiser(self, rate: float) -> torch.optim.Optimizer:
        decay = self.plan.training.weight_decay
        return torch.optim.AdamW(self.network.parameters(), lr=rate, weight_decay=decay)

    def _shard(self, feed: Feed, epoch: int) -> Shard:
        return feed.shard(self.ranks.rank, self.ranks.world, epoch, self.plan.feed)

    def _precision(self) -> AbstractContextManager[object]:
        """Mixed precision where a GPU has it."""
        if self.ranks.device.type == "cpu" or not torch.cuda.is_bf16_supported():
            return nullcontext()
        return torch.autocast("cuda", dtype=torch.bfloat16)

    def _stale(self) -> bool:
        """Whether the validation loss has not fallen for as long as the patience lasts."""
        return self.validation is not None and self.epochs - self.best_epoch >= self.plan.training.patience

    def _improves(self, point: CurvePoint) -> bool:
        """Whether the epoch is the best so far; without validation each is."""
        before = [earlier.loss for earlier in self.curve if earlier.split == point.split]
        return point.split == "train" or not before or point.loss < min(before)

    def _tell(self, points: list[CurvePoint]) -> None:
        if self.ranks.rank == 0:
            told = ", ".join(f"{point.split} loss {point.loss:.4f}" for point in points)
            found = "" if points[-1].recall is None else f", recall@10 {points[-1].recall:.4f}"
            print(f"gru epoch {self.epochs} of {self.plan.training.epochs}: {told}{found}", flush=True)

    def _feeds(self) -> str:
        feeds = [self.train, self.validation] if self.validation else [self.train]
        return " ".join(f"{feed.manifest.layout} {feed.manifest.files}" for feed in feeds)

    def _checkpoint(self) -> Checkpoint:
        networks = (self.network.state_dict(), self.averaged.state_dict())
        states = (*networks, self.optimiser.state_dict(), self.best)
        return Checkpoint(self.fingerprint, self.epochs, *states, self.best_epoch, self.curve)

    def _resume(self) -> None:
        """Take over the checkpoint of the same training, if there is one."""
        saved = checkpoint.load(self.plan.checkpoints, self.fingerprint)
        if saved is None:
            return
        self.network.load_state_dict(saved.network)
        self.averaged.load_state_dict(saved.averaged)
        self.optimiser.load_state_dict(saved.optimiser)
        self.epochs, self.best_epoch, self.curve = saved.epochs, saved.best_epoch, saved.curve
        self.best = saved.best
        if self.ranks.rank == 0:
            print(f"gru: goes on after epoch {saved.epochs}, from {self.plan.checkpoints}", flush=True)


def require_numbers(losses: Sequence[Tensor], shard: Shard, step: int) -> None:
    """Look at the last losses, up to that of ``step``.

    Raises:
        TrainingError: one of them is not a number.
    """
    fine = torch.isfinite(torch.stack(list(losses))).tolist()
    if all(fine):
        return
    first = step - len(fine) + fine.index(False) + 1
    raise TrainingError(
        f"gru: the loss is not a number in epoch {shard.epoch}, step {first}, rank {shard.rank}; "
        "lower training.learning_rate, and check the profile and the product features for values out of proportion"
    )
