"""What a SIGKILL costs a training of 1,000,000 sequences, and that it changes no weight; argument: sequences.

Trains once undisturbed, then once more, killed at a random moment and started again; two processes, two epochs.
Prints the seconds of each and whether the weights are equal to the bit.
"""

import pickle
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from feed import LAYOUT, made_up_content, made_up_sequences
from numpy.typing import NDArray
from pyspark import cloudpickle
from pyspark.sql import SparkSession

from finrec_spark.training.feed_writing import write_for_feed
from finrec_spark.training.launch import train
from finrec_spark.training.params import FeedParams, NetworkParams, TrainingParams, WritingParams
from finrec_spark.training.trained import TrainingPlan

VALIDATED = 20_000
SETTINGS = TrainingParams(epochs=2, processes=2, finishing_epochs=1)


def written_plan(rows: int, directory: Path) -> TrainingPlan:
    """The feeds of a training of ``rows`` made-up sequences, written here."""
    spark = SparkSession.builder.config("spark.driver.memory", "3g").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    for part, number in (("train", rows), ("validation", VALIDATED)):
        write_for_feed(made_up_sequences(spark, number), str(directory / part), LAYOUT, WritingParams(ranks=2))
    spark.stop()
    feeds = (str(directory / "train"), str(directory / "validation"))
    return TrainingPlan(*feeds, "", made_up_content(), NetworkParams(), FeedParams(), SETTINGS)


def started(plan: TrainingPlan, directory: Path, name: str) -> tuple[subprocess.Popen[bytes], Path]:
    """A driver of its own that trains ``plan``, and the file that it leaves the weights in."""
    saved, weights = directory / f"{name}.plan", directory / f"{name}.npz"
    saved.write_bytes(cloudpickle.dumps(replace(plan, checkpoints=str(directory / name))))
    return subprocess.Popen([sys.executable, __file__, "--train", saved, weights]), weights


def train_here(saved: Path, weights: Path) -> None:
    """What a started driver does."""
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    np.savez(weights, **train(spark, pickle.loads(saved.read_bytes())).weights)


def seconds_until_done(process: subprocess.Popen[bytes]) -> float:
    """Wait for a driver.

    Raises:
        CalledProcessError: it failed.
    """
    start = time.perf_counter()
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, process.args)
    return time.perf_counter() - start


def main(rows: int) -> None:
    """Train undisturbed, then killed and started again, and compare."""
    directory = Path(tempfile.mkdtemp())
    plan = written_plan(rows, directory)

    process, undisturbed = started(plan, directory, "undisturbed")
    seconds = seconds_until_done(process)
    moment = random.uniform(0.1, 0.95) * seconds

    process, _ = started(plan, directory, "killed")
    time.sleep(moment)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process, killed = started(plan, directory, "killed")
    again = seconds_until_done(process)

    found: list[Mapping[str, NDArray[np.float32]]] = [np.load(path) for path in (undisturbed, killed)]
    equal = all(np.array_equal(found[0][name], found[1][name]) for name in found[0])
    print(f"{rows:,} sequences: undisturbed {seconds:.0f} s; killed after {moment:.0f} s, then {again:.0f} s more")
    print(f"weights {'equal to the bit' if equal else 'DIFFER'}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        train_here(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)
