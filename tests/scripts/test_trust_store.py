"""conf/trust_store.py against Java's own keytool."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "conf" / "trust_store.py"
JAVA_HOME = os.environ.get("JAVA_HOME", "/")
KEYTOOL = shutil.which("keytool", path=f"{JAVA_HOME}/bin{os.pathsep}{os.environ['PATH']}")


def keytool(*arguments):
    done = subprocess.run([KEYTOOL, *map(str, arguments), "-storepass", "changeit"], capture_output=True, text=True)
    done.check_returncode()
    return done.stdout


@pytest.mark.skipif(KEYTOOL is None, reason="this Java has no keytool")
def test_java_reads_the_store_and_finds_each_authority_once(tmp_path):
    keys, bundle, store = tmp_path / "keys", tmp_path / "bundle.pem", tmp_path / "store"
    keytool("-genkeypair", "-keyalg", "EC", "-alias", "ours", "-dname", "CN=Ours", "-keystore", keys)
    pem = keytool("-exportcert", "-rfc", "-alias", "ours", "-keystore", keys)
    bundle.write_text(f"# a company's bundle\n{pem}\n{pem}")
    subprocess.run([sys.executable, SCRIPT, store, "", tmp_path / "missing.pem", bundle], check=True)
    listed = keytool("-list", "-v", "-keystore", store)
    assert "contains 1 entry" in listed
    assert "Owner: CN=Ours" in listed


def test_without_a_bundle_javas_own_store_stays_in_force(tmp_path):
    subprocess.run([sys.executable, SCRIPT, tmp_path / "store", "", tmp_path / "missing.pem"], check=True)
    assert not (tmp_path / "store").exists()
