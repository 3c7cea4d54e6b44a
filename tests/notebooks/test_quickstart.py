"""The tour of a finished month: it runs from a fresh kernel, and it is committed with its output."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from finrec_spark.tables import CUSTOMERS

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "quickstart.ipynb"


@pytest.mark.slow
def test_the_tour_runs_from_a_fresh_kernel_and_names_no_customer(finished, tmp_path):
    tour = nbformat.read(NOTEBOOK, as_version=4)
    kernel = NotebookClient(tour, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    kernel.execute(env={**os.environ, "FINREC_LAKE": finished.lake.root})
    ids = [row.customer_id for row in finished.lake.read(CUSTOMERS).select("customer_id").distinct().collect()]
    assert (tmp_path / "quickstart.png").stat().st_size > 0
    assert [name for name in ids if name in shown(tour)] == []


def test_every_cell_of_the_committed_tour_was_run_in_order():
    cells = [cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_the_committed_output_has_no_path_and_no_error():
    outputs = [output for cell in nbformat.read(NOTEBOOK, as_version=4).cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert str(ROOT) not in NOTEBOOK.read_text(encoding="utf-8")


def shown(tour):
    """All text that the cells gave."""
    outputs = [output for cell in tour.cells for output in cell.get("outputs", [])]
    data = [str(value) for output in outputs for kind, value in output.get("data", {}).items() if "image" not in kind]
    return "\n".join([*data, *(output.get("text", "") for output in outputs)])
