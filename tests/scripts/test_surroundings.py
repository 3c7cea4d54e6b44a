"""What the calling shell brings along: spark-submit.sh works in it, or says in one line what to change."""

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.scripts.conftest import REPOSITORY
from tests.scripts.test_submit import lines


def script(name):
    """One of conf's Python files as a module."""
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "conf" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def foreign(folder, name):
    """A folder with a module of some other Python's, which breaks whoever imports it."""
    folder.mkdir()
    (folder / f"{name}.py").write_text("raise SystemExit('a foreign module was imported')\n")
    return str(folder)


# ---- where it is called from ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cdpath", [".:{parent}", "{parent}", ":/:{parent}"])
def test_an_exported_cdpath_changes_nothing(prepared, cdpath):
    parent = prepared.root.parent
    found = prepared.shell(f"cd '{parent}'; './a clone/spark-submit.sh' hello", CDPATH=cdpath.format(parent=parent))
    assert f"{prepared.root}/jobs/hello.py" in lines(found, "argument")


def test_it_can_be_called_through_symbolic_links(prepared, tmp_path):
    (tmp_path / "first").symlink_to(prepared.root / "spark-submit.sh")
    (tmp_path / "second").symlink_to("first")
    found = prepared.shell(f"cd /; '{tmp_path}/second' hello")
    assert f"{prepared.root}/jobs/hello.py" in lines(found, "argument")


def test_a_link_to_the_whole_checkout_is_followed(prepared, tmp_path):
    (tmp_path / "linked").symlink_to(prepared.root)
    found = prepared.shell(f"cd '{tmp_path}'; linked/spark-submit.sh hello")
    assert f"{prepared.root}/jobs/hello.py" in lines(found, "argument")


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/no/such/folder"])
def test_a_temporary_folder_that_cannot_be_written_is_named(prepared, folder):
    done = prepared.submit("hello", TMPDIR=folder)
    assert done.returncode == 1
    assert done.stderr.startswith(f"finrec_spark: cannot write in {folder}:")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("name", ["O'Neil", "50% off? #1", "a b"])
def test_a_submission_that_fails_leaves_no_temporary_file_whatever_the_folders_name(prepared, tmp_path, name):
    (tmp_path / name).mkdir()
    assert prepared.submit("--properties-file", "/no/such/file", "hello", TMPDIR=str(tmp_path / name)).returncode == 2
    assert list((tmp_path / name).iterdir()) == []


# ---- Python's variables --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", ["yaml", "pydantic", "enum", "re", "zipfile", "finrec_spark"])
def test_own_packages_and_pythons_own_library_come_before_a_foreign_pythonpath(prepared, tmp_path, module):
    path = foreign(tmp_path / "foreign", module)
    job = f"import {module}\nimport argparse, sys\nprint('imported', {module}.__file__)\n"
    (prepared.root / "jobs" / "hello.py").write_text(job)
    done = prepared.submit("--master", "yarn", "hello", PYTHONPATH=path, FAKE_JOB="run")
    assert "imported /" in done.stdout
    assert path not in done.stdout.split("imported ")[1]
    assert done.returncode == 0


def test_what_the_callers_pythonpath_has_beside_ours_can_be_imported(prepared, tmp_path):
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "of_the_bank.py").write_text("WORD = 'from the bank'\n")
    (prepared.root / "jobs" / "hello.py").write_text("import of_the_bank\nprint(of_the_bank.WORD)\n")
    assert "from the bank" in prepared.submit("hello", PYTHONPATH=str(tmp_path / "more"), FAKE_JOB="run").stdout


def test_a_foreign_pythonhome_is_not_used(prepared):
    assert prepared.submit("hello", PYTHONHOME="/opt/another").returncode == 0


def test_what_jobs_import_is_compiled_once_whatever_the_caller_set(prepared):
    found = lines(prepared.submit("hello", PYTHONDONTWRITEBYTECODE="1"), "environment")
    assert [variable for variable in found if variable.startswith("PYTHONDONTWRITE")] == []


@pytest.mark.parametrize("variable", ["PYSPARK_DRIVER_PYTHON", "PYSPARK_PYTHON"])
@pytest.mark.parametrize("python", ["jupyter", "/opt/another/bin/python", "ipython"])
def test_on_one_machine_the_job_runs_on_our_python_whatever_is_set(prepared, variable, python):
    done = prepared.submit("hello", **{variable: python, "FAKE_JOB": "run"})
    assert "help of hello" in done.stdout
    assert f"PYSPARK_PYTHON={prepared.root}/.venv/bin/python" in lines(done, "environment")


