"""The layers: a module imports only lower ones; models never import each other; what may collect is named so."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "finrec_spark"
LAYERS = [
    {"errors", "params", "columns", "months", "arrays", "vocabulary", "sampling", "messages", "strict_yaml"},
    {"tables"},
    {"warehouse"},
    {"sources", "transforms", "training"},
    {"models"},
    {"ranking"},
    {"evaluation", "campaigns"},
    {"pipeline"},
    {"steps"},
    {"jobs"},
]
FILES = sorted([*PACKAGE.rglob("*.py"), *(ROOT / "jobs").glob("*.py")])
BOUNDED = ("collect", "_collect")


def test_a_module_imports_only_lower_layers():
    wrong = [
        f"{_name(path)} imports {module}"
        for path in FILES
        for module in _imported(path)
        if module.startswith(("finrec_spark.", "jobs.")) and _level(module) > _level(_name(path))
    ]
    assert wrong == []


def test_no_imports_go_in_a_circle():
    names = {_name(path).removesuffix(".__init__") for path in FILES}
    imports = {_name(path).removesuffix(".__init__"): {m for m in _imported(path) if m in names} for path in FILES}
    TopologicalSorter({name: found - {name} for name, found in imports.items()}).prepare()


def test_a_model_is_imported_by_no_other_module_of_models():
    """What models share are kernels: modules without a SPEC."""
    files = sorted((PACKAGE / "models").rglob("*.py"))
    models = {_name(path) for path in files if _has_spec(path)}
    wrong = [f"{_name(path)} imports {module}" for path in files for module in _reached(path) if module in models]
    assert len(models) == 11 and wrong == []


@pytest.mark.parametrize("package", ["torch", "petastorm", "sparknlp"])
def test_optional_packages_are_imported_by_training_alone(package):
    users = [_name(path) for path in FILES if package in {module.split(".")[0] for module in _imported(path)}]
    assert [user for user in users if not user.startswith("finrec_spark.training.")] == []


def test_the_month_runs_without_torch_and_lightgbm():
    heavy = ("torch", "petastorm", "sparknlp", "lightgbm")
    code = f"import sys, jobs.month; sys.exit(any(module in sys.modules for module in {heavy}))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_nothing_but_jobs_and_session_reads_the_clock_or_the_environment():
    allowed = {f"finrec_spark.pipeline.{name}" for name in ("session", "context", "step")}  # mart.runs has times
    clocks = {"now", "today", "utcnow", "time", "current_date", "current_timestamp", "getenv", "environ"}
    wrong = [
        f"{_name(path)}:{node.lineno}"
        for path in FILES
        if _name(path) not in allowed
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute)
        and node.attr in clocks
        and _root_name(node) in {"datetime", "date", "time", "os", "F"}
    ]
    assert wrong == []


def test_what_is_collected_is_bounded_and_its_function_says_so():
    """A call of collect or toPandas stands in a function named collect…, or is one of the few listed here."""
    listed = {"ledger.read_ledger"}  # as many as steps
    wrong = [
        f"{path.stem}.{function.name}"
        for path in FILES
        for function in _functions(path)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"collect", "toPandas"}
        if not function.name.startswith(BOUNDED) and f"{path.stem}.{function.name}" not in listed
    ]
    assert wrong == []


def test_what_is_persisted_is_unpersisted():
    wrong = [_name(path) for path in FILES if _calls(path) & {"persist", "cache"} and "unpersist" not in _calls(path)]
    assert wrong == []


def test_no_private_gateway_no_row_wise_function_no_rdd():
    forbidden = {"_jdf", "_jvm", "_jsc", "rdd", "udf"}
    wrong = [
        f"{_name(path)}:{node.lineno} {node.attr}"
        for path in FILES
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and node.attr in forbidden
    ]
    assert wrong == []


def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def _level(module):
    parts = module.split(".")
    if parts[0] == "jobs":
        return len(LAYERS) - 1
    if len(parts) == 1 or parts[1].startswith("__"):
        return 0
    return next(level for level, names in enumerate(LAYERS) if parts[1] in names)


def _imported(path):
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            whole = node.module.count(".") < 2 and node.module.startswith("finrec_spark")
            yield from names if whole and not node.module.endswith(".tables") else [node.module]


def _reached(path):
    """Every module that the file may import, also where a package is asked for one."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _has_spec(path):
    return any(
        isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["SPEC"]
        for node in _tree(path).body
    )


def _root_name(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _functions(path):
    return [node for node in ast.walk(_tree(path)) if isinstance(node, ast.FunctionDef)]


def _calls(path):
    return {n.func.attr for n in ast.walk(_tree(path)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
