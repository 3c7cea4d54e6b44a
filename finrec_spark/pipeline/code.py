"""Digests of the code that a step runs: of the modules that it imports, transitively, and no others.

Imports are read from the sources, also those inside functions. A module's digest is that of its syntax without
docstrings: comments, layout and docstrings change no result, so they change no digest. Three packages are left out,
since they carry the work out and decide nothing of it: the engine itself, the reader and writer of Delta, and the
declarations of tables, which a step run's fingerprint holds one by one.
"""

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from importlib.util import find_spec
from threading import Lock

PACKAGES = ("finrec_spark", "jobs")
LEFT_OUT = ("finrec_spark.pipeline", "finrec_spark.warehouse", "finrec_spark.tables", "finrec_spark.columns")
_parsing = Lock()


def module_digests(roots: Iterable[str]) -> dict[str, str]:
    """Module → digest, for these modules and all of the project's that they import, directly or not."""
    found: dict[str, str] = {}
    waiting = [name for name in roots if _counts(name)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = digest_of(name)
            waiting.extend(imported_by(name))
    packages = {package: digest_of(package) for name in found for package in _packages_of(name)}
    return dict(sorted({**packages, **found}.items()))


@cache
def digest_of(module: str) -> str:
    """8 hex digits of the module's syntax without docstrings, and of the files that a package carries beside it."""
    tree = _parsed(module)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_text(statement)]
    content = hashlib.sha256(ast.dump(tree).encode())
    for name, data in sorted(_carried(files(module), module)) if _is_package(module) else ():
        content.update(name.encode() + data)
    return content.hexdigest()[:8]


@cache
def imported_by(module: str) -> tuple[str, ...]:
    """The project's modules that a module imports, by the names that it asks for."""
    names = {name for node in ast.walk(_parsed(module)) for name in _imports(node)}
    return tuple(sorted(name for name in names if _counts(name)))


def _parsed(module: str) -> ast.Module:
    """The module's syntax. One thread at a time: CPython 3.11 counts the depth of all parsers in one place."""
    with _parsing:
        return ast.parse(_source(module))


def _imports(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(PACKAGES):
        yield from (_home_of(node.module, alias.name) for alias in node.names)


@cache
def _home_of(module: str, name: str) -> str:
    """The module that ``from module import name`` brings the name from: a package may pass it on from another."""
    if not _is_package(module):
        return module
    if _exists(f"{module}.{name}"):
        return f"{module}.{name}"
    for node in _parsed(module).body:
        if isinstance(node, ast.ImportFrom) and node.module and name in {alias.name for alias in node.names}:
            return _home_of(node.module, name)
    return module


def _packages_of(module: str) -> list[str]:
    """The packages that Python imports before the module; the outermost one has nothing but a version."""
    parts = module.split(".")
    return [name for end in range(2, len(parts)) if _counts(name := ".".join(parts[:end]))]


def _carried(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Files of a package that are no modules, such as catalogues of sentences, and not those of packages in it."""
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir() and entry.name != "__pycache__" and not entry.joinpath("__init__.py").is_file():
            yield from _carried(entry, name)
        elif entry.is_file() and not entry.name.endswith((".py", ".pyc")):
            yield name, entry.read_bytes()


def _counts(module: str) -> bool:
    inside = any(module == package or module.startswith(f"{package}.") for package in PACKAGES)
    return inside and not any(module == package or module.startswith(f"{package}.") for package in LEFT_OUT)


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, of a module, class, function or of what stands above it."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


@cache
def _exists(module: str) -> bool:
    return find_spec(module) is not None


@cache
def _is_package(module: str) -> bool:
    found = find_spec(module)
    return found is not None and found.submodule_search_locations is not None


@cache
def _source(module: str) -> str:
    """The module's source, wherever it lies: a folder or the zip that travels with a job."""
    found = find_spec(module)
    loader = None if found is None else found.loader
    source: str | None = loader.get_source(module) if loader is not None and hasattr(loader, "get_source") else None
    return source or ""
