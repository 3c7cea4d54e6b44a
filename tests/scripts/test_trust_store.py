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


@pytest.fixture
def java_home(tmp_path):
    """A Java with this machine's keytool that trusts one authority."""
    home = tmp_path / "java"
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "keytool").symlink_to(KEYTOOL)
    (home / "lib" / "security").mkdir(parents=True)
    authority(tmp_path, "Known", home / "lib/security/cacerts")
    return home


def authority(folder, name, keys):
    """A new authority's certificate as PEM."""
    keytool("-genkeypair", "-keyalg", "EC", "-alias", name, "-dname", f"CN={name}", "-keystore", keys)
    return keytool("-exportcert", "-rfc", "-alias", name, "-keystore", keys)


def write_store(java_home, *bundles):
    subprocess.run([sys.executable, SCRIPT, java_home, *bundles], check=True)
    return java_home / "lib/security/jssecacerts"


@pytest.mark.skipif(KEYTOOL is None, reason="this Java has no keytool")
def test_java_trusts_its_own_authorities_and_each_of_the_machines_once(java_home, tmp_path):
    pem = authority(tmp_path, "Ours", tmp_path / "keys")
    unreadable = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(f"# a company's bundle\n{pem}\n{unreadable}{pem}")
    listed = keytool("-list", "-v", "-keystore", write_store(java_home, "", tmp_path / "missing.pem", bundle))
    assert "contains 2 entries" in listed
    assert "Owner: CN=Ours" in listed
    assert "Owner: CN=Known" in listed


@pytest.mark.skipif(KEYTOOL is None, reason="this Java has no keytool")
def test_where_java_knows_all_authorities_its_own_store_stays_in_force(java_home, tmp_path):
    bundle = tmp_path / "bundle.pem"
    own = keytool("-list", "-rfc", "-keystore", java_home / "lib/security/cacerts")
    bundle.write_text(own.replace("\n", "\r\n"))
    assert not write_store(java_home, "", tmp_path / "missing.pem", bundle).exists()