def test_the_job_imports_spark_from_what_pip_has_compiled_and_the_callers_modules_as_they_are(tmp_path):
    told = tmp_path / "python"
    told.write_text('#!/bin/sh\necho "$PYTHONPATH"\n')
    told.chmod(0o755)
    environment = {
        "FINREC_PYTHON": str(told),
        "FINREC_STDERR": os.devnull,
        "PYTHONPATH": "/spark/python/lib/pyspark.zip:/spark/python/lib/py4j-0.10.9.7-src.zip:/a b:/bank.zip",
    }
    wrapper = REPOSITORY / "conf" / "driver_python.sh"
    found = subprocess.run(["bash", wrapper], env=os.environ | environment, capture_output=True, text=True, check=True)
    assert found.stdout == "/a b:/bank.zip\n"


def test_on_a_cluster_the_executors_python_is_the_one_that_is_set_and_the_drivers_ours(prepared):
    done = prepared.submit(
        "--master", "yarn", "hello", PYSPARK_PYTHON="./e/python", PYSPARK_DRIVER_PYTHON="jupyter", FAKE_JOB="run"
    )
    assert "PYSPARK_PYTHON=./e/python" in lines(done, "environment")
    assert "help of hello" in done.stdout


def test_a_driver_on_the_cluster_runs_on_the_executors_python(prepared):
    found = lines(
        prepared.submit("--master", "yarn", "--deploy-mode", "cluster", "hello", PYSPARK_PYTHON="./e/python"),
        "environment",
    )
    assert {"PYSPARK_PYTHON=./e/python", "PYSPARK_DRIVER_PYTHON=./e/python"} <= set(found)


@pytest.mark.parametrize("variable", ["PYSPARK_SUBMIT_ARGS", "PYSPARK_GATEWAY_PORT"])
def test_what_a_notebooks_spark_left_is_not_handed_on(prepared, variable):
    assert not [line for line in lines(prepared.submit("hello", **{variable: "1"}), "environment") if variable in line]


# ---- folders, files, users -----------------------------------------------------------------------------------------


def test_packages_go_to_the_checkout_where_the_home_cannot_be_written(prepared):
    assert prepared.shell("packages_folder /proc/nobody").stdout == f"{prepared.root}/build/ivy2\n"
    assert prepared.shell(f"packages_folder '{prepared.root}'").stdout == ""


def test_where_neither_can_be_written_the_property_is_named(prepared):
    done = prepared.shell("can_write() { return 1; }; packages_folder /home/nobody")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "/home/nobody/.ivy2" in done.stderr
    assert "spark.jars.ivy" in done.stderr


def test_a_named_folder_of_packages_stays(prepared):
    given = lines(prepared.submit("--conf", "spark.jars.ivy=/bank/ivy", "hello"), "argument")
    assert [word for word in given if word.startswith("spark.jars.ivy")] == ["spark.jars.ivy=/bank/ivy"]


def test_a_user_without_a_name_is_told_what_hadoop_needs(prepared):
    (prepared.root / "bin" / "id").unlink()
    prepared.add_command("id", '[[ $1 != -un ]] || { echo "id: cannot find name" >&2; exit 1; }; echo 12345')
    done = prepared.submit("hello")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "user 12345 has no name" in done.stderr
    assert "/etc/passwd" in done.stderr


@pytest.mark.parametrize("master", ["local[2]", "local"])
def test_on_one_machine_a_path_is_local_whatever_a_clusters_configuration_says(prepared, master):
    given = lines(prepared.submit("--master", master, "hello", HADOOP_CONF_DIR="/etc/hadoop"), "argument")
    assert "spark.hadoop.fs.defaultFS=file:///" in given


def test_a_file_system_that_is_named_stays_and_on_a_cluster_none_is_named(prepared):
    mine = "spark.hadoop.fs.defaultFS=hdfs://bank"
    given = lines(prepared.submit("--conf", mine, "hello"), "argument")
    assert [word for word in given if "defaultFS" in word] == [mine]
    assert not [w for w in lines(prepared.submit("--master", "yarn", "hello"), "argument") if "defaultFS" in w]


# ---- languages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"LANG": "C"}, {"LC_CTYPE": "POSIX"}, {}])
def test_without_a_locale_java_still_reads_other_letters_in_paths(prepared, variables):
    (found,) = (w for w in lines(prepared.submit("hello", **variables), "environment") if w.startswith("LC_ALL="))
    assert found.lower().replace("-", "").endswith(".utf8")


