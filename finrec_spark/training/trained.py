"""What goes into a training and what comes out; plain values that can be sent to other processes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from finrec_spark.training.params import FeedParams, NetworkParams, TrainingParams
from finrec_spark.training.product_arrays import ProductContent

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class TrainingPlan:
    """All that a process needs to train; directories as ``file_system.file_system`` takes them.

    Attributes:
        train: directory of the feed to learn from; every process reaches it.
        validation: directory of a later month's feed, for early stopping by its sequences with events, and to be
            learned last; None: all epochs are run.
        checkpoints: directory that the checkpoint is kept in; every process reaches it.
    """

    train: str
    validation: str | None
    checkpoints: str
    content: ProductContent
    network: NetworkParams
    feed: FeedParams
    training: TrainingParams


@dataclass(frozen=True)
class CurvePoint:
    """One point of the learning curve.

    Attributes:
        epoch: from 1.
        split: train, validation, or finish: the last passes, over the newest month.
        loss: mean over the rows; of train with dropout and all tasks, of validation next products alone.
        recall: mean share of the targets among the 10 best; of validation alone.
    """

    epoch: int
    split: str
    loss: float
    recall: float | None


@dataclass(frozen=True)
class Trained:
    """A trained network: weights of its best epoch, and how it came there."""

    weights: Weights
    best_epoch: int
    curve: tuple[CurvePoint, ...]


def fingerprint(plan: TrainingPlan, world: int, feeds: str) -> str:
    """A hash of all that decides the weights: parameters, content, number of processes, and the feeds' checksums."""
    told = hashlib.sha256(f"{world} {feeds} {plan.network} {plan.feed} {_deciding(plan.training)}".encode())
    for array in vars(plan.content).values():
        told.update(f"{array.dtype} {array.shape}".encode())
        told.update(np.ascontiguousarray(array).tobytes())
    return told.hexdigest()


def _deciding(params: TrainingParams) -> TrainingParams:
    """The parameters, those made equal that may change when a training goes on."""
    return params.model_copy(update={"epochs": 1, "patience": 1, "timeout_s": 5, "placement": "driver"})
