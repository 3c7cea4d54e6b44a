"""The certificate authorities that this machine trusts, told to the Java that PyPI carries.

That Java brings authorities of its own and does not know those that a machine was given, such as that of a company's
proxy. pip and uv reach their index through such a proxy, and Spark its packages only with this store: Java's own
authorities and, by Java's keytool, those that the machine has beside them (a handful, as it takes one a call).
Run as ``python conf/trust_store.py JAVA_HOME BUNDLE...``; a bundle is a PEM file; missing ones are passed over.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
PASSWORD = "changeit"  # Java's own default; the store holds nothing secret
STORE = "jssecacerts"  # where Java looks first for authorities to trust, beside its own cacerts


def certificates(texts: Iterable[str]) -> list[str]:
    """Every PEM certificate of the texts, once each, in one form of line breaks."""
    blocks = [block.splitlines() for text in texts for block in CERTIFICATE.findall(text)]
    return list(dict.fromkeys("\n".join(line.strip() for line in lines) for lines in blocks))


def keytool(java_home: Path, store: Path, *arguments: str, standard_input: str = "") -> str:
    """What Java's keytool prints of a store; a certificate that it cannot read is passed over."""
    command = [str(java_home / "bin" / "keytool"), *arguments, "-keystore", str(store), "-storepass", PASSWORD]
    done = subprocess.run(command, input=standard_input.encode(), capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace")


def main(argv: list[str]) -> int:
    """Write the store, unless Java knows all authorities: then its own store stays in force."""
    java_home, bundles = Path(argv[0]), [Path(name) for name in argv[1:] if name]
    own, store = java_home / "lib/security/cacerts", java_home / "lib/security" / STORE
    known = certificates([keytool(java_home, own, "-list", "-rfc")])
    machines = certificates(bundle.read_text("utf-8", "replace") for bundle in bundles if bundle.is_file())
    added = [certificate for certificate in machines if certificate not in set(known)]
    if added:
        unfinished = store.with_name(f"{STORE}.new")
        shutil.copyfile(own, unfinished)
        for number, certificate in enumerate(added):
            arguments = ("-importcert", "-noprompt", "-trustcacerts", "-alias", f"machine-{number}")
            keytool(java_home, unfinished, *arguments, standard_input=certificate)
        unfinished.replace(store)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
