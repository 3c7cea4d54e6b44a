"""What README promises is what the code declares."""

import re
from pathlib import Path

import yaml

from finrec_spark.pipeline.config import config_of
from finrec_spark.tables import ALL

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_table_is_listed_as_it_is_declared():
    rows = [
        f"| `{table.name}` | {table.grain} | {', '.join(table.key) or '–'} | {', '.join(table.partition_by) or '–'} |"
        for table in ALL
    ]
    assert [row for row in rows if row not in README] == []


def test_every_job_is_in_the_table_of_jobs():
    jobs = {path.stem for path in (ROOT / "jobs").glob("[!_]*.py")}
    assert jobs == set(re.findall(r"^\| `(\w+)` \|", section("Jobs"), flags=re.MULTILINE))


def test_the_example_configuration_is_valid_and_shows_every_section():
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", README, flags=re.DOTALL)[1])
    config_of(example)
    assert example.keys() == config_of({}).model_fields.keys()


def test_the_example_configuration_holds_the_defaults_where_it_says_so():
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", README, flags=re.DOTALL)[1])
    del example["spark"], example["matrix"]["events"]
    assert config_of(example) == config_of({})


def test_every_link_leads_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    files = [target for target in targets if not target.startswith(("#", "http"))]
    anchors = {"#" + title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", README, flags=re.MULTILINE)}
    assert [target for target in files if not (ROOT / target).exists()] == []
    assert {target for target in targets if target.startswith("#")} <= anchors


def section(title):
    """The text under a heading."""
    return README.split(f"## {title}\n")[1].split("\n## ")[0]