def test_a_locale_of_utf_8_is_left_alone(prepared):
    found = lines(prepared.submit("hello", LANG="C.UTF-8"), "environment")
    assert not [word for word in found if word.startswith(("LC_ALL", "PYTHONIOENCODING"))]


@pytest.mark.parametrize(("charmap", "told"), [("ISO-8859-1", ["ISO-8859-1"]), ("ANSI_X3.4-1968", []), ("TSCII", [])])
def test_the_job_prints_in_the_terminals_signs_where_python_knows_them(prepared, charmap, told):
    (prepared.root / "bin" / "locale").unlink()
    prepared.add_command("locale", f'[[ $1 == charmap ]] && echo {charmap} || echo "de_DE.utf8"')
    found = lines(prepared.submit("hello", LC_ALL="C"), "environment")
    assert [word.partition("=")[2] for word in found if word.startswith("PYTHONIOENCODING=")] == told
    assert "LC_ALL=de_DE.utf8" in found


# ---- proxies and indexes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "options"),
    [
        ({}, []),
        ({"HTTPS_PROXY": "http://proxy:3128"}, ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=3128"]),
        ({"https_proxy": "proxy:3128/"}, ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=3128"]),
        ({"HTTPS_PROXY": "http://me:secret@proxy"}, ["-Dhttps.proxyHost=proxy", "-Dhttps.proxyPort=80"]),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, ["-Dhttps.proxyHost=::1", "-Dhttps.proxyPort=3128"]),
        ({"ALL_PROXY": "socks5://proxy"}, ["-DsocksProxyHost=proxy", "-DsocksProxyPort=1080"]),
        ({"NO_PROXY": "localhost"}, []),
    ],
)
def test_java_is_told_of_the_shells_proxy(prepared, variables, options):
    found = lines(prepared.submit("hello", **variables, SPARK_SUBMIT_OPTS="-Dmine=1"), "environment")
    (told,) = (word.partition("=")[2] for word in found if word.startswith("SPARK_SUBMIT_OPTS="))
    assert told.split() == [*options, "-Dmine=1"]


def test_hosts_that_need_no_proxy_are_told_in_javas_patterns():
    no_proxy = "localhost, .bank,10.0.0.0/8,10.1.2.3,m:81,*"
    found = script("java_proxy").java_options({"https": "http://p:1", "no": no_proxy})
    assert found[-1] == "-Dhttp.nonProxyHosts=localhost|*.localhost|*.bank|bank|10.1.2.3|m|*.m|*"


def test_a_proxy_that_cannot_be_read_is_told_in_one_line(prepared):
    done = prepared.submit("hello", HTTPS_PROXY="http://proxy:port")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "proxy" in done.stderr


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PIP_INDEX_URL": "https://mirror/simple"}, {"UV_DEFAULT_INDEX": "https://mirror/simple"}),
        ({"PIP_INDEX_URL": "https://mirror/simple", "UV_INDEX_URL": "https://other/simple"}, {}),
        ({"PIP_CERT": "/a.pem"}, {"SSL_CERT_FILE": "/a.pem"}),
        ({"PIP_CERT": "/a.pem", "SSL_CERT_FILE": "/b.pem"}, {}),
        ({"REQUESTS_CA_BUNDLE": "/c.pem"}, {"SSL_CERT_FILE": "/c.pem"}),
        ({"PIP_FIND_LINKS": "/wheels /more"}, {"UV_FIND_LINKS": "/wheels,/more"}),
        ({"PIP_PROXY": "http://proxy:3128"}, {"ALL_PROXY": "http://proxy:3128"}),
        ({"PIP_TRUSTED_HOST": "mirror"}, {"UV_INSECURE_HOST": "mirror"}),
        (
            {"PIP_EXTRA_INDEX_URL": "https://a https://b"},
            {"UV_INDEX": "https://a https://b", "UV_INDEX_STRATEGY": "unsafe-best-match"},
        ),
    ],
)
def test_uv_is_told_what_pip_is_set_to(tmp_path, variables, told):
    environment = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null", **variables}
    command = [sys.executable, str(REPOSITORY / "conf" / "uv_settings.py")]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert dict(line.split("=", 1) for line in printed.splitlines()) == told


def test_a_mirror_of_pips_configuration_file_is_uvs_too(tmp_path):
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://a/simple\n[install]\nindex-url = https://b/simple\n"
    )
    environment = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    command = [sys.executable, str(REPOSITORY / "conf" / "uv_settings.py")]
    printed = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "UV_DEFAULT_INDEX=https://b/simple" in printed.splitlines()
