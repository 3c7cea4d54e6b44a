"""Parameters of feed, network and training; importable without torch, so that the configuration can hold them."""

from typing import Literal

from pydantic import Field

from finrec_spark.params import Params


class WritingParams(Params):
    """How sequences are cut into files; part of the result, as it decides which rows are mixed."""

    rows_per_file: int = Field(16_384, ge=1, description="Rows of a file, about; one file is one row group")
    ranks: int = Field(1, ge=1, description="Files are a multiple of it, so that as many processes get equal shares")


class FeedParams(Params):
    """How the files become batches."""

    batch_size: int = Field(512, ge=1, description="Rows of one process's step")
    seed: int = Field(17, ge=0, description="Seed of the order of files and rows; each epoch has another order")
    workers: int = Field(1, ge=1, le=16, description="Threads that read, each its own files; part of the order")
    mixed_files: int = Field(4, ge=1, description="Row groups in memory whose rows are mixed with each other")


class NetworkParams(Params):
    """Sizes of the network, what is dropped in training, and how the tasks are weighted."""

    width: int = Field(64, ge=1, le=1024, description="Length of a product's embedding and of a step of the sequence")
    hidden: int = Field(64, ge=1, le=2048, description="Length of the hidden state over the events")
    layers: int = Field(1, ge=1, le=4, description="Recurrent layers over the events")
    token_hidden: int = Field(32, ge=1, le=1024, description="Length of the hidden state over a text, each direction")
    item_dropout: float = Field(0.2, ge=0, lt=1, description="Share of products that a step knows by text alone")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of a step's and of the last state's entries dropped")
    tags_weight: float = Field(1.0, ge=0, description="Weight of the loss of tags from text; next products weigh 1")
    other_texts: int = Field(64, ge=0, description="Texts of products without a history that a step learns tags of")
    rating_weight: float = Field(1.0, ge=0, description="Weight of the loss of explicit ratings, where there are any")


class TrainingParams(Params):
    """How long, how fast and on what the network is trained."""

    epochs: int = Field(25, ge=1, description="Passes over the sequences at most")
    patience: int = Field(4, ge=1, description="Epochs without a lower validation loss before training stops")
    learning_rate: float = Field(0.003, gt=0, description="Step size of AdamW")
    weight_decay: float = Field(0.01, ge=0, description="Decay of AdamW")
    averaging: float = Field(
        0.98, ge=0, lt=1, description="Share that each step leaves of the weights' running mean, which is what is kept"
    )
    finishing_epochs: int = Field(
        3, ge=0, description="Passes over the newest month at the end, which until then only told when to stop"
    )
    finishing_rate: float = Field(0.001, gt=0, description="Step size of these passes")
    clip_norm: float = Field(5.0, gt=0, description="Longest gradient that is followed as it is")
    seed: int = Field(17, ge=0, description="Seed of first weights and dropout")
    processes: int = Field(1, ge=1, description="Processes that train together; part of the result")
    placement: Literal["driver", "executors"] = Field("driver", description="Where the processes run")
    gpu: bool = Field(False, description="One GPU for each process, nccl and mixed precision")
    threads: int = Field(1, ge=1, description="Threads of torch in each process; part of the result's last digits")
    timeout_s: int = Field(45, ge=5, description="Seconds that a process waits for another before it gives up")
