"""Jobs on a real standalone cluster of the pip package: a master and two workers, each a process of its own.

The workers' Python has what the package needs but not the package, as on a cluster that is not this machine.
"""

import os
import shutil
import socket
import subprocess
import sysconfig
import time
import venv
from pathlib import Path
from urllib.request import urlopen

import pyspark
import pytest
import yaml
from chispa import assert_df_equality

from finrec_spark.tables import CUSTOMER_STATES, PRODUCT_STATES

REPOSITORY = Path(__file__).parents[2]
SPARK_HOME = Path(pyspark.__file__).parent
PATIENCE_SECONDS = 120

# Few partitions: on a cluster each task costs more than its rows. Short lives: compiling well does not pay.
SPARK = {
    "spark.driver.memory": "1g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.executor.memory": "1g",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
}
# The smallest bank with a history.
TINY = {"models": ["popularity"], "generator": {"customers": 40, "products": 60, "months": 3}}

pytestmark = pytest.mark.slow


def test_a_month_is_decided_on_the_executors_of_a_cluster(submit, tmp_path):
    submit("month", TINY)
    assert list((tmp_path / "lake/mart/recommendations").rglob("*.parquet"))


def test_executors_train_the_network_that_the_drivers_machine_trains(submit, with_gru, spark, tmp_path):
    shutil.copytree(with_gru.lake.root, tmp_path / "lake")
    for table in (PRODUCT_STATES, CUSTOMER_STATES):
        shutil.rmtree(tmp_path / "lake" / table.path)
    config = with_gru.config.model_dump(mode="json")
    config["parameters"]["gru"]["training"]["placement"] = "executors"
    submit("train_gru", config, "--month", "2022-06")
    for table in (PRODUCT_STATES, CUSTOMER_STATES):
        of_executors, of_driver = (
            spark.read.format("delta").load(f"{root}/{table.path}").where("month = '2022-06-01'")
            for root in (tmp_path / "lake", with_gru.lake.root)
        )
        assert_df_equality(of_executors, of_driver, ignore_row_order=True, ignore_nullable=True)


@pytest.fixture
def submit(master, bare_python, tmp_path):
    """Runs a job on the cluster, on the lake in the test's folder."""
    shutil.copy(REPOSITORY / "conf" / "base.yaml", tmp_path)

    def run(job, config, *options):
        (tmp_path / "cluster.yaml").write_text(yaml.safe_dump({**config, "spark": SPARK, "log_dir": None}))
        command = [REPOSITORY / "spark-submit.sh", "--master", master, job, "--conf", "cluster.yaml", "--lake", "lake"]
        done = subprocess.run(
            [*command, *options],
            cwd=tmp_path,
            env={**os.environ, "PYSPARK_PYTHON": str(bare_python)},
            capture_output=True,
            text=True,
            timeout=1500,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory):
    """A Python with the libraries of this one, but without the package, which stands here by a link of pip's."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    libraries = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
    (libraries / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    python = folder / "bin" / "python"
    missing = subprocess.run([python, "-c", "import finrec_spark"], cwd=folder, env={}, capture_output=True, text=True)
    assert "No module named 'finrec_spark'" in missing.stderr
    return python


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
    environment.pop("PYTHONPATH", None)  # it may lead to this checkout
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
