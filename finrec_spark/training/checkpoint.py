"""What a training needs to go on after it was killed, replaced as a whole at the end of every epoch; why it failed."""

import io
from dataclasses import asdict, dataclass

import torch
from pyarrow.fs import FileType
from torch import Tensor

from finrec_spark.training.file_system import file_system
from finrec_spark.training.trained import CurvePoint

_NAME = "training.pt"
_FAILURE = "failure.txt"


@dataclass(frozen=True)
class Checkpoint:
    """A training after ``epochs`` passes.

    Order of rows and dropout are drawn anew in every epoch, from seed and epoch, so no generator is kept.

    Attributes:
        fingerprint: of all that decides the weights; another training does not go on from here.
        network, averaged, optimiser: their states.
        best: weights of the epoch with the lowest validation loss so far.
        best_epoch: that epoch, from 1; 0 where there is none yet.
    """

    fingerprint: str
    epochs: int
    network: dict[str, Tensor]
    averaged: dict[str, Tensor]
    optimiser: dict[str, object]
    best: dict[str, Tensor]
    best_epoch: int
    curve: tuple[CurvePoint, ...]


def tell_failure(directory: str, reason: str) -> None:
    """Leave word of why a process gives up, as a launcher learns only that one did."""
    files, path = file_system(directory)
    files.create_dir(path, recursive=True)
    with files.open_output_stream(f"{path}/{_FAILURE}") as out:
        out.write(reason.encode())


def take_failure(directory: str) -> str | None:
    """The word that was left, which is then gone; None where there is none."""
    files, path = file_system(directory)
    if files.get_file_info(f"{path}/{_FAILURE}").type == FileType.NotFound:
        return None
    with files.open_input_file(f"{path}/{_FAILURE}") as told:
        reason = bytes(told.read()).decode()
    files.delete_file(f"{path}/{_FAILURE}")
    return reason


def save(checkpoint: Checkpoint, directory: str) -> None:
    """Replace the checkpoint in ``directory``; a reader finds the old or the new one, never a part."""
    files, path = file_system(directory)
    files.create_dir(path, recursive=True)
    content = io.BytesIO()
    torch.save({**vars(checkpoint), "curve": [asdict(point) for point in checkpoint.curve]}, content)
    with files.open_output_stream(f"{path}/{_NAME}.new") as out:
        out.write(content.getbuffer())
    files.move(f"{path}/{_NAME}.new", f"{path}/{_NAME}")


def load(directory: str, fingerprint: str) -> Checkpoint | None:
    """The checkpoint in ``directory``, on the CPU; None where there is none of the same training."""
    files, path = file_system(directory)
    if files.get_file_info(f"{path}/{_NAME}").type == FileType.NotFound:
        return None
    with files.open_input_file(f"{path}/{_NAME}") as saved:
        state = torch.load(io.BytesIO(saved.read()), map_location="cpu", weights_only=True)
    if state["fingerprint"] != fingerprint:
        return None
    return Checkpoint(**{**state, "curve": tuple(CurvePoint(**point) for point in state["curve"])})
