"""What README and the pages of docs/ promise is what the code declares."""

import re
from pathlib import Path

import pytest
import yaml

from finrec_spark.pipeline.config import config_of
from finrec_spark.tables import ALL

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
PLATFORM = (ROOT / "docs" / "platform.md").read_text(encoding="utf-8")


def test_the_readme_can_be_read_in_one_go():
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_readme_leads_to_every_page():
    assert {f"docs/{page.name}" for page in PAGES[1:]} <= {target.partition("#")[0] for target in targets(README)}


def test_every_table_is_listed_as_it_is_declared():
    page = (ROOT / "docs" / "analyst.md").read_text(encoding="utf-8")
    rows = [
        f"| `{table.name}` | {table.grain} | {', '.join(table.key) or '–'} | {', '.join(table.partition_by) or '–'} |"
        for table in ALL
    ]
    assert [row for row in rows if row not in page] == []


def test_every_job_is_in_the_table_of_jobs():
    jobs = {path.stem for path in (ROOT / "jobs").glob("[!_]*.py")}
    section = PLATFORM.split("## Jobs\n")[1].split("\n## ")[0]
    assert jobs == set(re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE))


def test_the_example_configuration_is_valid_and_shows_every_section():
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PLATFORM, flags=re.DOTALL)[1])
    config_of(example)
    assert example.keys() == config_of({}).model_fields.keys()


def test_the_example_configuration_holds_the_defaults_where_it_says_so():
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PLATFORM, flags=re.DOTALL)[1])
    del example["spark"], example["matrix"]["events"]
    assert config_of(example) == config_of({})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    local = [target for target in targets(page) if not target.startswith("http")]
    assert [target for target in local if not leads_somewhere(page, target)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_in_passing_is_there(page):
    named = re.findall(
        r"(?<![\w/.<-])((?:conf|benchmarks|docs|tests|jobs|finrec_spark|notebooks)/[\w./-]+)", text_of(page)
    )
    files = {name.rstrip("./") for name in named}
    assert sorted(name for name in files if not (ROOT / name).exists()) == []


def leads_somewhere(page, target):
    """Whether the file is there and has the heading."""
    name, _, anchor = target.partition("#")
    file = page.parent / name if name else page
    return file.exists() and (not anchor or anchor in anchors(file))


def anchors(page):
    """The page's headings as links name them."""
    titles = re.findall(r"^#{1,6} (.+)$", re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def targets(page):
    return re.findall(r"\]\(([^)]+)\)", text_of(page))


def text_of(page):
    return page.read_text(encoding="utf-8")
