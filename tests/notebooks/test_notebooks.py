"""The notebooks run from a fresh kernel on a finished lake, and are committed with their output."""

import os
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from finrec_spark.tables import CUSTOMERS

ROOT = Path(__file__).parents[2]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "notebooks").glob("*.ipynb"))}
LAKES = {"quickstart": "finished", "campaign": "decided"}
"""The fixture of tests/conftest.py whose lake each notebook reads."""


@pytest.mark.slow
@pytest.mark.parametrize("name", LAKES)
def test_a_notebook_runs_from_a_fresh_kernel_and_names_no_customer(name, request, tmp_path):
    lake = request.getfixturevalue(LAKES[name]).lake
    notebook = nbformat.read(NOTEBOOKS[name], as_version=4)
    where = {"metadata": {"path": str(tmp_path)}}
    kernel = NotebookClient(notebook, timeout=900, kernel_name="python3", resources=where)
    kernel.execute(env={**os.environ, "FINREC_LAKE": lake.root, "PYTHONPATH": str(ROOT)})
    ids = [row.customer_id for row in lake.read(CUSTOMERS).select("customer_id").distinct().collect()]
    assert [customer for customer in ids if customer in shown(notebook)] == []
    if name == "quickstart":
        assert (tmp_path / "quickstart.png").stat().st_size > 0  # the README shows it


def test_every_notebook_is_run_by_a_test():
    assert set(NOTEBOOKS) == set(LAKES)


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_every_cell_of_a_committed_notebook_was_run_in_order(path):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS.values(), ids=NOTEBOOKS)
def test_the_committed_output_has_no_path_and_no_error(path):
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"] == []
    assert str(ROOT) not in path.read_text(encoding="utf-8")


def shown(notebook):
    """All text that the cells gave."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    data = [str(value) for output in outputs for kind, value in output.get("data", {}).items() if "image" not in kind]
    return "\n".join([*data, *(output.get("text", "") for output in outputs)])
