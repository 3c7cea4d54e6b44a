"""A month on a real standalone cluster of the pip package: a master and two workers, each a process of its own."""

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from urllib.request import urlopen

import pyspark
import pytest

REPOSITORY = Path(__file__).parents[2]
SPARK_HOME = Path(pyspark.__file__).parent
PATIENCE_SECONDS = 120

# The smallest bank with a history, and few partitions: on a cluster each task costs more than its rows.
TINY = """
spark:
  spark.driver.memory: 1g
  spark.driver.host: 127.0.0.1
  spark.driver.bindAddress: 127.0.0.1
  spark.driver.extraJavaOptions: -XX:TieredStopAtLevel=1 -XX:+UseSerialGC  # short lives: compiling well does not pay
  spark.executor.memory: 1g
  spark.executor.extraJavaOptions: -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
  spark.ui.enabled: false
  spark.sql.shuffle.partitions: 2
  spark.databricks.delta.snapshotPartitions: 1
log_dir: null
models: [popularity]
generator: {customers: 40, products: 60, months: 3}
"""

pytestmark = pytest.mark.slow


def test_a_month_is_decided_on_the_executors_of_a_cluster(master, tmp_path):
    shutil.copy(REPOSITORY / "conf" / "base.yaml", tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY)
    done = subprocess.run(
        [REPOSITORY / "spark-submit.sh", "--master", master, "month", "--conf", "tiny.yaml", "--lake", "lake"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert list((tmp_path / "lake/mart/recommendations").rglob("*.parquet"))


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    """The address of a running cluster with two workers of one core each."""
    folder = tmp_path_factory.mktemp("cluster")
    port, page, *worker_pages = free_ports(4)
    address = f"spark://127.0.0.1:{port}"
    where = ["--host", "127.0.0.1"]
    processes = [start(folder, "master.Master", *where, "--port", port, "--webui-port", page)]
    try:
        for number, worker_page in enumerate(worker_pages):
            room = [
                "--cores",
                1,
                "--memory",
                "1g",
                "--webui-port",
                worker_page,
                "--work-dir",
                folder / f"work-{number}",
            ]
            processes.append(start(folder, "worker.Worker", *where, *room, address))
        wait_for_workers(f"http://127.0.0.1:{page}/json/", count=2)
        yield address
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=60)


def start(folder, daemon, *options):
    command = [SPARK_HOME / "bin/spark-class", f"org.apache.spark.deploy.{daemon}", *map(str, options)]
    environment = {**os.environ, "SPARK_HOME": str(SPARK_HOME), "SPARK_DAEMON_MEMORY": "256m"}
    with (folder / f"{daemon}.log").open("ab") as log:
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


def wait_for_workers(page, count):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while alive_workers(page) < count:
        if time.monotonic() > deadline:
            pytest.fail(f"fewer than {count} workers after {PATIENCE_SECONDS} s")
        time.sleep(0.5)


def alive_workers(page):
    try:
        with urlopen(page, timeout=5) as reply:
            return reply.read().count(b"ALIVE") - 1  # the master itself is the one more
    except OSError:
        return 0


def free_ports(count):
    """Ports that nobody listens on just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
