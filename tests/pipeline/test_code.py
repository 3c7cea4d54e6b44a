import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from finrec_spark.pipeline import code
from finrec_spark.pipeline.code import module_digests


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Writes a small package of modules and returns the digests of what one of them imports."""
    monkeypatch.setattr(code, "PACKAGES", ("bank",))
    monkeypatch.setattr(code, "LEFT_OUT", ("bank.engine",))
    monkeypatch.syspath_prepend(str(tmp_path))

    def digests(root, **sources):
        for name, source in sources.items():
            path = tmp_path / "bank" / Path(*name.split("__", 1)).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (path.parent, tmp_path / "bank"):
                (folder / "__init__.py").touch()
            path.write_text(source)
        for cached in (code.digest_of, code.imported_by, code._home_of, code._exists, code._is_package, code._source):
            cached.cache_clear()
        for loaded in [name for name in sys.modules if name.split(".")[0] == "bank"]:
            del sys.modules[loaded]
        return module_digests([root])

    return digests


def test_the_closure_is_what_is_imported_directly_or_not_and_no_more(project):
    found = project("bank.a", a="from bank.b import f", b="def f():\n    from bank import c", c="import os", d="x = 1")
    assert [*found] == ["bank.a", "bank.b", "bank.c"]


def test_the_files_that_a_package_carries_count(project, tmp_path):
    sources = {
        "a": "from bank.words import say",
        "words____init__": "from bank.words.said import say",
        "words__said": "say = 1",
    }
    project("bank.a", **sources)
    (tmp_path / "bank" / "words" / "en.po").write_text("hello")
    before = project("bank.a", **sources)
    (tmp_path / "bank" / "words" / "en.po").write_text("good morning")
    after = project("bank.a", **sources)
    assert [name for name in before if before[name] != after[name]] == ["bank.words"]


def test_the_engine_is_left_out(project):
    assert [*project("bank.a", a="from bank.engine import run", engine="from bank import b", b="")] == ["bank.a"]


def test_a_name_that_a_package_passes_on_leads_to_where_it_comes_from(project):
    passed_on = "from bank.tables.silver import X\nfrom bank.tables.gold import Y\n"
    parts = {"tables__silver": "X = 1", "tables__gold": "Y = 1", "tables____init__": passed_on}
    assert [*project("bank.a", a="from bank.tables import X", **parts)] == [
        "bank.a",
        "bank.tables",
        "bank.tables.silver",
    ]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('"""Another docstring."""\n\n\ndef f(x):\n    """Says more."""\n    # a remark\n    return x + 1\n', True),
        ("def f(x): return (x +\n  1)", True),
        ("def f(x):\n    return x + 2\n", False),
    ],
)
def test_only_what_changes_a_result_changes_the_digest(project, text, same):
    before = project("bank.a", a='"""Doc."""\n\n\ndef f(x):\n    return x + 1\n')
    assert (before == project("bank.a", a=text)) is same


def test_many_threads_get_the_same_digests():
    """CPython 3.11 fails where a thread parses while another one's parser waits for what a collection has to end."""

    class Ends:
        def __init__(self):
            self.cycle = self

        def __del__(self):
            time.sleep(0)  # lets other threads on, as the end of a proxy of the JVM's does

    def parsed(module):
        garbage = [Ends() for _ in range(200)]
        del garbage
        return code.digest_of.__wrapped__(module)

    modules = [f"finrec_spark.models.{name}" for name in ("als", "content", "naive_bayes", "popularity")]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(parsed, modules * 20))
    assert together == [parsed(module) for module in modules] * 20


def test_a_model_s_step_depends_on_no_other_model():
    found = module_digests(["finrec_spark.models.als"])
    assert "finrec_spark.models.fold_in" in found
    assert not {"finrec_spark.models.popularity", "finrec_spark.models.content", "finrec_spark.evaluation.metrics"} & {
        *found
    }
