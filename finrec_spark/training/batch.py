"""A batch of sequences as tensors."""

from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from finrec_spark.training.sequences_schema import SequenceLayout, slices


@dataclass(frozen=True)
class Batch:
    """B sequences; whole numbers are int32, 0 is padding.

    Attributes:
        product, event_type, amount, gap, month: B × L, oldest event first.
        length: events of each, B; always on the CPU, where the longest is looked for.
        age: months from the one that the sequence ends before to the decided one, B.
        target: next products, B × T.
        owned: products held before, B × O.
        profile: B × F.
        rating: explicit rating of each target, B × T, NaN where there is none; None where the bank has none.
        weight: 1, or 0 for a row that only fills the batch, B.
        scale: what each row's loss is multiplied with, so that the mean over ranks of the sums over rows is the
            mean over all rows of the step.
    """

    product: Tensor
    event_type: Tensor
    amount: Tensor
    gap: Tensor
    month: Tensor
    length: Tensor
    age: Tensor
    target: Tensor
    owned: Tensor
    profile: Tensor
    rating: Tensor | None
    weight: Tensor
    scale: float = 1.0

    @property
    def weight_of_events(self) -> Tensor:
        """The weight of rows with events, 0 of those without, B; on the device of the weight."""
        return self.weight * (self.length > 0).to(self.weight.device)

    def to(self, device: torch.device) -> "Batch":
        """The same batch on another device."""
        parts = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "length"}
        tensors = {name: part for name, part in parts.items() if isinstance(part, Tensor)}
        return replace(self, **{name: tensor.to(device, non_blocking=True) for name, tensor in tensors.items()})


def unpacked(
    layout: SequenceLayout,
    whole_numbers: NDArray[np.int32],
    decimals: NDArray[np.float32],
    weight: NDArray[np.float32],
    scale: float = 1.0,
) -> Batch:
    """The batch of B packed rows (``feed_writing.packed_rows``)."""
    whole, floats = torch.from_numpy(whole_numbers), torch.from_numpy(decimals)
    parts = {name: whole[:, place] for name, place in slices(layout.whole_numbers)}
    parts |= {name: floats[:, place] for name, place in slices(layout.decimals)}
    return Batch(
        product=parts["product"],
        event_type=parts["event_type"],
        amount=parts["amount"],
        gap=parts["gap"],
        month=parts["month"],
        length=parts["length"][:, 0],
        age=parts["age"][:, 0],
        target=parts["target"],
        owned=parts["owned"],
        profile=parts["profile"],
        rating=parts.get("rating"),
        weight=torch.from_numpy(weight),
        scale=scale,
    )
