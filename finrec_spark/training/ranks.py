"""The processes that train together."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import Tensor, distributed
from torch.nn.parallel import DistributedDataParallel

from finrec_spark.training.params import TrainingParams


@dataclass(frozen=True)
class Ranks:
    """This process among ``world``, and the device that it computes on."""

    rank: int
    world: int
    device: torch.device

    def parallel(self, network: torch.nn.Module) -> torch.nn.Module:
        """The network with its gradients averaged over all ranks; itself where there is one rank."""
        if self.world == 1:
            return network
        return DistributedDataParallel(network)

    def gathered(self, numbers: Sequence[float], dtype: torch.dtype) -> Tensor:
        """Numbers of every rank, world × n, on the CPU."""
        mine = torch.tensor(numbers, dtype=dtype, device=self.device)
        if self.world == 1:
            return mine.unsqueeze(0).cpu()
        found = [torch.empty_like(mine) for _ in range(self.world)]
        distributed.all_gather(found, mine)
        return torch.stack(found).cpu()


@contextmanager
def joined(params: TrainingParams) -> Iterator[Ranks]:
    """The group that the launcher started, left at the end; a group of one where nothing was launched."""
    torch.set_num_threads(params.threads)
    if not distributed.is_torchelastic_launched():
        yield Ranks(0, 1, _device(params, 0))
        return
    wait = timedelta(seconds=params.timeout_s)
    distributed.init_process_group("nccl" if params.gpu else "gloo", timeout=wait)
    local_rank = distributed.get_node_local_rank(0)
    try:
        yield Ranks(distributed.get_rank(), distributed.get_world_size(), _device(params, local_rank))
    finally:
        distributed.destroy_process_group()


def _device(params: TrainingParams, local_rank: int) -> torch.device:
    if not params.gpu:
        return torch.device("cpu")
    device = torch.device("cuda", local_rank)
    torch.cuda.set_device(device)
    return device
