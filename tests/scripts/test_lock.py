"""conf/lock holds what setup.py asks for, each with its hashes."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "conf" / "lock"
PIN = re.compile(r"^([\w.-]+)==([^ ;]+)", flags=re.MULTILINE)


def normalised(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(text):
    return {(normalised(name), version) for name, version in PIN.findall(text)}


def asked_for(name):
    """Pins of one of setup.py's lists."""
    assigned = [node for node in ast.parse((ROOT / "setup.py").read_text()).body if isinstance(node, ast.Assign)]
    (pinned,) = (ast.literal_eval(node.value) for node in assigned if node.targets[0].id == name)
    return {(normalised(pin.partition("==")[0]), pin.partition("==")[2]) for pin in pinned}


@pytest.mark.parametrize("extra", ["base", "dev", "nlp", "training", "tuning"])
def test_every_pin_of_an_extra_is_in_its_lock_or_in_that_of_the_base(extra):
    asked = asked_for({"base": "RUN"}.get(extra, extra.upper()))
    assert asked
    assert asked <= pins((LOCK / f"{extra}.txt").read_text()) | pins((LOCK / "base.txt").read_text())


@pytest.mark.parametrize("lock", sorted(LOCK.glob("*.txt")), ids=lambda path: path.stem)
def test_every_package_has_hashes(lock):
    packages = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", lock.read_text(), flags=re.MULTILINE))
    assert all(PIN.match(package) and "--hash=sha256:" in package for package in packages)


def test_no_two_extras_lock_one_package_at_two_versions():
    locked = {pin for path in LOCK.glob("*.txt") for pin in pins(path.read_text())}
    assert len(locked) == len({name for name, _ in locked})
